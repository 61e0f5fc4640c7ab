"""The pages of docs/reference and docs/man, made from the code: `python -m tests.docs.reference`, or `make docs`."""
