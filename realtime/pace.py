"""How fast the other end may talk."""


class Pace:
    """A bucket: `rate` a second, and up to `burst` at once after a rest."""

    __slots__ = ("_at", "_burst", "_left", "_rate")

    def __init__(self, *, rate: float, burst: int) -> None:
        self._rate = rate
        self._burst = burst
        self._left = float(burst)
        self._at: float | None = None

    def admits(self, at: float) -> bool:
        """Whether one more is within the pace at that time, in seconds of a clock that never goes back."""
        rested = at - self._at if self._at is not None else 0.0
        self._left = min(self._burst, self._left + rested * self._rate)
        self._at = at
        if self._left < 1:
            return False
        self._left -= 1
        return True
