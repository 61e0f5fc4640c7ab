"""The journal: what a request may cost is on file before its bytes move, so that no crash loses money."""
