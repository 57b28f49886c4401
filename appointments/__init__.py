"""Schedules, slots and the appointments that take them."""
