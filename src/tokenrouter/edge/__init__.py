"""The data plane's HTTP face: bytes to calls and answers to bytes, on httptools."""
