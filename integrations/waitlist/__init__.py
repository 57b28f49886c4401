"""The waitlist's cascade: a time that has become free is offered by text, and the first yes has it."""
