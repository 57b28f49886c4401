"""Operators hear of security events: the first at once, what follows within five minutes in one."""
