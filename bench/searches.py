"""What an agent asks while the caller waits: times, of twenty practitioners and ninety days; why not; the workspace."""

import argparse
import http.client
import itertools
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from urllib.parse import urlencode
from uuid import UUID

from django.db import connection

from bench.api import Api, serving
from bench.captured import queries_of
from bench.load import Measured, Request, measure
from bench.plans import plan
from bench.practice import analyze, make_callers
from bench.processor import Spent, spending
from bench.server_side import bound, served
from bench.table import median, table
from mybcat.ids import public_id
from mybcat.tenancy import platform_scope

LOAD = (
    "manage.py load --practices 484 --patients 200000 --slots-per-practice 10000 && "
    "manage.py load --practices 16 --patients 16000 --practitioners 20 --days 90"
)
SLOTS = 5_000_000
PRACTITIONERS = 20
# Above and below of what is asked for; the promises hold with sixteen.
CLIENTS = (1, 16)
# None of these comes near as many a second.
MOST = 3_000
# Searches a second of all sixteen, where they do not ask again as soon as they are answered: agents are people.
PACE = 30

_PRACTICES = """
    SELECT p.id, p.plan, (SELECT array_agg(t.code ORDER BY t.code) FROM practices_appointmenttype t
                          WHERE t.practice_id = p.id AND t.is_active),
           (SELECT array_agg(c.id) FROM practices_practitioner c WHERE c.practice_id = p.id AND c.is_active)
    FROM practices_practice p
    WHERE p.name NOT LIKE 'Bench: %%'
      AND (SELECT count(*) FROM practices_practitioner c WHERE c.practice_id = p.id AND c.is_active) >= %s
    ORDER BY p.id
"""
_SIZE = "SELECT greatest(reltuples, 0)::bigint FROM pg_class WHERE relname = 'appointments_slot'"


@dataclass(frozen=True)
class Asked:
    """Addresses with their callers' tokens and practices; `p99` (ms) is promised with `clients`."""

    name: str
    calls: list[tuple[str, str, UUID]]
    p99: float
    clients: int
    # The caller has the answer already, and sends its tag.
    known: bool = False


@dataclass(frozen=True)
class Practice:
    """A practice, what it offers, who works there, and an agent's token."""

    id: UUID
    types: list[str]
    practitioners: list[UUID]
    token: str


class Outcome(NamedTuple):
    """Of one measurement."""

    measured: Measured
    spent: Spent
    # ms, as the server measures itself: the bound of its histogram, without the wait for a thread.
    server_p99: float


def main(arguments: list[str]) -> int:
    """Prints the figures or the plans; 1 if any answer was another than expected, or the database is too small."""
    options = _options(arguments)
    if not _is_large_enough() and not options.any_size:
        print(f"Load what the figures are promised for by\n    {LOAD}\nor measure what is there: --any-size")
        return 1
    searches = _searches(options.practitioners)
    analyze()
    return _explain(searches) if options.plans else _compare(searches, options)


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.searches", description=__doc__)
    parser.add_argument("--seconds", type=float, default=3.0, help="of each measurement")
    parser.add_argument("--rounds", type=int, default=3, help="medians are taken over these")
    parser.add_argument("--plans", action="store_true", help="explain the queries behind each search instead")
    parser.add_argument("--any-size", action="store_true", help="take the database as it is")
    parser.add_argument("--practitioners", type=int, default=PRACTITIONERS, help="of the practices that are asked")
    return parser.parse_args(arguments)


def _is_large_enough() -> bool:
    with platform_scope(reason="bench"), connection.cursor() as cursor:
        cursor.execute(_SIZE)
        (slots,) = cursor.fetchone()
    print(f"appointments_slot: {slots:,} rows as the planner knows them\n")
    # The planner counts by sample.
    return bool(slots > 0.95 * SLOTS)


def _searches(practitioners: int) -> list[Asked]:
    practices = list(_practices(practitioners))
    if not practices:
        raise SystemExit(f"There is no practice with {practitioners} practitioners: see manage.py load.")
    return [
        Asked("next slots", list(_next(practices)), p99=50, clients=16),
        Asked("next slots, Friday afternoons", list(_next(practices, weekday="fri", partOfDay="afternoon")), 50, 16),
        Asked("next slots, alternatives", list(_next(practices, urgency="routine")), p99=50, clients=16),
        # Nobody works then: all ninety days are looked through.
        Asked("next slots, Sundays: none", list(_next(practices, weekday="sun")), p99=50, clients=16),
        Asked("why not", list(_why_not(practices)), p99=20, clients=1),
        Asked("workspace, known", [("/api/v2/workspace", each.token, each.id) for each in practices], 5, 1, known=True),
    ]


