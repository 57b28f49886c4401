"""The calendar against a model of it."""
