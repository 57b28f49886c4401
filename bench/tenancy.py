"""What the fence costs: the queries of three requests under row-level security, and by a role that is free of it.

Both say `WHERE practice_id = …` and run in a transaction that is rolled back. The fenced ones say
in each which practice they are in, as every request does; the others have been told once.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import psycopg
from django.conf import settings

from bench.api import serving
from bench.booking import bookings
from bench.busy_day import APPOINTMENTS, busy_day
from bench.captured import Query, queries_of
from bench.load import Measured, Request, get, measure
from bench.practice import CALLERS, TYPE, BenchPractice, analyze
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
        whole = [_whole(case, api.port, options.seconds) for case in cases]
    rows = [_row(case, cost, measured) for case, cost, measured in zip(cases, costs, whole, strict=True)]
    headings = ["", "queries", "free ms", "fenced ms", "request ms", "the fence is", f"goal <= {GOAL:.0f} %", "errors"]
    print(table(headings, rows))
    return 1 if any(measured.errors for measured in whole) else 0


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
    """Milliseconds for the queries of one request: free, fenced. Medians of alternating batches."""
    url = settings.ENVIRONMENT.database_url
    with psycopg.connect(url, prepare_threshold=1) as free, psycopg.connect(url, prepare_threshold=1) as fenced:
        # For the session: in each transaction it would be a statement that no fence has to pay for.
        free.execute("SET ROLE mybcat_platform")
        free.execute("SELECT set_config('app.practice_id', %s, false)", [str(practice_id)])
        free.commit()
        opening = Query("SELECT set_config('app.practice_id', %s, true)", [str(practice_id)])
        sides = ((free, case.queries), (fenced, [opening, *case.queries]))
        times: tuple[list[float], list[float]] = ([], [])
        deadline = time.perf_counter() + seconds
        while time.perf_counter() < deadline:
            for (connection, queries), series in zip(sides, times, strict=True):
                series.append(_batch(connection, queries))
    return statistics.median(times[0]), statistics.median(times[1])


def _batch(connection: psycopg.Connection[Any], queries: list[Query]) -> float:
    begun = time.perf_counter()
    for _ in range(BATCH):
        for query in queries:
            connection.execute(query.sql, query.parameters).fetchall()
        connection.rollback()
    return (time.perf_counter() - begun) / BATCH * 1000


def _whole(case: Case, port: int, seconds: float) -> Measured:
    measure(port=port, clients=8, seconds=min(seconds, 1.0), requests=case.requests[: len(case.requests) // 4])
    return measure(port=port, clients=1, seconds=seconds, requests=case.requests[len(case.requests) // 4 :])


def _row(case: Case, cost: tuple[float, float], whole: Measured) -> list[str]:
    free, fenced = cost
    percent = 100 * (fenced - free) / whole.percentile(50)
    figures = [f"{free:.2f}", f"{fenced:.2f}", f"{whole.percentile(50):.2f}", f"{percent:.1f} %"]
    verdict = "met" if percent <= GOAL else "MISSED"
    return [case.name, str(len(case.queries)), *figures, verdict, str(whole.errors.total())]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
