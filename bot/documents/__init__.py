"""Bytes in, bytes out: files that people send, and documents made for them."""
