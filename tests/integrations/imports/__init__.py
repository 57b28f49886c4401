"""Files of practices."""
