"""Gemini's generateContent, its counting and its embeddings."""
