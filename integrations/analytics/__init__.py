"""The practice's daily figures, counted from events."""
