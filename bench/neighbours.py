"""What bookings notice of a bulk job and of a flood of webhooks: the same bookings alone and beside them, in turns."""

import argparse
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.utils import timezone

from bench.api import serving
from bench.booking import bookings
from bench.bulk import submitted
from bench.fanout import forget, happen, register, running, wait_for
from bench.load import Request, measure
from bench.practice import analyze, make_practice
from bench.receiving import receiving
from bench.table import table
from mybcat.embedded.processes import BACKGROUND
from mybcat.relay import relay_events

# One round in three meets something else that the machine does: medians of them are told.
ROUNDS = 5
FLOOD = 30_000
MOST_SLOWER = 0.20
CLIENTS = 4


def main(arguments: list[str]) -> int:
    """Prints p50 and p99; 1 if p99 beside something is more than a fifth above p99 alone."""
    parser = argparse.ArgumentParser(prog="python -m bench.neighbours", description=__doc__)
    parser.add_argument("--seconds", type=int, default=12, help="of each round")
    parser.add_argument("--rate", type=int, default=50, help="bookings a second")
    options = parser.parse_args(arguments)
    waits: dict[str, list[list[int]]] = defaultdict(list)
    practice = make_practice(name="Bench: neighbours")
    count = options.seconds * options.rate
    practice.add_slots(start=0, stop=(3 * ROUNDS + 1) * count)
    analyze()
    # The relay belongs to the product at rest: each booking is its work, whatever else there is.
    with serving() as api, running("relay"):
        first = iter(range(0, (3 * ROUNDS + 1) * count, count))

        def book() -> list[int]:
            return booked(api.port, bookings(practice=practice, first=next(first), count=count), options.rate)

        book()
        for _ in range(ROUNDS):
            waits["alone"].append(book())
            with bulk_job(api.port):
                waits["beside a bulk job"].append(book())
            with webhooks():
                waits["beside a flood of webhooks"].append(book())
    return report(waits, rate=options.rate)


def report(waits: dict[str, list[list[int]]], *, rate: int) -> int:
    """The table, and whether all stay within the limit."""
    alone, rows, worst = typical(waits["alone"], 99), [], 0.0
    for name, rounds in waits.items():
        slower = typical(rounds, 99) / alone - 1
        worst = max(worst, slower)
        figures = [f"{typical(rounds, each) / 1000:.1f}" for each in (50, 95, 99)]
        each_p99 = ", ".join(f"{percentile(values, 99) / 1000:.1f}" for values in rounds)
        rows.append((name, *figures, f"{slower:+.0%}", each_p99))
    print(
        table(
            (f"{rate} bookings a second", "p50 ms", "p95 ms", "p99 ms", "p99 against alone", "p99 of each round"), rows
        )
    )
    return 0 if worst <= MOST_SLOWER else 1


def typical(rounds: list[list[int]], percent: int) -> float:
    """The median of the rounds' percentiles."""
    return statistics.median(percentile(values, percent) for values in rounds)


def percentile(values: list[int], percent: int) -> int:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]


def booked(port: int, requests: list[Request], rate: int) -> list[int]:
    """Microseconds that each booking took, from when it was due."""
    measured = measure(port=port, clients=CLIENTS, seconds=len(requests) / rate + 10, requests=requests, rate=rate)
    if measured.errors:
        raise RuntimeError(f"bookings were refused: {dict(measured.errors)}")
    return list(measured.latencies)


@contextmanager
def bulk_job(port: int) -> Iterator[None]:
    """Another practice's quarter of a million texts, to a provider that answers at once, by a worker that yields."""
    submitted(make_practice(name="Bench: bulk beside", callers=1).tokens[0], 250_000, port=port)
    command = [*BACKGROUND, sys.executable, "-m", "bench.bulk", "--work"]
    worker = subprocess.Popen(command, stdout=subprocess.DEVNULL, start_new_session=True)
    try:
        # It has started.
        time.sleep(3)
        yield
        if worker.poll() is not None:
            raise RuntimeError("the bulk job ended before the measurement")
    finally:
        worker.kill()
        worker.wait()


@contextmanager
def yielding_session() -> Iterator[None]:
    """For this process, in which the receiver is: between sessions, a thread's own priority does nothing."""
    own = Path("/proc/self/autogroup")
    if not own.exists():
        yield
        return
    own.write_text(BACKGROUND[-1])
    try:
        yield
    finally:
        own.write_text("0")


@contextmanager
def webhooks() -> Iterator[None]:
    """More deliveries of another practice than can be made meanwhile, to a receiver that takes them as they come."""
    with yielding_session(), receiving(nice=int(BACKGROUND[-1])) as taken:
        other = make_practice(name="Bench: webhooks beside", callers=0)
        register(other, url=f"http://127.0.0.1:{taken.port}/")
        happen(other, "patient.updated", FLOOD)
        while relay_events(now=timezone.now(), limit=500):
            pass
        with running("worker-webhooks", OUTBOUND_EXCEPTIONS=f"127.0.0.1:{taken.port}"):
            wait_for(lambda: len(taken.messages) > 100)
            yield
            if len(taken.messages) >= FLOOD:
                raise RuntimeError("the flood ended before the measurement")
        forget(other)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
