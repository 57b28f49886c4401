"""Who has been here before is not new, whatever the type: docs/adr/0032-blocks-and-caps.md."""

from importlib import import_module

from django.db import migrations

before = import_module("appointments.migrations.0016_blocks_in_sql").after
_asked = "appointments_blocks_against(wish.type_id, slots)"
if before.count(_asked) != 1:
    raise ValueError("appointments_book() is not as it was")
after = before.replace(_asked, "appointments_blocks_against(wish.type_id, slots, _patient)")

# As the function of two arguments, which processes of the version before still call; `been_here`: were the patient new,
# nothing would stand against it. NULL for the patient: not known, and so taken for new.
BLOCKS_AGAINST = """
CREATE FUNCTION appointments_blocks_against(_type uuid, _slots uuid[], _patient uuid)
RETURNS TABLE (name text, since timestamptz, until timestamptz, released_at timestamptz, been_here boolean)
LANGUAGE sql STABLE SECURITY INVOKER AS $$
    SELECT DISTINCT k.name, k.since, k.until, k.since - make_interval(hours => k.release_hours), k.admits_new
    FROM (
        SELECT b.name::text AS name, b.release_hours,
               (s.local::date + b.starts) AT TIME ZONE s.zone AS since,
               (s.local::date + (b.ends = '00:00')::int + b.ends) AT TIME ZONE s.zone AS until,
               bool_or(a.type AND NOT (h.been AND a.new_alone)) OVER (PARTITION BY s.id) AS admitted,
               bool_or(a.type) OVER (PARTITION BY s.id) AS admits_new
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
        CROSS JOIN LATERAL (
            SELECT _type = ANY (b.type_ids) OR b.for_new_patients AND t.audience = 'new' AS type,
                   t.audience = 'new' OR b.for_new_patients AND t.audience <> 'returning' AS new_alone
        ) a
        CROSS JOIN (
            SELECT EXISTS (
                SELECT FROM appointments_appointment v
                WHERE v.practice_id = mybcat_practice() AND v.patient_id = _patient AND v.status = 'fulfilled'
            ) AS been
        ) h
    ) k
    WHERE NOT k.admitted
    ORDER BY k.since, k.name
$$
"""


class Migration(migrations.Migration):
    dependencies = [("appointments", "0016_blocks_in_sql")]

    operations = [
        migrations.RunSQL(BLOCKS_AGAINST, "DROP FUNCTION appointments_blocks_against(uuid, uuid[], uuid)"),
        migrations.RunSQL(after, before),
    ]
