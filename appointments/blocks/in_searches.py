"""Blocks and caps as part of the search for times: SQL, which costs practices that have none next to nothing.

The same as rules.py asks of one time. What is in the way is found once, from the blocks and caps; slots and starts are
then looked up in it.
"""

# For a WITH. `reserved`: slots that blocks keep from the type. Of several that touch one, one that admits it is enough.
# The windows are somewhat wider than the block: by the longest slot, and by what clocks may be changed.
# `full_days`: of whom and where there are enough of the type.
IN_THE_WAY = """reserved AS MATERIALIZED (
        SELECT s.id
        FROM appointments_appointmentblock b
        JOIN practices_location l ON l.practice_id = %(practice)s AND l.id = ANY(%(locations)s)
                                 AND coalesce(b.location_id = l.id, true)
        CROSS JOIN LATERAL (
            SELECT (d.day::date + b.starts) AT TIME ZONE l.time_zone - interval '2 hours' AS since,
                   (d.day::date + (b.ends = '00:00')::int + b.ends) AT TIME ZONE l.time_zone
                       + interval '1 hour' AS until
            FROM generate_series(
                %(walked_from)s::timestamptz - interval '1 day', %(walked_until)s::timestamptz + interval '1 day',
                '1 day'
            ) d (day)
            WHERE extract(isodow FROM d.day::date)::int - 1 = ANY (b.weekdays)
            OFFSET 0
        ) w
        CROSS JOIN LATERAL (
            SELECT s.id, s.ends_at - s.starts_at AS length, s.starts_at AT TIME ZONE l.time_zone AS local
            FROM appointments_slot s
            WHERE s.practice_id = %(practice)s AND s.practitioner_id = b.practitioner_id AND s.location_id = l.id
              AND s.starts_at >= w.since AND s.starts_at < w.until
            OFFSET 0
        ) s
        WHERE b.practice_id = %(practice)s AND b.practitioner_id = ANY(%(practitioners)s)
          AND appointments_covers(b, l.id, s.local, s.length, l.time_zone)
        GROUP BY s.id
        HAVING NOT bool_or(
            (%(type)s = ANY (b.type_ids) OR b.for_new_patients AND %(for_new_patients)s)
            AND NOT (%(been_here)s AND (%(for_new_patients)s OR b.for_new_patients AND NOT %(for_returning)s))
        )
    ), taken AS MATERIALIZED (
        SELECT k.practitioner_id, k.location_id, k.day, count(DISTINCT k.id) AS taken
        FROM appointments_counted(%(type)s, %(counted_from)s, %(counted_until)s) k
        WHERE (SELECT EXISTS (SELECT FROM appointments_appointmentcap c
                              WHERE c.practice_id = %(practice)s AND c.appointment_type_id = %(type)s))
        GROUP BY k.practitioner_id, k.location_id, k.day
    ), full_days AS MATERIALIZED (
        SELECT coalesce(c.practitioner_id, p.id) AS practitioner_id, coalesce(c.location_id, l.id) AS location_id, c.day
        FROM (
            SELECT c.practitioner_id, c.location_id, k.day
            FROM appointments_appointmentcap c
            JOIN taken k ON coalesce(k.practitioner_id = c.practitioner_id, true)
                        AND coalesce(k.location_id = c.location_id, true)
            WHERE c.practice_id = %(practice)s AND c.appointment_type_id = %(type)s
            GROUP BY c.id, c.practitioner_id, c.location_id, k.day
            HAVING sum(k.taken) >= c.most
        ) c
        LEFT JOIN unnest(%(practitioners)s::uuid[]) p (id) ON c.practitioner_id IS NULL
        LEFT JOIN unnest(%(locations)s::uuid[]) l (id) ON c.location_id IS NULL
    )"""

# Of a slot `s`.
NOT_RESERVED = "s.id NOT IN (SELECT r.id FROM reserved r)"

# Of a start `spans`, in a run of slots at a place with a clock.
DAY_NOT_FULL = """(spans.practitioner_id, spans.location_id, (spans.starts_at AT TIME ZONE runs.time_zone)::date)
          NOT IN (SELECT f.practitioner_id, f.location_id, f.day FROM full_days f)"""
