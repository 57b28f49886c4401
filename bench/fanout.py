"""How fast events become deliveries, webhooks leave, and a booking becomes the patient's text."""

import argparse
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from uuid import UUID

import orjson
from django.db import connection
from django.utils import timezone

from bench.api import serving
from bench.booking import bookings
from bench.load import measure
from bench.practice import BenchPractice, analyze, make_practice
from bench.receiving import receiving
from integrations.webhooks.models import WebhookEndpoint
from integrations.webhooks.signing import new_secret
from mybcat.embedded import processes
from mybcat.embedded.child import Command, start_process
from mybcat.embedded.home import Home
from mybcat.relay import relay_events
from mybcat.tenancy import platform_scope, practice_scope

_EVENTS = """
    INSERT INTO mybcat_event
        (id, practice_id, type, subject_id, data, principal_kind, correlation_id, occurred_at)
    SELECT uuidv7(), %s, %s, gen_random_uuid(), '{}', 'bench', 'bench-bench', now() FROM generate_series(1, %s)
"""
_BEHIND = "SELECT count(*) FROM mybcat_delivery WHERE practice_id = %s AND status <> 'delivered'"
_WAITED = """
    SELECT extract(epoch FROM message.sent_at - event.occurred_at) * 1000
    FROM integrations_message message
    JOIN mybcat_delivery delivery ON delivery.id = message.delivery_id
    JOIN mybcat_event event ON event.id = delivery.event_id
    WHERE message.practice_id = %s AND message.status = 'sent' AND event.occurred_at > %s ORDER BY 1
"""
PATIENCE = 180.0


@dataclass(frozen=True)
class Figure:
    """What was measured, and what it must be."""

    what: str
    seen: str
    limit: str
    met: bool


def main(arguments: list[str]) -> int:
    """Prints the figures; 1 if one misses its limit."""
    options = _options(arguments)
    figures = []
    for measured in (
        partial(relayed, count=options.events),
        partial(sent, count=options.webhooks),
        partial(beside_hanging, seconds=options.seconds),
        partial(texted, rate=options.rate, seconds=options.seconds),
    ):
        figure = measured()
        figures.append(figure)
        print(f"{figure.what}: {figure.seen} ({figure.limit}{'' if figure.met else ', missed'})", flush=True)
    return 0 if all(figure.met for figure in figures) else 1


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.fanout", description=__doc__)
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--webhooks", type=int, default=6_000)
    parser.add_argument("--rate", type=int, default=50, help="bookings a second")
    parser.add_argument("--seconds", type=float, default=20.0)
    return parser.parse_args(arguments)


