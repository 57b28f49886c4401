"""Listeners that carry committed events to the outside."""
