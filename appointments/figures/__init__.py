"""How the practice's time is used, and how long patients wait for it."""
