"""What blocks and caps say of a time, and what booking makes of it: docs/adr/0032-blocks-and-caps.md."""

from importlib import import_module

from django.db import migrations

before = import_module("appointments.migrations.0013_resource_uses").after


def _replaced(*pairs: tuple[str, str]) -> str:
    text = before
    for old, new in pairs:
        if text.count(old) != 1:
            raise ValueError(f"appointments_book() is not as it was: {old}")
        text = text.replace(old, new)
    return text


after = _replaced(
    (
        "t.resource_categories::text[] AS categories, s.starts_at,\n",
        """t.resource_categories::text[] AS categories, s.starts_at,
           EXISTS (SELECT FROM appointments_appointmentblock b
                   WHERE b.practice_id = practice AND b.practitioner_id = s.practitioner_id) AS has_blocks,
           EXISTS (SELECT FROM appointments_appointmentcap c
                   WHERE c.practice_id = practice AND c.appointment_type_id = t.id) AS has_caps,
""",
    ),
    (
        "    -- Types that need none, which is most, pay nothing.\n",
        """    -- Likewise practitioners without blocks, and types without caps.
    IF wish.has_blocks AND EXISTS (SELECT FROM appointments_blocks_against(wish.type_id, slots)) THEN
        RETURN;
    END IF;
    IF wish.has_caps AND appointments_cap_against(
        wish.type_id, wish.practitioner_id, wish.location_id, wish.starts_at, _appointment, _by) IS NOT NULL THEN
        RETURN;
    END IF;

    -- Types that need none, which is most, pay nothing.
""",
    ),
)

# Whether a block touches a slot, and keeps it still: by what the clock of its place shows when the slot begins, and the
# slot's length. So both hours of an autumn night are meant by what names them once. 00:00 ends the day.
COVERS = """
CREATE FUNCTION appointments_covers(
    block appointments_appointmentblock, _location uuid, _local timestamp, _length interval, _zone text
) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT _local::time <= block.ends - interval '1 microsecond'
       AND _local + _length > _local::date + block.starts
       AND extract(isodow FROM _local)::int - 1 = ANY (block.weekdays)
       AND coalesce(block.location_id = _location, true)
       AND _local::date >= block.valid_from AND coalesce(_local::date < block.valid_until, true)
       AND coalesce(now() < (_local::date + block.starts) AT TIME ZONE _zone
                            - make_interval(hours => block.release_hours), true)
$$
"""

# The blocks that keep one of the slots from the type. Of several that touch one slot, one that admits it is enough.
BLOCKS_AGAINST = """
CREATE FUNCTION appointments_blocks_against(_type uuid, _slots uuid[])
RETURNS TABLE (name text, since timestamptz, until timestamptz, released_at timestamptz)
LANGUAGE sql STABLE SECURITY INVOKER AS $$
    SELECT DISTINCT k.name, k.since, k.until, k.since - make_interval(hours => k.release_hours)
    FROM (
        SELECT b.name::text AS name, b.release_hours,
               (s.local::date + b.starts) AT TIME ZONE s.zone AS since,
               (s.local::date + (b.ends = '00:00')::int + b.ends) AT TIME ZONE s.zone AS until,
               bool_or(_type = ANY (b.type_ids) OR b.for_new_patients AND t.audience = 'new')
                   OVER (PARTITION BY s.id) AS admitted
        FROM (
            SELECT s.id, s.practitioner_id, s.location_id, s.ends_at - s.starts_at AS length,
                   s.starts_at AT TIME ZONE l.time_zone AS local, l.time_zone AS zone
            FROM appointments_slot s
            JOIN practices_location l ON l.practice_id = mybcat_practice() AND l.id = s.location_id
            WHERE s.practice_id = mybcat_practice() AND s.id = ANY (_slots)
            OFFSET 0
        ) s
        JOIN practices_appointmenttype t ON t.practice_id = mybcat_practice() AND t.id = _type
        JOIN appointments_appointmentblock b
            ON b.practice_id = mybcat_practice() AND b.practitioner_id = s.practitioner_id
            AND appointments_covers(b, s.location_id, s.local, s.length, s.zone)
    ) k
    WHERE NOT k.admitted
    ORDER BY k.since, k.name
$$
"""

