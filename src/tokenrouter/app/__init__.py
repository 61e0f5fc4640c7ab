"""Composition: the processes, what they are made of, and what they say to each other."""
