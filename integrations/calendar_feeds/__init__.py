"""Practitioners' appointments in their own calendar programs: a secret address each, that can be taken back."""
