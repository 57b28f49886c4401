"""Holds in PostgreSQL: their fence, their part of the overlap guarantee, and what booking makes of them."""

from importlib import import_module

from django.db import migrations

from mybcat import row_security

before = import_module("appointments.migrations.0004_no_bookings_for_merged_patients").after


def _replaced(*pairs: tuple[str, str]) -> str:
    text = before
    for old, new in pairs:
        if text.count(old) != 1:
            raise ValueError(f"appointments_book() is not as it was: {old}")
        text = text.replace(old, new)
    return text


# Own holds and those that have run out count as free; the slots that a hold loses forget it, and the caller hears
# of the holds, to end them.
after = _replaced(
    ("    free tstzmultirange;\n", "    free tstzmultirange;\n    holds uuid[];\n"),
    (
        "SELECT array_agg(n.id), range_agg(tstzrange(n.starts_at, n.ends_at))\n    INTO slots, free\n",
        """SELECT array_agg(n.id), range_agg(tstzrange(n.starts_at, n.ends_at)),
           array_agg(DISTINCT n.hold_id) FILTER (WHERE n.hold_id IS NOT NULL)
    INTO slots, free, holds
""",
    ),
    ("SELECT s.id, s.starts_at, s.ends_at\n", "SELECT s.id, s.starts_at, s.ends_at, s.hold_id\n"),
    (
        "AND s.location_id = wish.location_id AND s.status = 'free'\n",
        """AND s.location_id = wish.location_id
          AND (s.status = 'free' OR s.hold_id IN (
              SELECT h.id FROM appointments_hold h
              WHERE h.practice_id = practice AND (h.holder_id = _by OR h.expires_at <= clock_timestamp())))
""",
    ),
    (
        "UPDATE appointments_slot s SET status = 'busy', appointment_id = _appointment\n",
        "UPDATE appointments_slot s SET status = 'busy', appointment_id = _appointment, hold_id = NULL\n",
    ),
    (
        "'startsAt', wish.starts_at, 'endsAt', wish.ends_at\n    ))::text, 'UTF8');\n",
        """'startsAt', wish.starts_at, 'endsAt', wish.ends_at
    ) || CASE WHEN holds IS NULL THEN '{}' ELSE jsonb_build_object('holds', holds) END)::text, 'UTF8');
""",
    ),
)

# Whoever writes. A hold needs its slots, and whoever writes an appointment waits here for the slots that are not its
# own: so one of the two sees the other, also where both are not yet committed. What is held is looked at behind the
# locks, in a statement of its own.
GUARDS = """
CREATE FUNCTION appointments_refuse_held() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    -- No slot is longer. Not in the query: see appointments_book().
    walked_from CONSTANT timestamptz := NEW.occupied_from - interval '1 hour';
BEGIN
    PERFORM FROM appointments_slot s
    WHERE s.practice_id = NEW.practice_id AND s.practitioner_id = NEW.practitioner_id
      AND s.starts_at > walked_from AND s.starts_at < NEW.occupied_until AND s.ends_at > NEW.occupied_from
      AND s.appointment_id IS DISTINCT FROM NEW.id
    ORDER BY s.id
    FOR NO KEY UPDATE;
    IF FOUND AND EXISTS (
        SELECT FROM appointments_slot s
        JOIN appointments_hold h ON h.practice_id = s.practice_id AND h.id = s.hold_id
        WHERE s.practice_id = NEW.practice_id AND s.practitioner_id = NEW.practitioner_id
          AND s.starts_at > walked_from AND s.starts_at < NEW.occupied_until AND s.ends_at > NEW.occupied_from
          AND h.expires_at > clock_timestamp()
    ) THEN
        RAISE EXCEPTION 'This time is held' USING ERRCODE = '23P01', CONSTRAINT = 'appointment_not_on_held_time';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER refuse_held AFTER INSERT OR UPDATE OF practitioner_id, occupied_from, occupied_until, status
    ON appointments_appointment FOR EACH ROW
    WHEN (NEW.status IN ('booked', 'arrived', 'fulfilled')) EXECUTE FUNCTION appointments_refuse_held();

CREATE FUNCTION appointments_refuse_taken() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM appointments_appointment a
    WHERE a.practitioner_id = NEW.practitioner_id AND a.status IN ('booked', 'arrived', 'fulfilled')
      AND tstzrange(a.occupied_from, a.occupied_until) && tstzrange(NEW.occupied_from, NEW.occupied_until);
    IF FOUND THEN
        RAISE EXCEPTION 'This time is taken' USING ERRCODE = '23P01', CONSTRAINT = 'held_time_not_on_taken_time';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER refuse_taken AFTER INSERT OR UPDATE ON appointments_heldtime FOR EACH ROW
    EXECUTE FUNCTION appointments_refuse_taken();
"""
NO_GUARDS = """
DROP TRIGGER refuse_taken ON appointments_heldtime;
DROP FUNCTION appointments_refuse_taken();
DROP TRIGGER refuse_held ON appointments_appointment;
DROP FUNCTION appointments_refuse_held();
"""


class Migration(migrations.Migration):
    dependencies = [("appointments", "0006_holds")]

    operations = [
        row_security.tenant_table("appointments_hold"),
        row_security.tenant_table("appointments_heldtime"),
        row_security.reference("appointments_slot", "hold_id", "appointments_hold"),
        row_security.reference("appointments_hold", "appointment_id", "appointments_appointment"),
        row_security.reference("appointments_hold", "slot_id", "appointments_slot"),
        row_security.reference("appointments_heldtime", "hold_id", "appointments_hold"),
        row_security.reference("appointments_heldtime", "slot_id", "appointments_slot"),
        row_security.reference("appointments_heldtime", "practitioner_id", "practices_practitioner"),
        row_security.reference("appointments_heldtime", "location_id", "practices_location"),
        migrations.RunSQL(GUARDS, NO_GUARDS),
        migrations.RunSQL(after, before),
    ]
