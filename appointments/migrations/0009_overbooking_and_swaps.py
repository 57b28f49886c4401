"""Appointments beside what the calendar has room for, which stand in nobody's way; two that change places."""

import appointments.models
import django.contrib.postgres.constraints
import django.db.models.deletion
import mybcat.tenancy
from django.db import migrations, models

from mybcat import row_security

# As 0007 has them, but for the overbooked.
GUARDS = """
DROP TRIGGER refuse_held ON appointments_appointment;
CREATE TRIGGER refuse_held AFTER INSERT OR UPDATE OF practitioner_id, occupied_from, occupied_until, status, overbooked
    ON appointments_appointment FOR EACH ROW
    WHEN (NEW.status IN ('booked', 'arrived', 'fulfilled') AND NOT NEW.overbooked)
    EXECUTE FUNCTION appointments_refuse_held();

CREATE OR REPLACE FUNCTION appointments_refuse_taken() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM appointments_appointment a
    WHERE a.practitioner_id = NEW.practitioner_id AND a.status IN ('booked', 'arrived', 'fulfilled')
      AND NOT a.overbooked
      AND tstzrange(a.occupied_from, a.occupied_until) && tstzrange(NEW.occupied_from, NEW.occupied_until);
    IF FOUND THEN
        RAISE EXCEPTION 'This time is taken' USING ERRCODE = '23P01', CONSTRAINT = 'held_time_not_on_taken_time';
    END IF;
    RETURN NULL;
END $$;
"""
GUARDS_BEFORE = """
CREATE OR REPLACE FUNCTION appointments_refuse_taken() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM appointments_appointment a
    WHERE a.practitioner_id = NEW.practitioner_id AND a.status IN ('booked', 'arrived', 'fulfilled')
      AND tstzrange(a.occupied_from, a.occupied_until) && tstzrange(NEW.occupied_from, NEW.occupied_until);
    IF FOUND THEN
        RAISE EXCEPTION 'This time is taken' USING ERRCODE = '23P01', CONSTRAINT = 'held_time_not_on_taken_time';
    END IF;
    RETURN NULL;
END $$;
DROP TRIGGER refuse_held ON appointments_appointment;
CREATE TRIGGER refuse_held AFTER INSERT OR UPDATE OF practitioner_id, occupied_from, occupied_until, status
    ON appointments_appointment FOR EACH ROW
    WHEN (NEW.status IN ('booked', 'arrived', 'fulfilled')) EXECUTE FUNCTION appointments_refuse_held();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("appointments", "0008_calls"),
        ("patients", "0006_communication"),
        ("practices", "0009_overbookings_a_day"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="appointment",
            name="appointment_no_overlap",
        ),
        migrations.RemoveConstraint(
            model_name="hold",
            name="hold_undo_means_an_appointment",
        ),
        migrations.AddField(
            model_name="appointment",
            name="changed_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="appointment",
            name="overbooked",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="appointment",
            name="overbooking_reason",
            field=models.CharField(
                blank=True,
                choices=[
                    ("emergency", "Emergency"),
                    ("practitioner_request", "Practitioner Request"),
                    ("cannot_wait", "Cannot Wait"),
                    ("other", "Other"),
                ],
                db_default="",
                default="",
                max_length=30,
            ),
        ),
        migrations.AddField(
            model_name="hold",
            name="overbooking_reason",
            field=models.CharField(blank=True, db_default="", default="", max_length=30),
        ),
        migrations.AddField(
            model_name="hold",
            name="swapped_with",
            field=mybcat.tenancy.PracticeForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="appointments.appointment",
            ),
        ),
        migrations.AddConstraint(
            model_name="appointment",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                condition=models.Q(("overbooked", False), ("status__in", ("booked", "arrived", "fulfilled"))),
                expressions=[
                    (models.F("practitioner"), "="),
                    (appointments.models.TimeRange("occupied_from", "occupied_until"), "&&"),
                ],
                name="appointment_no_overlap",
            ),
        ),
        migrations.AddConstraint(
            model_name="appointment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("overbooked", True), models.Q(("overbooking_reason", ""), _negated=True)),
                    models.Q(("overbooked", False), ("overbooking_reason", "")),
                    _connector="OR",
                ),
                name="appointment_overbooked_for_a_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="hold",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("appointment__isnull", False), ("kind", "undo"), ("slot__isnull", False)),
                    models.Q(
                        models.Q(("kind", "undo"), _negated=True),
                        ("appointment__isnull", True),
                        ("overbooking_reason", ""),
                        ("slot__isnull", True),
                        ("swapped_with__isnull", True),
                    ),
                    _connector="OR",
                ),
                name="hold_undo_means_an_appointment",
            ),
        ),
        row_security.reference("appointments_hold", "swapped_with_id", "appointments_appointment"),
        migrations.RunSQL(GUARDS, GUARDS_BEFORE),
    ]
