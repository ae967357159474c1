"""Columns of bytes under Zstandard. Pure."""
