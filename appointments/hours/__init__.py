"""When people work and when they do not, as managers set it."""
