"""Gemini at AI Studio and at Vertex AI."""
