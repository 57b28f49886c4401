"""Bookings while processes are killed and Redis is emptied: every listener still gets every event, in order."""

import argparse
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx
import redis
from django.conf import settings
from django.db import connection

from bench.fanout import number, reachable, register, start
from bench.practice import TYPE, BenchPractice, analyze, make_practice
from bench.receiving import Taken, receiving
from mybcat.embedded import ports, processes
from mybcat.embedded.child import Command
from mybcat.embedded.home import Home
from mybcat.ids import public_id
from mybcat.tenancy import platform_scope

# What is killed, each time one of them by chance.
VICTIMS = ("api", "relay", "worker-notifications", "worker-analytics", "worker-webhooks", "beat")
# Each fifth appointment is cancelled, so that there is an order to keep.
CANCELLED = 5
CALLERS = 16
# Seconds that a caller insists: a process that starts on a busy machine takes some twenty, and may be killed again.
INSISTS = 300.0

_BEHIND = """
    SELECT (SELECT count(*) FROM mybcat_event WHERE practice_id = %s AND relayed_at IS NULL)
        + (SELECT count(*) FROM mybcat_delivery WHERE practice_id = %s AND status IN ('held', 'pending', 'leased'))
"""
_ENDED = """
    SELECT event.type, delivery.listener, delivery.status, count(*) FROM mybcat_delivery delivery
    JOIN mybcat_event event ON event.id = delivery.event_id WHERE delivery.practice_id = %s GROUP BY 1, 2, 3
"""
_TEXTS = "SELECT delivery_id, count(*) FROM integrations_message WHERE practice_id = %s GROUP BY 1"
_DISORDER = """
    SELECT count(*) FROM (
        SELECT delivered_at < lag(delivered_at) OVER (PARTITION BY listener, subject_id ORDER BY seq) AS wrong
        FROM mybcat_delivery WHERE practice_id = %s AND status = 'delivered'
    ) AS pairs WHERE wrong
"""


@dataclass
class Product:
    """The processes of the product, each started again after it was killed."""

    port: int
    commands: dict[str, Command]
    home: Home
    running: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)
    killed: Counter[str] = field(default_factory=Counter)

    def start(self, name: str) -> None:
        self.running[name] = start(self.commands[name], home=self.home)

    def kill(self, name: str) -> None:
        """With all it has started, as the supervisor sees to; and there is a new one."""
        self.killed[name] += 1
        _end(self.running[name])
        self.start(name)


@dataclass
class Outcome:
    """What became of the bookings, and what each listener got."""

    booked: int
    cancelled: int
    refused: Counter[int]
    killed: Counter[str]
    drained_after: float
    faults: list[str]


def main(arguments: list[str]) -> int:
    """Prints what was done and found; 1 if anything was lost, doubled or out of order."""
    parser = argparse.ArgumentParser(prog="python -m bench.chaos", description=__doc__)
    parser.add_argument("--bookings", type=int, default=2_000)
    parser.add_argument("--seconds", type=float, default=180.0)
    parser.add_argument("--quiet", type=float, default=120.0, help="within so many seconds everything has arrived")
    parser.add_argument("--spare-redis", action="store_true", help="empty it, but do not kill it")
    options = parser.parse_args(arguments)
    outcome = torment(
        bookings=options.bookings, seconds=options.seconds, quiet=options.quiet, kill_redis=not options.spare_redis
    )
    print(f"{outcome.booked} booked, {outcome.cancelled} cancelled, final refusals {dict(outcome.refused)}")
    print(f"killed: {dict(outcome.killed)}")
    print(f"everything had arrived {outcome.drained_after:.1f} s after the last booking")
    print("\n".join(outcome.faults) or "nothing lost, nothing twice, everything in order")
    return 1 if outcome.faults else 0


def torment(*, bookings: int, seconds: float, quiet: float, kill_redis: bool) -> Outcome:
    """Book so many in so many seconds while processes die, then wait up to `quiet` seconds and count."""
    with receiving() as taken:
        practice = make_practice(name="Bench: chaos", callers=32)
        practice.add_slots(start=0, stop=bookings)
        register(practice, url=f"http://127.0.0.1:{taken.port}/")
        reachable(practice)
        analyze()
        with product(OUTBOUND_EXCEPTIONS=f"127.0.0.1:{taken.port}") as running:
            with ThreadPoolExecutor(1) as agents:
                booking = agents.submit(_book_all, practice, running.port, bookings, seconds)
                # In this thread: what a thread has started ends with it.
                _torture(running, booking, seconds, kill_redis)
                booked = booking.result()
            drained_after = drained(practice, quiet)
        answers = Counter(status for status, _ in booked)
        expected = {"appointment.booked": answers[201], "appointment.cancelled": sum(done for _, done in booked)}
        return Outcome(
            booked=answers.pop(201, 0),
            cancelled=expected["appointment.cancelled"],
            refused=answers,
            killed=running.killed,
            drained_after=drained_after,
            faults=[*_faults(practice, expected), *_received(taken, expected, practice)],
        )


@contextmanager
def product(**environment: str) -> Iterator[Product]:
    home, port = Home.of(os.environ), ports.free_ports()
    found = processes.processes(home=home, port=port, environment={**os.environ, **environment})
    commands = {command.name: command for command in found if command.name in VICTIMS}
    running = Product(port, commands, home)
    try:
        for name in commands:
            running.start(name)
        _wait_for_api(port)
        yield running
    finally:
        for process in running.running.values():
            _end(process)


