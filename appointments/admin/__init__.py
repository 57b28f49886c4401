"""Calendars for operators: what decides them (`hours`), and what they hold (`calendar`)."""

from appointments.admin import calendar, hours

__all__ = ("calendar", "hours")
