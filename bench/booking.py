"""Bookings over HTTP with everything on, against what PostgreSQL does with the same writes alone."""

import argparse
import itertools
import statistics
import sys
import urllib.request
from collections import defaultdict
from dataclasses import dataclass, field
from uuid import uuid4

from bench import limit
from bench.api import Api, serving
from bench.load import Measured, Request, measure, post
from bench.practice import TYPE, BenchPractice, analyze, make_practice
from bench.processor import Spent, spending
from bench.table import table
from mybcat.ids import public_id

CLIENTS = (1, 16, 32)
COMPARED = 16
# Where `profiled.py` answers what it has seen.
PROFILE = "/bench/profile"
# Nothing here comes near this many a second; what is not taken stays for the next measurement.
MOST_BOOKINGS = 2_500
MOST_TRANSACTIONS = 8_000


@dataclass
class Slots:
    """Free slots, each given to one booking."""

    practice: BenchPractice
    made: int = 0
    taken: int = 0

    def need(self, count: int) -> int:
        """Makes sure that `count` are free; answers the number of the first."""
        missing = self.taken + count - self.made
        if missing > 0:
            self.practice.add_slots(start=self.made, stop=self.made + missing)
            self.made += missing
        return self.taken


@dataclass
class Rounds:
    """Outcomes by what was measured."""

    api: dict[int, list[Measured]] = field(default_factory=lambda: defaultdict(list))
    spent: dict[int, list[Spent]] = field(default_factory=lambda: defaultdict(list))
    limit: list[float] = field(default_factory=list)

    def add(self, clients: int, measured: Measured, spent: Spent) -> None:
        """One more round of so many clients."""
        self.api[clients].append(measured)
        self.spent[clients].append(spent)


def bookings(*, practice: BenchPractice, first: int, count: int) -> list[Request]:
    """One request for each of the slots from `first` on, by all callers in turn."""
    return [
        post(
            path="/api/v1/appointments",
            token=token,
            key=str(uuid4()),
            body={
                "patientId": public_id("pat", practice.patient_id(number)),
                "slotId": public_id("slot", practice.slot_id(number)),
                "type": TYPE,
            },
        )
        for number, token in zip(range(first, first + count), itertools.cycle(practice.tokens), strict=False)
    ]


def main(arguments: list[str]) -> int:
    """Prints the figures; 1 if any answer was not a booking."""
    options = _options(arguments)
    if not options.volatile and not limit.durable():
        print("fsync or synchronous_commit is off: what does not reach the disk is no limit.", file=sys.stderr)
        return 1
    slots = Slots(make_practice(name="Bench: bookings"))
    return _profile(slots, options) if options.profile else _compare(slots, options)


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.booking", description=__doc__)
    parser.add_argument("--seconds", type=float, default=4.0, help="of each measurement")
    parser.add_argument("--rounds", type=int, default=3, help="medians are taken over these")
    parser.add_argument("--profile", action="store_true", help="tell where one worker spends its time instead")
    parser.add_argument("--volatile", action="store_true", help="accept a server that does not write to disk")
    return parser.parse_args(arguments)


def _compare(slots: Slots, options: argparse.Namespace) -> int:
    program, rounds = limit.pgbench(), Rounds()
    if program is None:
        print("pgbench is not installed: no limit to compare with.", file=sys.stderr)
    slots.need(int(options.seconds * options.rounds * (2 * MOST_BOOKINGS + MOST_TRANSACTIONS)))
    analyze()
    with serving() as api:
        _warm_up(slots, api, options.seconds)
        for _ in range(options.rounds):
            for clients in CLIENTS:
                rounds.add(clients, *_book(slots, api, clients, options.seconds))
                if clients == COMPARED and program is not None:
                    rounds.limit.append(_limit(slots, program, options.seconds))
    return _report(rounds)


def _profile(slots: Slots, options: argparse.Namespace) -> int:
    with serving(wsgi="bench.profiled:application") as api:
        _warm_up(slots, api, options.seconds)
        _profile_so_far(api.port)
        measured, _ = _book(slots, api, 1, options.seconds)
        print(f"{measured.sent} bookings\n\n{_profile_so_far(api.port)}")
    return 1 if measured.errors else 0


def _profile_so_far(port: int) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{PROFILE}") as answer:
        return str(answer.read().decode())


def _warm_up(slots: Slots, api: Api, seconds: float) -> None:
    """Connections, prepared statements and filled tables; then plans that know of them."""
    _book(slots, api, max(CLIENTS), min(seconds, 2.0))
    analyze()


def _book(slots: Slots, api: Api, clients: int, seconds: float) -> tuple[Measured, Spent]:
    count = int(seconds * MOST_BOOKINGS)
    first = slots.need(count)
    requests = bookings(practice=slots.practice, first=first, count=count)
    with spending(api=api.process_id) as spent:
        measured = measure(port=api.port, clients=clients, seconds=seconds, requests=requests)
    slots.taken += measured.sent
    return measured, spent


def _limit(slots: Slots, program: str, seconds: float) -> float:
    count = int(max(seconds, 1.0) * MOST_TRANSACTIONS)
    first = slots.need(count)
    rate = limit.transactions_a_second(program=program, practice=slots.practice, first=first, seconds=seconds)
    # Its clients do not end in step, so there is no first slot that is still free.
    slots.taken += count
    return rate


def _report(rounds: Rounds) -> int:
    rows = [_row(clients, series, rounds.spent[clients]) for clients, series in rounds.api.items()]
    if rounds.limit:
        rows.append([f"limit, {limit.BACKENDS} backends", f"{statistics.median(rounds.limit):.0f}", "", "", "", "", ""])
    print(table(["", "bookings/s", "p50 ms", "p99 ms", "errors", "api cpu ms", "postgres cpu ms"], rows))
    if rounds.limit:
        ratios = [api.rate / most for api, most in zip(rounds.api[COMPARED], rounds.limit, strict=True)]
        each = ", ".join(f"{ratio:.2f}" for ratio in ratios)
        print(f"\nratio, api with {COMPARED} clients to limit: {statistics.median(ratios):.2f} (rounds: {each})")
    failed = [measured for series in rounds.api.values() for measured in series if measured.errors]
    for measured in failed[:3]:
        print(dict(measured.errors), {status: measured.samples[status] for status in measured.errors}, file=sys.stderr)
    return 1 if failed else 0


def _row(clients: int, series: list[Measured], spent: list[Spent]) -> list[str]:
    sent = sum(measured.sent for measured in series)
    return [
        f"api, {clients} client{'s' * (clients > 1)}",
        f"{statistics.median(measured.rate for measured in series):.0f}",
        f"{statistics.median(measured.percentile(50) for measured in series):.1f}",
        f"{statistics.median(measured.percentile(99) for measured in series):.1f}",
        str(sum(measured.errors.total() for measured in series)),
        f"{1000 * sum(each.api for each in spent) / sent:.2f}",
        f"{1000 * sum(each.postgres for each in spent) / sent:.2f}",
    ]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
