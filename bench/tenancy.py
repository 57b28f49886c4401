"""What the fence costs: the queries of three requests under row-level security, and by a role that is free of it.

Both say `WHERE practice_id = …` and run in a transaction that is rolled back, opened as `practice_scope()`
opens it: in one message, which for the fenced ones says which practice they are in. Counted is processor time,
of the client and of its PostgreSQL backend, and compared with all that `api` and PostgreSQL spend on the request.
"""

import argparse
import sys
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import psycopg
from django.conf import settings

from bench.api import Api, serving
from bench.booking import bookings
from bench.busy_day import APPOINTMENTS, busy_day
from bench.captured import Query, queries_of
from bench.load import Measured, Request, get, measure
from bench.practice import CALLERS, TYPE, BenchPractice, analyze
from bench.processor import seconds_of, spending
from bench.table import table
from mybcat.ids import public_id

# Percent of a request.
GOAL = 10.0
# So many in a row by one role, then by the other: what disturbs the machine disturbs both.
BATCH = 20


@dataclass(frozen=True)
class Case:
    """A request, and the reads and locks that it sends."""

    name: str
    queries: list[Query]
    requests: list[Request]


def main(arguments: list[str]) -> int:
    """Prints the cost of the fence by request; 1 if a request failed."""
    options = _options(arguments)
    practice, day = busy_day(callers=CALLERS)
    practice.add_slots(start=APPOINTMENTS, stop=APPOINTMENTS + int(options.seconds * 2_000) + 2)
    analyze()
    cases = _cases(practice, f"/api/v1/appointments?from={day}&to={day}&pageSize={APPOINTMENTS}", options.seconds)
    costs = [_cost(case, practice.id, options.seconds) for case in cases]
    with serving() as api:
        whole = [_whole(case, api, options.seconds) for case in cases]
    rows = [_row(case, cost, measured) for case, cost, measured in zip(cases, costs, whole, strict=True)]
    headings = ["", "queries", "free ms", "fenced ms", "request ms", "the fence is", f"goal <= {GOAL:.0f} %", "errors"]
    print(table(headings, rows))
    return 1 if any(measured.errors for measured, _ in whole) else 0


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.tenancy", description=__doc__)
    parser.add_argument("--seconds", type=float, default=4.0, help="of each measurement")
    return parser.parse_args(arguments)


def _cases(practice: BenchPractice, calendar: str, seconds: float) -> list[Case]:
    token = practice.tokens[0]
    patient = f"/api/v1/patients/{public_id('pat', practice.patient_id(0))}"
    booked, free = APPOINTMENTS, APPOINTMENTS + 1
    body = {
        "patientId": public_id("pat", practice.patient_id(0)),
        "slotId": public_id("slot", practice.slot_id(booked)),
        "type": TYPE,
    }
    locks = queries_of(path="/api/v1/appointments", token=token, body=body)
    return [
        Case("one patient", queries_of(path=patient, token=token), _gets(patient, practice, seconds)),
        Case(f"day of {APPOINTMENTS}", queries_of(path=calendar, token=token), _gets(calendar, practice, seconds)),
        Case(
            "booking",
            [_at(query, practice, booked, free) for query in locks],
            bookings(practice=practice, first=free + 1, count=int(seconds * 2_000)),
        ),
    ]


def _gets(path: str, practice: BenchPractice, seconds: float) -> list[Request]:
    turns = int(seconds * 3_000) // len(practice.tokens) + 1
    return [get(path=path, token=token) for token in practice.tokens] * turns


def _at(query: Query, practice: BenchPractice, booked: int, free: int) -> Query:
    """The same query about a slot that is still free, as another request would send it."""
    if not isinstance(query.parameters, Mapping):
        return query
    replaced = {practice.slot_id(booked): practice.slot_id(free)}
    parameters = {name: replaced.get(value, value) for name, value in query.parameters.items()}
    fresh = dict.fromkeys(("appointment", "event", "audit", "key_id"), uuid4())
    return Query(query.sql, parameters | fresh | {"key": str(uuid4())})


def _cost(case: Case, practice_id: UUID, seconds: float) -> tuple[float, float]:
    """Milliseconds of processor time for the queries of one request: free, fenced. The least of alternating batches."""
    with ExitStack() as stack:
        free, fenced = (stack.enter_context(_connected()) for _ in range(2))
        # For the session: in each transaction it would be a statement that no fence has to pay for.
        free.execute("SET ROLE mybcat_platform")
        free.execute("SELECT set_config('app.practice_id', %s, false)", [str(practice_id)])
        scope = f"BEGIN; SET LOCAL app.practice_id = '{practice_id}'"
        sides = [(free, b"BEGIN"), (fenced, scope.encode())]
        times: dict[psycopg.Connection[Any], list[float]] = {free: [], fenced: []}
        deadline = time.perf_counter() + seconds
        while time.perf_counter() < deadline:
            for connection, opening in sides:
                times[connection].append(_batch(connection, opening, case.queries))
            # Whoever is first pays for what the other one finds warm.
            sides.reverse()
    # Whatever else runs on the machine makes work dearer, never cheaper.
    return min(times[free]), min(times[fenced])


def _connected() -> psycopg.Connection[Any]:
    """As the product's are, but that nothing begins a transaction by itself."""
    return psycopg.connect(settings.ENVIRONMENT.database_url, prepare_threshold=0, autocommit=True)


def _batch(connection: psycopg.Connection[Any], opening: bytes, queries: list[Query]) -> float:
    backend = connection.info.backend_pid
    begun = time.thread_time() + seconds_of(backend)
    for _ in range(BATCH):
        connection.pgconn.exec_(opening)
        for query in queries:
            connection.execute(query.sql, query.parameters).fetchall()
        connection.pgconn.exec_(b"ROLLBACK")
    return (time.thread_time() + seconds_of(backend) - begun) / BATCH * 1000


def _whole(case: Case, api: Api, seconds: float) -> tuple[Measured, float]:
    """Requests of one client at a time, and the milliseconds of processor time that one takes."""
    warming, counted = case.requests[: len(case.requests) // 4], case.requests[len(case.requests) // 4 :]
    measure(port=api.port, clients=8, seconds=min(seconds, 1.0), requests=warming)
    with spending(api=api.process_id) as spent:
        measured = measure(port=api.port, clients=1, seconds=seconds, requests=counted)
    return measured, 1000 * (spent.api + spent.postgres) / measured.sent


def _row(case: Case, cost: tuple[float, float], whole: tuple[Measured, float]) -> list[str]:
    (free, fenced), (measured, request) = cost, whole
    percent = 100 * (fenced - free) / request
    figures = [f"{free:.3f}", f"{fenced:.3f}", f"{request:.2f}", f"{percent:.1f} %"]
    verdict = "met" if percent <= GOAL else "MISSED"
    return [case.name, str(len(case.queries)), *figures, verdict, str(measured.errors.total())]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
