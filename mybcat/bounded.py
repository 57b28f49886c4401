"""Ask what may hang, and go on."""

from collections.abc import Callable
from concurrent.futures import Future
from threading import Lock, Thread
from typing import Generic, TypeVar

from django.db import connections

Answer = TypeVar("Answer")


class Question(Generic[Answer]):
    """One thread asks at a time: whoever comes meanwhile waits for the same answer.

    So a part that hangs holds one thread, however often it is asked after.
    """

    def __init__(self, ask: Callable[[], Answer]) -> None:
        self._ask = ask
        self._lock = Lock()
        self._asked: Future[Answer] | None = None

    def asked(self) -> "Future[Answer]":
        """The answer to come: of the asking that is under way, else of one that begins now."""
        with self._lock:
            if self._asked is None or self._asked.done():
                self._asked = Future()
                Thread(target=self._settle, args=(self._asked,), daemon=True, name="question").start()
            return self._asked

    def answer(self, *, seconds: float) -> Answer:
        """The answer, or what asking raised. Raises TimeoutError after `seconds`."""
        return self.asked().result(seconds)

    def _settle(self, asked: "Future[Answer]") -> None:
        try:
            answer = self._ask()
        except Exception as error:  # noqa: BLE001  # whoever waits for the answer gets it
            asked.set_exception(error)
        else:
            asked.set_result(answer)
        finally:
            connections.close_all()
