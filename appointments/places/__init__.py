"""Where patients are seen, as managers set it: calendars follow."""
