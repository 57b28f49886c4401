"""Rooms and equipment in PostgreSQL: who has them when, and what booking makes of it."""

from importlib import import_module

import appointments.models
import django.contrib.postgres.constraints
import django.db.models.deletion
import mybcat.ids
import mybcat.tenancy
from django.db import migrations, models

from mybcat import row_security

before = import_module("appointments.migrations.0007_holds_in_sql").after


def _replaced(*pairs: tuple[str, str]) -> str:
    text = before
    for old, new in pairs:
        if text.count(old) != 1:
            raise ValueError(f"appointments_book() is not as it was: {old}")
        text = text.replace(old, new)
    return text


after = _replaced(
    ("    holds uuid[];\n", "    holds uuid[];\n    resources uuid[];\n"),
    ("t.id AS type_id, s.starts_at,\n", "t.id AS type_id, t.resource_categories::text[] AS categories, s.starts_at,\n"),
    (
        "    WITH appointment AS (\n",
        """    -- Types that need none, which is most, pay nothing.
    IF cardinality(wish.categories) > 0 THEN
        resources := appointments_free_resources(
            wish.categories, wish.location_id, wish.occupied_from, wish.occupied_until, _appointment, _by);
        IF resources IS NULL THEN
            RETURN;
        END IF;
    END IF;

    WITH appointment AS (
""",
    ),
    (
        "    status := 201;\n",
        """    IF resources IS NOT NULL THEN
        INSERT INTO appointments_resourceuse
            (id, practice_id, resource_id, owner_id, appointment_id, occupied_from, occupied_until)
        SELECT gen_random_uuid(), practice, r, _appointment, _appointment, wish.occupied_from, wish.occupied_until
        FROM unnest(resources) r;
    END IF;

    status := 201;
""",
    ),
)

# One resource of each category that is free from _since to _until, or NULL where some category has none. Those of the
# caller (what _owner has already, what _by holds) and of holds that have run out count as free, and are given up.
FREE_RESOURCES = """
CREATE FUNCTION appointments_free_resources(
    _categories text[], _location uuid, _since timestamptz, _until timestamptz, _owner uuid, _by uuid
) RETURNS uuid[] LANGUAGE plpgsql SECURITY INVOKER AS $$
DECLARE
    practice CONSTANT uuid := mybcat_practice();
    picked uuid[];
BEGIN
    -- In the order of ids, after slots, as everybody does. What they use is looked at in a statement of its own, which
    -- sees what whoever was waited for has committed.
    PERFORM FROM practices_resource r
    WHERE r.practice_id = practice AND r.location_id = _location AND r.category = ANY (_categories) AND r.is_active
    ORDER BY r.id FOR NO KEY UPDATE;

    SELECT array_agg(f.id) INTO picked
    FROM unnest(_categories) c (category)
    CROSS JOIN LATERAL (
        SELECT r.id FROM practices_resource r
        WHERE r.practice_id = practice AND r.location_id = _location AND r.category = c.category AND r.is_active
          AND NOT EXISTS (
              SELECT FROM appointments_resourceuse u
              LEFT JOIN appointments_hold h ON h.practice_id = practice AND h.id = u.hold_id
              WHERE u.practice_id = practice AND u.resource_id = r.id
                AND u.occupied_from < _until AND u.occupied_until > _since
                AND u.owner_id NOT IN (_owner, _by) AND (h.id IS NULL OR h.expires_at > clock_timestamp()))
        ORDER BY r.name, r.id
        LIMIT 1
    ) f;
    IF coalesce(cardinality(picked), 0) < cardinality(_categories) THEN
        RETURN NULL;
    END IF;
    DELETE FROM appointments_resourceuse u
    WHERE u.practice_id = practice AND u.resource_id = ANY (picked) AND u.owner_id <> _owner
      AND u.occupied_from < _until AND u.occupied_until > _since
      AND (u.owner_id = _by OR EXISTS (
          SELECT FROM appointments_hold h
          WHERE h.practice_id = practice AND h.id = u.hold_id AND h.expires_at <= clock_timestamp()));
    RETURN picked;
END $$
"""


class Migration(migrations.Migration):
    dependencies = [
        ("appointments", "0012_waitlist"),
        ("practices", "0011_resources"),
    ]

    operations = [
        migrations.CreateModel(
            name="ResourceUse",
            fields=[
                (
                    "id",
                    models.UUIDField(default=mybcat.ids.new_uuid, editable=False, primary_key=True, serialize=False),
                ),
                ("owner_id", models.UUIDField()),
                ("occupied_from", models.DateTimeField()),
                ("occupied_until", models.DateTimeField()),
                (
                    "appointment",
                    mybcat.tenancy.PracticeForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="resource_uses",
                        to="appointments.appointment",
                    ),
                ),
                (
                    "hold",
                    mybcat.tenancy.PracticeForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="resource_uses",
                        to="appointments.hold",
                    ),
                ),
                (
                    "practice",
                    models.ForeignKey(
                        db_index=False,
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="practices.practice",
                    ),
                ),
                (
                    "resource",
                    mybcat.tenancy.PracticeForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="practices.resource",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "indexes": [
                    models.Index(fields=["practice", "appointment"], name="resource_use_appointment"),
                    models.Index(
                        condition=models.Q(("hold__isnull", False)),
                        fields=["practice", "hold"],
                        name="resource_use_hold",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("practice", "id"), name="resource_use_practice_id"),
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[
                            (models.F("resource"), "="),
                            (models.F("owner_id"), "<>"),
                            (appointments.models.TimeRange("occupied_from", "occupied_until"), "&&"),
                        ],
                        name="resource_use_no_overlap",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("appointment__isnull", False), ("hold__isnull", False), _connector="OR"),
                        name="resource_use_of_somebody",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("occupied_until__gt", models.F("occupied_from"))),
                        name="resource_use_in_order",
                    ),
                ],
            },
        ),
        row_security.tenant_table("appointments_resourceuse"),
        row_security.reference("appointments_resourceuse", "resource_id", "practices_resource"),
        row_security.reference("appointments_resourceuse", "appointment_id", "appointments_appointment"),
        row_security.reference("appointments_resourceuse", "hold_id", "appointments_hold"),
        migrations.RunSQL(
            FREE_RESOURCES,
            "DROP FUNCTION appointments_free_resources(text[], uuid, timestamptz, timestamptz, uuid, uuid)",
        ),
        migrations.RunSQL(after, before),
    ]
