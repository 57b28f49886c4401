"""Webhooks out: a practice's own programs hear of its events."""
