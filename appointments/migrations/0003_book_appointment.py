"""Booking as one call: booking.py says what it promises, docs/adr/0013 why it stands here."""

from django.db import migrations

# Refused: no row. Runs as its caller, so that row-level security holds in it as outside.
BOOK_APPOINTMENT = """
CREATE FUNCTION appointments_book(
    _appointment uuid, _patient uuid, _slot uuid, _type text, _told jsonb,
    _event uuid, _event_data jsonb, _audit uuid,
    _by_kind text, _by uuid, _now timestamptz, _address inet, _correlation text,
    _key_id uuid, _operation text, _key text, _fingerprint bytea, _expires_at timestamptz
) RETURNS TABLE (fingerprint bytea, status smallint, body bytea) LANGUAGE plpgsql SECURITY INVOKER AS $$
DECLARE
    practice CONSTANT uuid := mybcat_practice();
    wish record;
    slots uuid[];
    free tstzmultirange;
BEGIN
    IF _key IS NOT NULL THEN
        SELECT k.fingerprint, k.status, k.body INTO fingerprint, status, body
        FROM mybcat_claim_key(_key_id, _by, _operation, _key, _fingerprint, _now, _expires_at) k;
        IF fingerprint IS NOT NULL THEN
            RETURN NEXT;
            RETURN;
        END IF;
    END IF;

    SELECT s.practitioner_id, s.location_id, t.id AS type_id, s.starts_at,
           s.starts_at + make_interval(mins => t.duration_minutes) AS ends_at,
           s.starts_at - make_interval(mins => t.buffer_before_minutes) AS occupied_from,
           s.starts_at + make_interval(mins => t.duration_minutes + t.buffer_after_minutes) AS occupied_until,
           -- No slot is longer than an hour. Computed here: in the query below, timestamptz - interval is not
           -- leakproof, so under row-level security it would not bound the walk through the index.
           s.starts_at - make_interval(mins => t.buffer_before_minutes + 60) AS walked_from
    INTO wish
    FROM appointments_slot s
    JOIN practices_location l ON l.practice_id = practice AND l.id = s.location_id AND l.is_active
    JOIN practices_practitioner c ON c.practice_id = practice AND c.id = s.practitioner_id AND c.is_active
    JOIN practices_appointmenttype t ON t.practice_id = practice AND t.code = _type AND t.is_active
    JOIN patients_patient p ON p.practice_id = practice AND p.id = _patient
    WHERE s.practice_id = practice AND s.id = _slot AND s.starts_at > _now;

    -- Locks in the order of ids, as every taker of slots does, so that takers cannot deadlock.
    -- A slot that another transaction takes while this one waits is re-read and drops out.
    SELECT array_agg(n.id), range_agg(tstzrange(n.starts_at, n.ends_at))
    INTO slots, free
    FROM (
        SELECT s.id, s.starts_at, s.ends_at
        FROM appointments_slot s
        WHERE s.practice_id = practice AND s.practitioner_id = wish.practitioner_id
          AND s.starts_at > wish.walked_from AND s.starts_at < wish.occupied_until AND s.ends_at > wish.occupied_from
          AND s.location_id = wish.location_id AND s.status = 'free'
        ORDER BY s.id
        FOR NO KEY UPDATE
    ) n;

    -- NULL where nothing was found. One hole in the free time, and the ranges do not hold it.
    IF NOT coalesce(_slot = ANY (slots) AND free @> tstzrange(wish.occupied_from, wish.occupied_until), false) THEN
        RETURN;
    END IF;

    WITH appointment AS (
        INSERT INTO appointments_appointment
            (id, practice_id, patient_id, practitioner_id, location_id, appointment_type_id, slot_id, status,
             starts_at, ends_at, occupied_from, occupied_until, booked_by, booked_at, cancellation_reason)
        VALUES (_appointment, practice, _patient, wish.practitioner_id, wish.location_id, wish.type_id, _slot, 'booked',
                wish.starts_at, wish.ends_at, wish.occupied_from, wish.occupied_until, _by, _now, '')
    ), taken AS (
        UPDATE appointments_slot s SET status = 'busy', appointment_id = _appointment
        WHERE s.practice_id = practice AND s.id = ANY (slots)
    ), event AS (
        INSERT INTO mybcat_event
            (id, practice_id, type, subject_id, data, principal_kind, principal_id, correlation_id, occurred_at)
        VALUES (_event, practice, 'appointment.booked', _appointment,
                _event_data || jsonb_build_object('practitionerId', mybcat_public_id('pract', wish.practitioner_id),
                                                  'locationId', mybcat_public_id('loc', wish.location_id)),
                _by_kind, _by, _correlation, _now)
    )
    INSERT INTO mybcat_auditentry
        (id, practice_id, at, principal_kind, principal_id, action, object_kind, object_ids, outcome, address,
         correlation_id)
    VALUES (_audit, practice, _now, _by_kind, _by, 'appointment.booked', 'pat', jsonb_build_array(_patient),
            'success', _address, _correlation);

    status := 201;
    body := convert_to((_told || jsonb_build_object(
        'practitionerId', wish.practitioner_id, 'locationId', wish.location_id,
        'startsAt', wish.starts_at, 'endsAt', wish.ends_at
    ))::text, 'UTF8');
    IF _key IS NOT NULL THEN
        UPDATE mybcat_idempotencykey k SET status = 201, body = appointments_book.body
        WHERE k.practice_id = practice AND k.principal_id = _by AND k.operation = _operation AND k.key = _key;
    END IF;
    RETURN NEXT;
END $$
"""


class Migration(migrations.Migration):
    dependencies = [("appointments", "0002_row_security"), ("mybcat", "0008_claim_key_and_public_id")]

    operations = [migrations.RunSQL(BOOK_APPOINTMENT, "DROP FUNCTION appointments_book")]
