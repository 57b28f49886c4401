"""Practices, their people, places and working hours."""
