"""One small module a concern; each fills one hook of Django or DRF."""
