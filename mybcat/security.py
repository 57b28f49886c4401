"""What operators must look at, and how soon."""

from enum import StrEnum


class Severity(StrEnum):
    """How an alarm is told apart: a warning is read today, a critical one wakes somebody."""

    WARNING = "warning"
    CRITICAL = "critical"


class SecurityKind(StrEnum):
    """Kinds of SecurityEvent. The codes are stable: rows and alarms hold them."""

    # Somebody asked for another practice's row, and was refused.
    CROSS_PRACTICE_ACCESS = "cross_practice_access"
    # An answer held another practice's row, and was held back: a gate before it has failed.
    PREVENTED_LEAK = "prevented_leak"
    REFRESH_TOKEN_REUSED = "refresh_token_reused"  # noqa: S105


_CRITICAL = {SecurityKind.PREVENTED_LEAK}


def severity(kind: str) -> Severity:
    """Of a kind of security event; one that is not listed is a warning."""
    return Severity.CRITICAL if kind in _CRITICAL else Severity.WARNING
