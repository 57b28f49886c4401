"""Practices, people and visits that are made up: for demonstrations and for measurements."""
