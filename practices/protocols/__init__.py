"""Scheduling protocols: what to ask a caller, and which visit follows from the answers. Versioned data, not code."""
