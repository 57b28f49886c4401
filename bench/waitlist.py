"""Cancelled times, many who wait, replies at once: each time goes to one, all others are told, nobody at night."""

import argparse
import os
import sys
from base64 import b64encode
from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha1
from hmac import digest
from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

from django.db import connection

from bench.api import Api, serving
from bench.booking import bookings
from bench.fanout import running, wait_for
from bench.load import Measured, Request, measure, post
from bench.practice import PATIENTS, BenchPractice, analyze, make_practice
from bench.table import table
from mybcat.ids import public_id
from mybcat.tenancy import platform_scope, practice_scope
from practices.models import Practice

# The platform's account and number, as the processes of this measurement have them.
TOKEN, NUMBER, SITE = "bench", "+12125550000", "https://bench.invalid"
ASKED, REPLIES = 3, 2
AT_NIGHT = 4
PATIENCE = 300.0

_PHONES = """
    UPDATE patients_patient p
    SET phone = '+1917' || lpad((%(first)s + n.place)::text, 7, '0'), sms_consent = true, sms_consent_at = now()
    FROM (SELECT id, row_number() OVER (ORDER BY id) AS place FROM patients_patient WHERE practice_id = %(practice)s) n
    WHERE p.practice_id = %(practice)s AND p.id = n.id
"""
_WAIT = """
    INSERT INTO appointments_waitlistentry
        (id, practice_id, patient_id, appointment_type_id, practitioner_ids, location_ids, part_of_day, weekdays,
         urgency, status, created_at, created_by)
    SELECT gen_random_uuid(), %(practice)s, id, %(type)s, '{}', '{}', '', '{}', 'routine', 'waiting',
           now() - row_number() OVER (ORDER BY id) * interval '1 second', %(practice)s
    FROM patients_patient WHERE practice_id = %(practice)s ORDER BY id LIMIT %(count)s
"""
_TEXTED = """
    SELECT count(*) FROM integrations_message
    WHERE practice_id = ANY(%s) AND kind = 'waitlist_offer' AND status = 'sent'
"""
_WAITED = """
    SELECT percentile_disc(ARRAY[0.5, 0.99]) WITHIN GROUP (ORDER BY m.sent_at - w.freed_at)
    FROM integrations_message m
    JOIN mybcat_delivery d ON d.id = m.delivery_id
    JOIN mybcat_event e ON e.id = d.event_id
    JOIN appointments_waitlistoffer o ON o.id = e.subject_id
    JOIN appointments_waitlistopening w ON w.id = o.opening_id
    WHERE m.practice_id = ANY(%s) AND m.kind = 'waitlist_offer' AND m.status = 'sent'
"""
_NUMBERS = """
    SELECT p.phone
    FROM (SELECT *, row_number() OVER (PARTITION BY opening_id ORDER BY id) AS place
          FROM appointments_waitlistoffer WHERE practice_id = ANY(%s)) o
    JOIN appointments_waitlistentry e ON e.id = o.entry_id
    JOIN patients_patient p ON p.id = e.patient_id
    WHERE o.place <= %s ORDER BY o.place, o.id
"""
_COUNTS = {
    "times given to one of the list": """
        SELECT count(DISTINCT w.slot_id) FROM appointments_waitlistopening w
        JOIN appointments_slot s ON s.id = w.slot_id
        JOIN appointments_waitlistentry e ON e.appointment_id = s.appointment_id
        WHERE w.practice_id = ANY(%s) AND w.status = 'filled' AND e.status = 'booked'""",
    "patients who wait no more": """
        SELECT count(*) FROM appointments_waitlistentry WHERE practice_id = ANY(%s) AND status = 'booked'""",
    "bookings by a yes": """
        SELECT count(*) FROM mybcat_event
        WHERE practice_id = ANY(%s) AND type = 'appointment.booked' AND principal_kind = 'waitlist'""",
    "asked, and told that it is taken": """
        SELECT count(*) FROM appointments_waitlistoffer o
        JOIN appointments_waitlistentry e ON e.id = o.entry_id
        WHERE o.practice_id = ANY(%s) AND o.status = 'taken' AND (o.answered_at IS NOT NULL OR EXISTS (
            SELECT FROM integrations_message m
            WHERE m.patient_id = e.patient_id AND m.kind = 'waitlist_taken' AND m.status = 'sent'))""",
    "offered or texted at night": """
        SELECT (SELECT count(*) FROM appointments_waitlistoffer WHERE practice_id = ANY(%(night)s))
             + (SELECT count(*) FROM integrations_message
                WHERE practice_id = ANY(%(night)s) AND channel = 'sms' AND status = 'sent')""",
}


