"""Calendar programs."""
