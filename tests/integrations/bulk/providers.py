"""Providers for tests of bulk jobs: they remember what was sent, and fail as they are told."""

import threading
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from django.db import connection

Failing = Callable[[str], Exception | None]


class Instant:
    """Takes every text at once; keeps its promise of one text for each reference."""

    name = "instant"
    repeatable = True
    concurrency = 1

    sent: ClassVar[list[tuple[UUID, str, str]]] = []
    references: ClassVar[dict[str, str]] = {}
    # Asked before and after a text is taken, with its number.
    before: ClassVar[list[Failing]] = []
    after: ClassVar[list[Failing]] = []

    def __init__(self, *, practice_id: UUID) -> None:
        self._practice_id = practice_id

    def send(self, *, to: str, body: str, reference: str) -> str:
        assert not connection.in_atomic_block
        self._fail(self.before, to)
        self.take(to, body, reference)
        self._fail(self.after, to)
        return f"SM-{reference}"

    def take(self, to: str, body: str, reference: str) -> None:
        if reference not in self.references:
            self.references[reference] = to
            self.sent.append((self._practice_id, to, body))

    def find(self, *, to: str, body: str, reference: str, since: datetime) -> str | None:
        raise AssertionError("a repeatable provider is not asked")

    @staticmethod
    def _fail(failing: list[Failing], to: str) -> None:
        for fail in failing:
            error = fail(to)
            if error is not None:
                raise error

    @classmethod
    def numbers(cls) -> list[str]:
        return [to for _, to, _ in cls.sent]

    @classmethod
    def times(cls) -> Counter[str]:
        """How often each number was texted."""
        return Counter(cls.numbers())

    @classmethod
    def forget(cls) -> None:
        cls.sent.clear()
        cls.references.clear()
        cls.before.clear()
        cls.after.clear()


class Forgetful(Instant):
    """As Twilio: sends whatever it is asked to, as often as it is asked, but can be asked what it took."""

    repeatable = False
    concurrency = 4
    asked: ClassVar[list[str]] = []
    # What `find` answers first.
    troubles: ClassVar[list[Exception]] = []
    _lock: ClassVar[threading.Lock] = threading.Lock()

    def take(self, to: str, body: str, reference: str) -> None:
        with self._lock:
            self.references[reference] = to
            self.sent.append((self._practice_id, to, body))

    def find(self, *, to: str, body: str, reference: str, since: datetime) -> str | None:
        assert since.tzinfo is not None
        with self._lock:
            self.asked.append(to)
            if self.troubles:
                raise self.troubles.pop(0)
        return f"SM-{reference}" if self.references.get(reference) == to else None

    @classmethod
    def forget(cls) -> None:
        super().forget()
        cls.asked.clear()
        cls.troubles.clear()
