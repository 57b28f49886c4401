"""Who sees patients, as managers set it: their calendars follow."""