def _wait_for_api(port: int) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        with suppress(httpx.HTTPError):
            if httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=5, trust_env=False).is_success:
                return
        time.sleep(0.1)
    raise RuntimeError("the api does not answer: logs/bench-api.log says why")


def _end(process: "subprocess.Popen[bytes]") -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _torture(running: Product, booking: Future[Any], seconds: float, kill_redis: bool) -> None:
    """While patients are booked, something dies every 2 to 5 s; Redis is emptied twice, and killed in between.

    Not longer than twice `seconds`: where the product starts slower than it is killed nobody would ever be answered.
    """
    begun = time.monotonic()
    planned = [(seconds / 3, "FLUSHALL"), (seconds / 2, "KILL"), (seconds * 2 / 3, "FLUSHALL")]
    while not wait([booking], random.uniform(2, 5)).done:
        while planned and time.monotonic() - begun > planned[0][0]:
            _, what = planned.pop(0)
            if what == "FLUSHALL" or kill_redis:
                running.killed[f"redis {what}"] += 1
                _hurt_redis(what)
        if time.monotonic() - begun < 2 * seconds:
            running.kill(random.choice(VICTIMS))


def _hurt_redis(what: str) -> None:
    with suppress(redis.RedisError), redis.Redis.from_url(settings.REDIS_URL) as client:
        if what == "FLUSHALL":
            client.flushall()
        else:
            info: Any = client.info("server")
            os.kill(info["process_id"], signal.SIGKILL)


def _book_all(practice: BenchPractice, port: int, count: int, seconds: float) -> list[tuple[int, bool]]:
    """The final status of each booking, and whether it was cancelled; each caller repeats until it has an answer."""
    begun = time.monotonic()

    def one(index: int) -> tuple[int, bool]:
        time.sleep(max(0.0, begun + seconds * index / count - time.monotonic()))
        headers = {"Authorization": f"Bearer {practice.tokens[index % len(practice.tokens)]}"}
        body = {
            "patientId": public_id("pat", practice.patient_id(index)),
            "slotId": public_id("slot", practice.slot_id(index)),
            "type": TYPE,
        }
        booked = _insist(port, "/api/v1/appointments", body, headers)
        if booked.status_code != 201 or index % CANCELLED:
            return booked.status_code, False
        path = f"/api/v1/appointments/{booked.json()['appointmentId']}/cancel"
        return 201, _insist(port, path, {"reason": "patient_request"}, headers).status_code == 200

    with ThreadPoolExecutor(CALLERS) as pool:
        return list(pool.map(one, range(count)))


def _insist(port: int, path: str, body: dict[str, str], headers: dict[str, str]) -> httpx.Response:
    """Ask with one key until somebody answers, as a good client does."""
    sent = {**headers, "X-Idempotency-Key": str(uuid4())}
    end = time.monotonic() + INSISTS
    while True:
        with suppress(httpx.HTTPError):
            answer = httpx.post(f"http://127.0.0.1:{port}{path}", json=body, headers=sent, timeout=10, trust_env=False)
            if answer.status_code < 500 and answer.status_code != 429:
                return answer
        if time.monotonic() > end:
            return httpx.Response(599)
        time.sleep(0.2)


def drained(practice: BenchPractice, quiet: float) -> float:
    """Seconds until nothing of the practice's is on its way any more, at most `quiet`."""
    begun = time.monotonic()
    while number(_BEHIND, practice.id, practice.id) and time.monotonic() - begun < quiet:
        time.sleep(0.2)
    return time.monotonic() - begun


def _faults(practice: BenchPractice, expected: dict[str, int]) -> list[str]:
    """What PostgreSQL knows: a delivery for each event and listener, and one text for each."""
    faults = []
    with platform_scope(reason="bench"), connection.cursor() as cursor:
        cursor.execute(_ENDED, [practice.id])
        ended: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
        for kind, listener, status, count in cursor.fetchall():
            ended[kind, listener][status] = count
        for kind, count in expected.items():
            for listener in ("notifications", "analytics", "webhooks"):
                if (found := ended[kind, listener]) != {"delivered": count}:
                    faults.append(f"{listener}: {kind} {found}, not {count} delivered")
        cursor.execute(_TEXTS, [practice.id])
        if twice := sum(count > 1 for _, count in cursor.fetchall()):
            faults.append(f"notifications: {twice} deliveries with two texts")
        cursor.execute(_DISORDER, [practice.id])
        if disorder := cursor.fetchone()[0]:
            faults.append(f"{disorder} deliveries were marked before an earlier one of their subject")
    return faults


def _received(taken: Taken, expected: dict[str, int], practice: BenchPractice) -> list[str]:
    """What the customer's program saw: each event under one id, and in the order of its appointment."""
    first: dict[str, dict[str, Any]] = {}
    for body in taken.bodies():
        if body["practiceId"] == public_id("prac", practice.id):
            first.setdefault(str(body["id"]), body)
    got = Counter(str(body["type"]) for body in first.values())
    faults = [f"received: {got[kind]} {kind}, not {count}" for kind, count in expected.items() if got[kind] != count]
    latest: dict[Any, Any] = {}
    for body in first.values():
        appointment, sequence = body["data"]["appointmentId"], body["sequence"]
        if latest.get(appointment, 0) > sequence:
            faults.append(f"received: event {sequence} of an appointment after event {latest[appointment]}")
        latest[appointment] = sequence
    return faults


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