def main(arguments: list[str]) -> int:
    """Prints the figures; 1 unless they are exact."""
    options = _options(arguments)
    os.environ.update(TWILIO_AUTH_TOKEN=TOKEN, TWILIO_FROM=NUMBER, PUBLIC_URL=SITE)
    # More wait than one practice has patients.
    awake = [_practice(f"Bench: waitlist {place}", options.waiting // 2, place) for place in range(2)]
    asleep = _practice("Bench: waitlist at night", AT_NIGHT, 2)
    times = options.times // 2
    with serving() as api, running("relay", "worker-waitlist", "worker-notifications"):
        for practice, count in ((awake[0], times), (awake[1], times), (asleep, AT_NIGHT)):
            _book(practice, api, count)
        _at_night(asleep)
        for practice in (asleep, *awake):
            _cancel(practice, api)
        ids = [practice.id for practice in awake]
        wait_for(lambda: _number(_TEXTED, [ids]) == ASKED * 2 * times)
        wait_for(lambda: _looked_at(asleep))
        measured = _say_yes(ids, api, options.clients)
        due = dict.fromkeys(_COUNTS, 2 * times)
        due |= {"asked, and told that it is taken": (ASKED - 1) * 2 * times, "offered or texted at night": 0}
        told = "asked, and told that it is taken"
        wait_for(lambda: _number(_COUNTS[told], [ids]) == due[told])
    return _report(measured, ids, asleep, due)


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.waitlist", description=__doc__)
    parser.add_argument("--times", type=int, default=200)
    parser.add_argument("--waiting", type=int, default=2 * PATIENTS)
    parser.add_argument("--clients", type=int, default=32)
    return parser.parse_args(arguments)


def _practice(name: str, waiting: int, place: int) -> BenchPractice:
    made = make_practice(name=name, callers=16)
    values: dict[str, Any] = {"practice": made.id, "type": made.type_id, "count": waiting, "first": place * 10_000}
    with practice_scope(made.id), connection.cursor() as cursor:
        for statement in (_PHONES, _WAIT):
            cursor.execute(statement, values)
    return made


def _at_night(practice: BenchPractice) -> None:
    """From now on it is about 23:00 there. (Etc's signs are the other way round.)"""
    east = 23 - datetime.now(UTC).hour
    with practice_scope(practice.id):
        Practice.objects.update(time_zone=f"Etc/GMT{-(east if east <= 14 else east - 24):+d}" if east else "Etc/GMT")


def _book(practice: BenchPractice, api: Api, count: int) -> None:
    practice.add_slots(start=0, stop=count)
    analyze()
    requests = bookings(practice=practice, first=0, count=count)
    _all_taken(measure(port=api.port, clients=8, seconds=PATIENCE, requests=requests))


def _cancel(practice: BenchPractice, api: Api) -> None:
    """All that is booked, at the desk: what that leaves is kept for an undo at first."""
    with practice_scope(practice.id), connection.cursor() as cursor:
        cursor.execute("SELECT id FROM appointments_appointment WHERE practice_id = %s ORDER BY id", [practice.id])
        booked = [row[0] for row in cursor.fetchall()]
    requests = [
        post(
            path=f"/api/v2/appointments/{public_id('appt', appointment)}/cancel",
            token=practice.tokens[place % len(practice.tokens)],
            key=str(uuid4()),
            body={"reason": "patient_request"},
        )
        for place, appointment in enumerate(booked)
    ]
    _all_taken(measure(port=api.port, clients=8, seconds=PATIENCE, requests=requests))


def _all_taken(measured: Measured) -> None:
    if measured.errors:
        raise RuntimeError(f"refused: {dict(measured.errors)} {measured.samples}")


def _looked_at(practice: BenchPractice) -> bool:
    """Whether each of its openings waits for the morning."""
    waits = "practice_id = ANY(%s) AND status = 'open' AND next_at > now() + interval '1 hour'"
    return _number(f"SELECT count(*) FROM appointments_waitlistopening WHERE {waits}", [[practice.id]]) == AT_NIGHT


def _say_yes(practice_ids: Sequence[UUID], api: Api, clients: int) -> Measured:
    """Two of three who were asked, all at once; the third never answers."""
    phones = [row[0] for row in _rows(_NUMBERS, [list(practice_ids), REPLIES])]
    measured = measure(port=api.port, clients=clients, seconds=PATIENCE, requests=[_yes(phone) for phone in phones])
    _all_taken(measured)
    return measured


def _yes(phone: str) -> Request:
    """As Twilio tells of it, signed."""
    path = "/webhooks/twilio/messages"
    form = {"MessageSid": f"SM{uuid4().hex}", "From": phone, "To": NUMBER, "Body": "YES", "NumMedia": "0"}
    signed = SITE + path + "".join(name + form[name] for name in sorted(form))
    signature = b64encode(digest(TOKEN.encode(), signed.encode(), sha1)).decode()
    body = urlencode(form)
    headers = (
        "Content-Type: application/x-www-form-urlencoded\r\n"
        f"X-Twilio-Signature: {signature}\r\nContent-Length: {len(body)}\r\n"
    )
    return Request(f"POST {path} HTTP/1.1\r\n", "", f"{headers}\r\n{body}")


def _report(measured: Measured, ids: list[UUID], asleep: BenchPractice, due: dict[str, int]) -> int:
    (waits,) = _rows(_WAITED, [ids])[0]
    seen = {
        name: _number(query, {"night": [asleep.id]} if "night" in name else [ids]) for name, query in _COUNTS.items()
    }
    print(table(["", "seen", "due"], [[name, str(seen[name]), str(due[name])] for name in due]))
    print(f"cancelled → text handed over, p50 / p99 s: {waits[0].total_seconds():.1f} / {waits[1].total_seconds():.1f}")
    print(f"yes → answer, p50 / p99 ms: {measured.percentile(50):.0f} / {measured.percentile(99):.0f}")
    print(f"{measured.sent} at once, {measured.rate:.0f} a second")
    print("exact" if seen == due else "NOT EXACT")
    return 0 if seen == due else 1


def _number(query: str, values: Any) -> int:
    return int(_rows(query, values)[0][0])


def _rows(query: str, values: Any) -> list[tuple[Any, ...]]:
    with platform_scope(reason="bench"), connection.cursor() as cursor:
        cursor.execute(query, values)
        return cursor.fetchall()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
