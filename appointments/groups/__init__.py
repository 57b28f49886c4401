"""Appointments that are booked together or not at all: one visit in steps, a family, a series."""
