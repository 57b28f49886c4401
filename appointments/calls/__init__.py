"""Telephone calls: who rang, what was done for them, and how it ended."""
