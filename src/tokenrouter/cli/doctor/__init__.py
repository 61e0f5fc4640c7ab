"""`torod doctor`: looks at everything that an installation needs, and says what is wrong and what to do."""
