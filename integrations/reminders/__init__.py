"""Reminders of appointments, and what patients may change by themselves."""