def relayed(*, count: int) -> Figure:
    """One relay, events of ten practices, each with an endpoint: four deliveries an event."""
    practices = [make_practice(name="Bench: relay", callers=0) for _ in range(10)]
    for practice in practices:
        register(practice, url="https://hooks.example.com/")
        happen(practice, "appointment.booked", count // len(practices))
    analyze()
    begun = time.monotonic()
    while relay_events(now=timezone.now(), limit=500):
        pass
    rate = count / (time.monotonic() - begun)
    forget(*practices)
    return Figure("relay, events a second", f"{rate:,.0f}", "≥ 2,000", rate >= 2000)


def sent(*, count: int) -> Figure:
    """Deliveries that wait, to one receiver on this machine, by the product's own worker."""
    with receiving() as taken:
        practice = make_practice(name="Bench: webhooks", callers=0)
        register(practice, url=f"http://127.0.0.1:{taken.port}/")
        happen(practice, "patient.updated", count)
        while relay_events(now=timezone.now(), limit=500):
            pass
        analyze()
        with running("relay", "worker-webhooks", OUTBOUND_EXCEPTIONS=f"127.0.0.1:{taken.port}"):
            wait_for(lambda: len(taken.messages) >= count // 10)
            first, begun = len(taken.messages), time.monotonic()
            wait_for(lambda: len(taken.messages) >= count)
            rate = (count - first) / (time.monotonic() - begun)
            wait_for(lambda: number(_BEHIND, practice.id) == 0)
        twice = len(taken.messages) - len({message_id for message_id, _, _ in taken.messages})
    return Figure(
        f"webhooks to one receiver, a second ({twice} twice)", f"{rate:,.0f}", "≥ 500", rate >= 500 and not twice
    )


def beside_hanging(*, seconds: float) -> Figure:
    """From the event until a healthy endpoint has it, while ten others of its practice hang until we give up."""
    with receiving() as taken, receiving(answers=False) as never:
        practice = make_practice(name="Bench: hanging", callers=0)
        for number_of_endpoint in range(10):
            register(practice, url=f"http://127.0.0.1:{never.port}/{number_of_endpoint}")
        register(practice, url=f"http://127.0.0.1:{taken.port}/")
        allowed = f"127.0.0.1:{taken.port},127.0.0.1:{never.port}"
        with running("relay", "worker-webhooks", OUTBOUND_EXCEPTIONS=allowed):
            happen(practice, "patient.updated", 1)
            # The processes have started, and the others have begun to hang.
            wait_for(lambda: taken.messages)
            total, begun = int(seconds * 10) + 1, time.time()
            for _ in range(total - 1):
                happen(practice, "patient.updated", 1)
                time.sleep(0.1)
            wait_for(lambda: len(taken.messages) >= total)
        forget(practice)
    waits = sorted(
        1000 * (at - datetime.fromisoformat(orjson.loads(body)["timestamp"]).timestamp())
        for _, at, body in taken.messages
        if at > begun
    )
    p99 = waits[int(len(waits) * 0.99)]
    return Figure(
        "event → healthy endpoint beside ten that hang, p50 / p99 ms",
        f"{waits[len(waits) // 2]:.0f} / {p99:.0f}", "p99 ≤ 2,000", p99 <= 2000,
    )  # fmt: skip


def texted(*, rate: int, seconds: float) -> Figure:
    """From the booking's commit until the provider has the text, while bookings go on."""
    practice = make_practice(name="Bench: texts")
    total = int(rate * seconds)
    practice.add_slots(start=0, stop=total)
    reachable(practice)
    analyze()
    with serving() as api, running("relay", "worker-notifications", "worker-analytics"):
        requests = bookings(practice=practice, first=0, count=total)
        measure(port=api.port, clients=1, seconds=10, requests=requests[:1])
        # The processes have started.
        wait_for(lambda: waited(practice))
        begun_at = timezone.now()
        for second in range(int(seconds)):
            begun = time.monotonic()
            some = requests[max(1, second * rate) : (second + 1) * rate]
            if errors := measure(port=api.port, clients=4, seconds=10, requests=some).errors:
                raise RuntimeError(f"bookings were refused: {dict(errors)}")
            time.sleep(max(0.0, begun + 1 - time.monotonic()))
        wait_for(lambda: len(waited(practice)) >= total)
    waits = waited(practice, since=begun_at)
    p99 = waits[int(len(waits) * 0.99)]
    return Figure(
        f"booking → text at {rate} a second, p50 / p99 ms",
        f"{waits[len(waits) // 2]:.0f} / {p99:.0f}", "p99 ≤ 1,000", p99 <= 1000,
    )  # fmt: skip


def register(practice: BenchPractice, *, url: str) -> None:
    """An endpoint that hears everything."""
    with practice_scope(practice.id):
        WebhookEndpoint(url=url, enabled_events=["*"], secret=new_secret(), created_at=timezone.now()).save()


def reachable(practice: BenchPractice) -> None:
    """Its patients may be texted."""
    with practice_scope(practice.id), connection.cursor() as cursor:
        cursor.execute("UPDATE patients_patient SET phone = '+12125550100', sms_consent = true, sms_consent_at = now()")


def forget(*practices: BenchPractice) -> None:
    """What is still owed to them would be in the way of the next measurement."""
    with platform_scope(reason="bench"), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")
        for table in ("mybcat_deliveryattempt", "mybcat_delivery"):
            cursor.execute(f"DELETE FROM {table} WHERE practice_id = ANY(%s)", [[each.id for each in practices]])


def happen(practice: BenchPractice, event_type: str, count: int) -> None:
    with practice_scope(practice.id), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")
        cursor.execute(_EVENTS, [practice.id, event_type, count])


def number(query: str, *values: UUID) -> int:
    """The one that the query answers."""
    with platform_scope(reason="bench"), connection.cursor() as cursor:
        cursor.execute(query, values)
        return int(cursor.fetchone()[0])


def waited(practice: BenchPractice, *, since: datetime = datetime(2000, 1, 1, tzinfo=UTC)) -> list[float]:
    """Milliseconds, ascending."""
    with platform_scope(reason="bench"), connection.cursor() as cursor:
        cursor.execute(_WAITED, [practice.id, since])
        return [float(row[0]) for row in cursor.fetchall()]


def wait_for(condition: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > end:
            raise RuntimeError("the product does not come to an end")
        time.sleep(0.02)


@contextmanager
def running(*names: str, **environment: str) -> Iterator[None]:
    """Processes of the product, as `make up` starts them."""
    home = Home.of(os.environ)
    commands = {
        command.name: command
        for command in processes.processes(home=home, port=0, environment={**os.environ, **environment})
    }
    started = [start(commands[name], home=home) for name in names]
    try:
        yield
    finally:
        for process in started:
            process.terminate()
        for process in started:
            end(process)


def start(command: Command, *, home: Home) -> "subprocess.Popen[bytes]":
    """In a session of its own; what it says goes to its log."""
    with home.log(f"bench-{command.name}").open("ab") as log:
        return start_process(command, output=log.fileno(), session=True)


def end(process: "subprocess.Popen[bytes]") -> None:
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
