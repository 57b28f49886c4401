"""What was given up, whoever it was for: why, since when, and what is to become of it."""