def _practices(practitioners: int) -> Iterator[Practice]:
    with platform_scope(reason="bench"), connection.cursor() as cursor:
        cursor.execute(_PRACTICES, [practitioners])
        rows = cursor.fetchall()
    for practice_id, name, types, people in rows:
        token = make_callers(practice_id=practice_id, plan=name, count=1)[0].token
        yield Practice(practice_id, types, people, token)


def _next(practices: list[Practice], **wishes: str) -> Iterator[tuple[str, str, UUID]]:
    for number in range(max(len(practice.types) for practice in practices)):
        for practice in practices:
            kind = practice.types[number % len(practice.types)]
            yield f"/api/v2/slots/next?{urlencode({'type': kind, **wishes})}", practice.token, practice.id


def _why_not(practices: list[Practice]) -> Iterator[tuple[str, str, UUID]]:
    """Whole hours of the coming weeks: free, taken, and at night."""
    first = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    for hours in range(24, 24 * 29, 5):
        for practice in practices:
            query = {
                "type": practice.types[hours % len(practice.types)],
                "practitioner": public_id("pract", practice.practitioners[hours % len(practice.practitioners)]),
                "start": (first + timedelta(hours=hours)).isoformat(),
            }
            yield f"/api/v2/slots/why-not?{urlencode(query)}", practice.token, practice.id


def _compare(searches: list[Asked], options: argparse.Namespace) -> int:
    outcomes: dict[tuple[str, int, int | None], list[Outcome]] = {}
    with serving() as api:
        sent = {asked.name: list(_requests(asked, api)) for asked in searches}
        for asked in searches:
            _measured(sent[asked.name], api, max(CLIENTS), min(options.seconds, 1.0))
        ways = [*((clients, None) for clients in CLIENTS), (max(CLIENTS), PACE)]
        for _, (clients, pace), asked in itertools.product(range(options.rounds), ways, searches):
            series = outcomes.setdefault((asked.name, clients, pace), [])
            series.append(_measured(sent[asked.name], api, clients, options.seconds, pace))
    rows = [_row(asked, *way, outcomes[asked.name, *way]) for asked in searches for way in ways]
    head = [
        "",
        "clients",
        "a second",
        "p50 ms",
        "p99 ms",
        "goal",
        "server p99",
        "api cpu ms",
        "postgres cpu ms",
        "errors",
    ]
    print(table(head, rows))
    return 1 if any(int(row[-1]) for row in rows) else 0


def _requests(asked: Asked, api: Api) -> Iterator[Request]:
    for path, token, _ in asked.calls:
        rest = f"If-None-Match: {_tag(api, path, token)}\r\n\r\n" if asked.known else "\r\n"
        yield Request(f"GET {path} HTTP/1.1\r\n", token, rest)


def _tag(api: Api, path: str, token: str) -> str:
    called = http.client.HTTPConnection("127.0.0.1", api.port, timeout=30)
    called.request("GET", path, headers={"Authorization": f"Bearer {token}"})
    tag = called.getresponse().getheader("ETag")
    called.close()
    if tag is None:
        raise SystemExit(f"{path} has no tag")
    return tag


def _measured(requests: list[Request], api: Api, clients: int, seconds: float, pace: int | None = None) -> Outcome:
    asked = list(itertools.islice(itertools.cycle(requests), int(seconds * (pace or MOST))))
    # What is due within the time is waited for.
    patience = 10 if pace else 0
    before = served()
    with spending(api=api.process_id) as spent:
        measured = measure(port=api.port, clients=clients, seconds=seconds + patience, requests=asked, rate=pace)
    return Outcome(measured, spent, 1000 * bound(before, served(), 99))


def _row(asked: Asked, clients: int, pace: int | None, outcomes: list[Outcome]) -> list[str]:
    series = [each.measured for each in outcomes]
    p99 = median(series, lambda measured: measured.percentile(99))
    goal = ""
    if clients == asked.clients:
        goal = f"p99 <= {asked.p99:.0f} ms {'met' if p99 <= asked.p99 else 'MISSED'}"
    sent = sum(each.sent for each in series)
    expected = 304 if asked.known else 200
    figures = [
        f"{median(series, lambda measured: measured.rate):.0f}",
        f"{median(series, lambda measured: measured.percentile(50)):.1f}",
        f"{p99:.1f}",
        goal,
        f"<= {median(outcomes, lambda each: each.server_p99):g}",
        f"{1000 * sum(each.spent.api for each in outcomes) / sent:.2f}",
        f"{1000 * sum(each.spent.postgres for each in outcomes) / sent:.2f}",
    ]
    who = f"{clients}, {pace} a second" if pace else str(clients)
    return [asked.name, who, *figures, str(sent - sum(each.statuses[expected] for each in series))]


def _explain(searches: list[Asked]) -> int:
    for asked in searches:
        path, token, practice_id = asked.calls[0]
        print(f"=== {asked.name}: GET {path}\n")
        for query in queries_of(path=path, token=token):
            print(plan(query, practice_id=practice_id), end="\n\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
