"""Fixtures of the sealed record."""

from tests.auditing.records import audit_home, intruder

__all__ = ["audit_home", "intruder"]
