"""The three reads that agents wait for, over all practices that `manage.py load` has made."""

import argparse
import sys

from django.db import connection

from bench import requests
from bench.api import Api, serving
from bench.captured import queries_of
from bench.load import Measured, measure
from bench.plans import plan
from bench.practice import analyze
from bench.processor import Spent, spending
from bench.requests import Read
from bench.table import median, table
from mybcat.tenancy import platform_scope

LOAD = "manage.py load --practices 500 --patients 1000000 --slots-per-practice 10000"
ENOUGH = {"appointments_slot": 5_000_000, "patients_patient": 1_000_000}
CLIENTS = (1, 16)
# None of these reads comes near as many a second.
MOST = 3_000

_SIZES = "SELECT relname, greatest(reltuples, 0)::bigint FROM pg_class WHERE relname = ANY(%s)"


def main(arguments: list[str]) -> int:
    """Prints the figures or the plans; 1 if any answer was an error, or the database is too small."""
    options = _options(arguments)
    if not _is_large_enough() and not options.any_size:
        print(f"Load what the figures are promised for by\n    python {LOAD}\nor measure what is there: --any-size")
        return 1
    reads = requests.reads()
    analyze()
    return _explain(reads) if options.plans else _compare(reads, options)


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.reads", description=__doc__)
    parser.add_argument("--seconds", type=float, default=3.0, help="of each measurement")
    parser.add_argument("--rounds", type=int, default=3, help="medians are taken over these")
    parser.add_argument("--plans", action="store_true", help="explain the queries behind each read instead")
    parser.add_argument("--any-size", action="store_true", help="take the database as it is")
    return parser.parse_args(arguments)


def _is_large_enough() -> bool:
    with platform_scope(reason="bench"), connection.cursor() as cursor:
        cursor.execute(_SIZES, [list(ENOUGH)])
        found = dict(cursor.fetchall())
    print(", ".join(f"{table}: {found.get(table, 0):,} rows" for table in ENOUGH), "as the planner knows them\n")
    # The planner counts by sample.
    return all(found.get(table, 0) > 0.95 * least for table, least in ENOUGH.items())


def _compare(reads: list[Read], options: argparse.Namespace) -> int:
    outcomes: dict[tuple[str, int], list[tuple[Measured, Spent]]] = {}
    with serving() as api:
        for read in reads:
            _measured(read, api, max(CLIENTS), min(options.seconds, 1.0))
        for _ in range(options.rounds):
            for clients in CLIENTS:
                for read in reads:
                    series = outcomes.setdefault((read.name, clients), [])
                    series.append(_measured(read, api, clients, options.seconds))
    rows = [_row(read, clients, outcomes[read.name, clients]) for read in reads for clients in CLIENTS]
    costs = ["api cpu ms", "postgres cpu ms"]
    print(table(["", "clients", "requests/s", "p50 ms", "p99 ms", "goal", *costs, "errors"], rows))
    return 1 if any(measured.errors for series in outcomes.values() for measured, _ in series) else 0


def _measured(read: Read, api: Api, clients: int, seconds: float) -> tuple[Measured, Spent]:
    requests = read.requests(int(seconds * MOST))
    with spending(api=api.process_id) as spent:
        measured = measure(port=api.port, clients=clients, seconds=seconds, requests=requests)
    return measured, spent


def _row(read: Read, clients: int, outcomes: list[tuple[Measured, Spent]]) -> list[str]:
    series = [measured for measured, _ in outcomes]
    p99, rate = median(series, lambda measured: measured.percentile(99)), median(series, lambda measured: measured.rate)
    goal = _goal("p99 <= {:.0f} ms", read.p99, met=p99 <= read.p99) if clients == 1 else ""
    if clients == max(CLIENTS) and read.rate is not None:
        goal = _goal(">= {:.0f}/s", read.rate, met=rate >= read.rate)
    p50 = median(series, lambda measured: measured.percentile(50))
    sent, errors = sum(each.sent for each in series), sum(each.errors.total() for each in series)
    costs = [
        1000 * sum(each.api for _, each in outcomes) / sent,
        1000 * sum(each.postgres for _, each in outcomes) / sent,
    ]
    figures = [f"{rate:.0f}", f"{p50:.1f}", f"{p99:.1f}", goal, *(f"{cost:.2f}" for cost in costs)]
    return [read.name, str(clients), *figures, str(errors)]


def _goal(text: str, value: float, *, met: bool) -> str:
    return f"{text.format(value)} {'met' if met else 'MISSED'}"


def _explain(reads: list[Read]) -> int:
    for read in reads:
        path, token, practice_id = read.example
        print(f"=== {read.name}: GET {path}\n")
        for query in queries_of(path=path, token=token):
            print(plan(query, practice_id=practice_id), end="\n\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
