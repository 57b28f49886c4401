"""Vendors of our own: real servers on this machine that speak as the vendors do, and misbehave when told."""
