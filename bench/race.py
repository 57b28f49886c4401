"""Many callers for few slots: each slot is booked exactly once, everybody else is told 409, nothing fails."""

import argparse
import itertools
import sys
from collections import Counter
from uuid import uuid4

from django.db import connection

from bench.api import serving
from bench.load import Measured, Request, measure, post
from bench.practice import TYPE, BenchPractice, analyze, make_practice
from bench.table import table
from mybcat.ids import public_id
from mybcat.tenancy import practice_scope

# A race of this many requests takes seconds; this is for machines that do other things as well.
PATIENCE = 300.0

_ROWS = """
    SELECT (SELECT count(*) FROM appointments_appointment WHERE practice_id = %(practice)s),
           (SELECT count(DISTINCT slot_id) FROM appointments_appointment WHERE practice_id = %(practice)s),
           (SELECT count(*) FROM appointments_slot s
            JOIN appointments_appointment a ON a.practice_id = s.practice_id AND a.id = s.appointment_id
            WHERE s.practice_id = %(practice)s AND s.status = 'busy' AND a.slot_id = s.id),
           (SELECT count(*) FROM mybcat_event WHERE practice_id = %(practice)s AND type = 'appointment.booked'),
           (SELECT count(*) FROM mybcat_auditentry WHERE practice_id = %(practice)s AND action = 'appointment.booked')
"""
_NAMES = ("appointments", "slots booked", "slots that name their appointment", "events", "audit entries")


def main(arguments: list[str]) -> int:
    """Prints the counts; 1 unless they are exact."""
    options = _options(arguments)
    practice = make_practice(name="Bench: race", callers=options.clients)
    practice.add_slots(start=0, stop=options.slots)
    analyze()
    with serving() as api:
        requests = _requests(practice, slots=options.slots, racers=options.racers)
        measured = measure(port=api.port, clients=options.clients, seconds=PATIENCE, requests=requests)
    rows = _rows(practice)
    print(_shown(measured, rows))
    losers = options.slots * (options.racers - 1)
    exact = measured.statuses == Counter({201: options.slots, 409: losers}) and set(rows) == {options.slots}
    print("exact" if exact else f"NOT EXACT: {options.slots} bookings and {losers} refusals were due")
    return 0 if exact else 1


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.race", description=__doc__)
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--slots", type=int, default=200)
    parser.add_argument("--racers", type=int, default=8, help="requests for each slot")
    return parser.parse_args(arguments)


def _requests(practice: BenchPractice, *, slots: int, racers: int) -> list[Request]:
    """All racers for a slot start one after the other, from different callers, each for another patient."""
    tokens = itertools.cycle(practice.tokens)
    return [
        post(
            path="/api/v1/appointments",
            token=next(tokens),
            key=str(uuid4()),
            body={
                "patientId": public_id("pat", practice.patient_id(slot * racers + racer)),
                "slotId": public_id("slot", practice.slot_id(slot)),
                "type": TYPE,
            },
        )
        for slot in range(slots)
        for racer in range(racers)
    ]


def _rows(practice: BenchPractice) -> list[int]:
    with practice_scope(practice.id), connection.cursor() as cursor:
        cursor.execute(_ROWS, {"practice": practice.id})
        return list(cursor.fetchone())


def _shown(measured: Measured, rows: list[int]) -> str:
    answers = [[f"answers {status or 'missing'}", str(count)] for status, count in sorted(measured.statuses.items())]
    stored = [[name, str(count)] for name, count in zip(_NAMES, rows, strict=True)]
    return table(["", "count"], answers + stored)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
