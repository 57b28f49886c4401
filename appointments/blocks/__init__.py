"""Time that is reserved for some types of appointment, and how many of a type there may be a day."""
