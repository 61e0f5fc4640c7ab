"""Certificates of our own: those that are checked, made and kept. Serving them is the edge's (`edge/tls.py`)."""
