"""Rooms and equipment that appointments have."""
