"""Who works for the practice, as managers set it, and how a new member gets a password."""
