"""Two practices, each after the other's rows: some thousand generated probes over HTTP; nothing may come of them."""

import argparse
import http.client
import itertools
import sys
import time
from typing import Any

import orjson
from django.db import connection

from bench.api import serving
from bench.practice import TYPE, BenchPractice, make_practice
from bench.probing import Report, Send, digest_of, ids_of, probe, recorded, secrets_of
from bench.table import table
from mybcat.ids import public_id
from mybcat.tenancy import platform_scope, practice_scope

CREATED = 201

_TABLES = """
    SELECT table_name, 'practice_id' FROM information_schema.columns
    WHERE table_schema = 'public' AND column_name = 'practice_id'
    UNION ALL SELECT 'practices_practice', 'id'
"""


def main(arguments: list[str]) -> int:
    """Prints what became of the probes; 1 unless all were refused, recorded and without effect."""
    options = _options(arguments)
    practices = [_furnished(f"Bench: isolation {number}") for number in (1, 2)]
    begun = time.perf_counter()
    with serving() as api:
        reports = [_probed(api.port, ours, theirs, options) for ours, theirs in (practices, reversed(practices))]
    rows = [_row(name, report) for name, report in zip(("first", "second"), reports, strict=True)]
    headings = ["practice", "probes", "places", "answers", "foreign bytes", "rows changed", "unrecorded", "unexpected"]
    print(table(headings, rows))
    print(f"{sum(report.sent for report in reports)} probes in {time.perf_counter() - begun:.0f} s")
    for report in reports:
        for line in (*report.leaks[:10], *report.unexpected[:10]):
            print(line)
    return 0 if all(report.clean for report in reports) else 1


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.isolation", description=__doc__)
    parser.add_argument("--probes", type=int, default=6000, help="in all, half from each practice")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="order and choice of the probes")
    return parser.parse_args(arguments)


def _furnished(name: str) -> BenchPractice:
    """Patients with numbers that nobody else has, and free slots."""
    practice = make_practice(name=f"{name} {time.time_ns()}")
    practice.add_slots(start=0, stop=200)
    with practice_scope(practice.id), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE patients_patient SET phone = '+1' || (%s + right(last_name, -5)::bigint)",
            [2_000_000_000 + int(practice.run[:6], 16) * 100],
        )
    return practice


def _probed(port: int, ours: BenchPractice, theirs: BenchPractice, options: argparse.Namespace) -> Report:
    send = _sender(port, ours)
    own = _own(send, ours)
    # Theirs has a row of every kind that a booking makes.
    _own(_sender(port, theirs), theirs)
    tables = _tables()
    foreign = ids_of(theirs.id, each=4)
    texts = [value for value in ids_of(theirs.id, each=12) if value not in foreign]
    report, before = Report(), digest_of(theirs.id, tables)
    for version in ("v1", "v2"):
        _, _, document = send("GET", f"/api/schema/{version}", {}, None)
        probe(
            send=send,
            document=orjson.loads(document),
            own=own,
            foreign=foreign,
            texts=texts,
            secrets=secrets_of(theirs.id),
            report=report,
            most=options.probes // 4,
            seed=options.seed,
        )
    report.recorded = recorded(ours.id)
    report.rows_changed = digest_of(theirs.id, tables) != before
    return report


def _sender(port: int, practice: BenchPractice) -> Send:
    """Each request with the next token: a limit must not hide what a probe would find."""
    server = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    tokens = itertools.cycle(practice.tokens)

    def send(method: str, path: str, headers: dict[str, str], body: bytes | None) -> tuple[int, str, bytes]:
        sent = {"Authorization": f"Bearer {next(tokens)}", "Content-Type": "application/json", **headers}
        server.request(method, path, body, sent)
        answer = server.getresponse()
        return answer.status, str(answer.headers), answer.read()

    return send


def _own(send: Send, practice: BenchPractice) -> dict[str, Any]:
    """Good values by the names that operations give them; books an appointment."""
    patient = public_id("pat", practice.patient_id(0))
    slots = [public_id("slot", practice.slot_id(number)) for number in (0, 1)]
    body = orjson.dumps({"patientId": patient, "slotId": slots[0], "type": TYPE})
    key = {"X-Idempotency-Key": f"own-{time.time_ns()}"}
    status, _, answer = send("POST", "/api/v1/appointments", key, body)
    # The second time the slot is taken: then it is the one that is booked already.
    appointment = orjson.loads(answer)["appointmentId"] if status == CREATED else _booked(practice)
    return {
        "patientId": patient,
        "patient_id": patient,
        "slotId": slots[1],
        "appointment_id": appointment,
        "type": TYPE,
        "firstName": "Ada",
        "lastName": "Probe",
        "dateOfBirth": "1990-05-17",
        "reason": "other",
    }


def _booked(practice: BenchPractice) -> str:
    with practice_scope(practice.id), connection.cursor() as cursor:
        cursor.execute("SELECT id FROM appointments_appointment LIMIT 1")
        return public_id("appt", cursor.fetchone()[0])


def _tables() -> dict[str, str]:
    with platform_scope(reason="rows after probes"), connection.cursor() as cursor:
        cursor.execute(_TABLES)
        return dict(cursor.fetchall())


def _row(name: str, report: Report) -> list[str]:
    answers = ", ".join(f"{count} x {status}" for status, count in sorted(report.statuses.items()))
    changed = "yes" if report.rows_changed else "0"
    counts = [len(report.leaks), changed, len(report.unrecorded), len(report.unexpected)]
    return [name, str(report.sent), str(len(report.places)), answers, *map(str, counts)]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