# What counts for a cap: each appointment that stands, with the day that its place's clock shows; each hold for a caller,
# whose times are one visit's; and what a cancellation or a move has left, as long as it can be undone.
COUNTED = """
CREATE FUNCTION appointments_counted(_type uuid, _since timestamptz, _until timestamptz)
RETURNS TABLE (id uuid, practitioner_id uuid, location_id uuid, day date, held_by uuid)
LANGUAGE sql STABLE SECURITY INVOKER AS $$
    SELECT a.id, a.practitioner_id, a.location_id, (a.starts_at AT TIME ZONE l.time_zone)::date, NULL::uuid
    FROM appointments_appointment a
    JOIN practices_location l ON l.practice_id = mybcat_practice() AND l.id = a.location_id
    WHERE a.practice_id = mybcat_practice() AND a.appointment_type_id = _type
      AND a.starts_at >= _since AND a.starts_at < _until AND a.status IN ('booked', 'arrived', 'fulfilled')
    UNION ALL
    SELECT h.id, t.practitioner_id, t.location_id, (t.starts_at AT TIME ZONE l.time_zone)::date, h.holder_id
    FROM appointments_heldtime t
    JOIN appointments_hold h ON h.practice_id = mybcat_practice() AND h.id = t.hold_id
    JOIN practices_location l ON l.practice_id = mybcat_practice() AND l.id = t.location_id
    WHERE t.practice_id = mybcat_practice() AND t.appointment_type_id = _type
      AND t.starts_at >= _since AND t.starts_at < _until AND h.expires_at > clock_timestamp()
    UNION ALL
    SELECT h.appointment_id, s.practitioner_id, s.location_id, (s.starts_at AT TIME ZONE l.time_zone)::date, h.holder_id
    FROM appointments_hold h
    JOIN appointments_appointment a ON a.practice_id = mybcat_practice() AND a.id = h.appointment_id
    JOIN appointments_slot s ON s.practice_id = mybcat_practice() AND s.id = h.slot_id
    JOIN practices_location l ON l.practice_id = mybcat_practice() AND l.id = s.location_id
    WHERE h.practice_id = mybcat_practice() AND a.appointment_type_id = _type
      AND s.starts_at >= _since AND s.starts_at < _until AND h.expires_at > clock_timestamp()
$$
"""

# The caps that have no room for one more of the type then. What _by holds is theirs to use, and which of _owners counts
# that day already is no more than before.
FULL_CAPS = """
CREATE FUNCTION appointments_full_caps(
    _type uuid, _practitioner uuid, _location uuid, _starts_at timestamptz, _owners uuid[], _by uuid
) RETURNS TABLE (id uuid, most int) LANGUAGE sql STABLE SECURITY INVOKER AS $$
    SELECT c.id, c.most
    FROM appointments_appointmentcap c
    JOIN practices_location l ON l.practice_id = mybcat_practice() AND l.id = _location
    CROSS JOIN LATERAL (
        SELECT count(DISTINCT k.id) AS taken, bool_or(k.id = ANY (_owners) AND k.held_by IS NULL) AS counts
        -- No place's day is further from another's.
        FROM appointments_counted(_type, _starts_at - interval '50 hours', _starts_at + interval '50 hours') k
        WHERE k.day = (_starts_at AT TIME ZONE l.time_zone)::date
          AND coalesce(k.practitioner_id = c.practitioner_id, true)
          AND coalesce(k.location_id = c.location_id, true) AND k.held_by IS DISTINCT FROM _by
    ) n
    WHERE c.practice_id = mybcat_practice() AND c.appointment_type_id = _type
      AND coalesce(c.practitioner_id = _practitioner, true) AND coalesce(c.location_id = _location, true)
      AND n.taken >= c.most AND NOT coalesce(n.counts, false)
    ORDER BY c.most, c.id
$$
"""

CAP_AGAINST = """
CREATE FUNCTION appointments_cap_against(
    _type uuid, _practitioner uuid, _location uuid, _starts_at timestamptz, _owner uuid, _by uuid
) RETURNS uuid LANGUAGE plpgsql SECURITY INVOKER AS $$
BEGIN
    -- All of the practice's, in the order of ids, after slots and before resources, as everybody does. What is there is
    -- counted in a statement of its own, which sees what whoever was waited for has committed.
    PERFORM FROM appointments_appointmentcap c WHERE c.practice_id = mybcat_practice()
    ORDER BY c.id FOR NO KEY UPDATE;
    RETURN (
        SELECT f.id FROM appointments_full_caps(_type, _practitioner, _location, _starts_at, ARRAY[_owner], _by) f
        LIMIT 1);
END $$
"""


class Migration(migrations.Migration):
    dependencies = [("appointments", "0015_blocks_and_caps")]

    operations = [
        migrations.RunSQL(COVERS, "DROP FUNCTION appointments_covers"),
        migrations.RunSQL(BLOCKS_AGAINST, "DROP FUNCTION appointments_blocks_against"),
        migrations.RunSQL(COUNTED, "DROP FUNCTION appointments_counted"),
        migrations.RunSQL(FULL_CAPS, "DROP FUNCTION appointments_full_caps"),
        migrations.RunSQL(CAP_AGAINST, "DROP FUNCTION appointments_cap_against"),
        migrations.RunSQL(after, before),
    ]
