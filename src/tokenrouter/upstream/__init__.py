"""Outbound HTTP/1.1: a small pooled client on httptools, made for relaying."""
