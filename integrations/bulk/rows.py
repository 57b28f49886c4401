"""From a batch as it came to one row for each message, in one statement."""

import re
from typing import Any

import orjson
from django.db import connection

from integrations.bulk.claiming import Claim
from integrations.bulk.models import BulkMessageBatch
from mybcat.errors import InvalidInput
from mybcat.ids import new_uuid
from patients.services import e164

_E164 = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)

# A number that another batch of the job has is left out by the index, and then told as a duplicate.
_INSERT = """
    WITH given AS (
        SELECT * FROM unnest(%(ids)s::uuid[], %(numbers)s::text[], %(phones)s::text[], %(bodies)s::text[])
            AS given (id, number, phone, body)
    ), first AS (
        INSERT INTO integrations_bulkmessage
            (id, practice_id, job_id, batch, "to", phone, body, status, code, provider_reference, attempts)
        SELECT id, %(practice)s, %(job)s, %(batch)s, number, phone, body, 'pending', '', '', 0
        FROM given WHERE phone <> ''
        -- Two batches of one job wait for each other's numbers in one order.
        ORDER BY phone
        ON CONFLICT (practice_id, job_id, phone) WHERE NOT phone = '' DO NOTHING
        RETURNING id
    )
    INSERT INTO integrations_bulkmessage
        (id, practice_id, job_id, batch, "to", phone, body, status, code, provider_reference, attempts)
    SELECT id, %(practice)s, %(job)s, %(batch)s, number, '', body, 'failed',
           CASE phone WHEN '' THEN 'invalid_number' ELSE 'duplicate_number' END, '', 0
    FROM given WHERE NOT EXISTS (SELECT FROM first WHERE first.id = given.id)
"""
_COUNT_FAILED = """
    UPDATE integrations_bulkmessagejob SET processed = processed + %(failed)s, failed = failed + %(failed)s
    WHERE practice_id = %(practice)s AND id = %(job)s
"""


def make_rows(claimed: Claim) -> None:
    """Make the batch's rows where that has not been done, in the caller's transaction, with those that fail counted."""
    batch: BulkMessageBatch = BulkMessageBatch.objects.get(id=claimed.batch_id)
    if not batch.payload:
        return
    messages = orjson.loads(b"[" + bytes(batch.payload) + b"]")
    parameters: dict[str, Any] = {
        "ids": [new_uuid() for _ in messages],
        "numbers": [message["to"] for message in messages],
        "phones": [_phone(message["to"], claimed.country) for message in messages],
        "bodies": [message["body"] for message in messages],
        "practice": claimed.practice_id,
        "job": claimed.job_id,
        "batch": claimed.number,
    }
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, parameters)
        if cursor.rowcount:
            cursor.execute(
                _COUNT_FAILED, {"failed": cursor.rowcount, "practice": claimed.practice_id, "job": claimed.job_id}
            )
    batch.payload = b""
    batch.save(update_fields=("payload",))


def _phone(number: str, country: str) -> str:
    """E.164, or nothing. Reading a number costs ten times as much as seeing that it is in order."""
    if _E164.fullmatch(number):
        return number
    try:
        return e164(number, country=country)
    except InvalidInput:
        return ""
