"""Time that is reserved for some types of appointment, and how many of a type there may be a day."""

import django.contrib.postgres.fields
import django.db.models.deletion
import mybcat.ids
import mybcat.tenancy
from django.db import migrations, models

from mybcat import row_security


class Migration(migrations.Migration):
    dependencies = [
        ("appointments", "0013_resource_uses"),
        ("practices", "0011_resources"),
    ]

    operations = [
        migrations.AddField(
            model_name="heldtime",
            name="appointment_type",
            field=mybcat.tenancy.PracticeForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="practices.appointmenttype",
            ),
        ),
        migrations.CreateModel(
            name="AppointmentBlock",
            fields=[
                (
                    "id",
                    models.UUIDField(default=mybcat.ids.new_uuid, editable=False, primary_key=True, serialize=False),
                ),
                ("name", models.CharField(max_length=120)),
                (
                    "weekdays",
                    django.contrib.postgres.fields.ArrayField(base_field=models.PositiveSmallIntegerField(), size=None),
                ),
                ("starts", models.TimeField()),
                ("ends", models.TimeField()),
                (
                    "type_ids",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.UUIDField(), blank=True, default=list, size=None
                    ),
                ),
                ("for_new_patients", models.BooleanField(default=False)),
                ("release_hours", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("valid_from", models.DateField()),
                ("valid_until", models.DateField(blank=True, null=True)),
                (
                    "location",
                    mybcat.tenancy.PracticeForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        to="practices.location",
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
                    "practitioner",
                    mybcat.tenancy.PracticeForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        to="practices.practitioner",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "indexes": [models.Index(fields=["practice", "practitioner"], name="appointment_block_practitioner")],
                "constraints": [
                    models.UniqueConstraint(fields=("practice", "id"), name="appointment_block_practice_id"),
                    models.CheckConstraint(
                        condition=models.Q(("ends__gt", models.F("starts")), ("ends", "00:00"), _connector="OR"),
                        name="appointment_block_end_after_start",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("weekdays__contained_by", [0, 1, 2, 3, 4, 5, 6]), ("weekdays__len__gt", 0)),
                        name="appointment_block_weekdays",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("for_new_patients", True), ("type_ids__len__gt", 0), _connector="OR"),
                        name="appointment_block_for_somebody",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("release_hours__isnull", True), ("release_hours__lte", 2160), _connector="OR"
                        ),
                        name="appointment_block_released_within_ninety_days",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("valid_until__isnull", True), ("valid_until__gt", models.F("valid_from")), _connector="OR"
                        ),
                        name="appointment_block_validity",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="AppointmentCap",
            fields=[
                (
                    "id",
                    models.UUIDField(default=mybcat.ids.new_uuid, editable=False, primary_key=True, serialize=False),
                ),
                ("most", models.PositiveSmallIntegerField()),
                (
                    "appointment_type",
                    mybcat.tenancy.PracticeForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        to="practices.appointmenttype",
                    ),
                ),
                (
                    "location",
                    mybcat.tenancy.PracticeForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        to="practices.location",
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
                    "practitioner",
                    mybcat.tenancy.PracticeForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        to="practices.practitioner",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(fields=("practice", "id"), name="appointment_cap_practice_id"),
                    models.UniqueConstraint(
                        fields=("practice", "appointment_type", "practitioner", "location"),
                        name="appointment_cap_once",
                        nulls_distinct=False,
                    ),
                    models.CheckConstraint(condition=models.Q(("most__gte", 1)), name="appointment_cap_is_no_ban"),
                ],
            },
        ),
        row_security.tenant_table("appointments_appointmentblock"),
        row_security.tenant_table("appointments_appointmentcap"),
        row_security.reference("appointments_heldtime", "appointment_type_id", "practices_appointmenttype"),
        row_security.reference("appointments_appointmentblock", "practitioner_id", "practices_practitioner"),
        row_security.reference("appointments_appointmentblock", "location_id", "practices_location"),
        row_security.reference("appointments_appointmentcap", "appointment_type_id", "practices_appointmenttype"),
        row_security.reference("appointments_appointmentcap", "practitioner_id", "practices_practitioner"),
        row_security.reference("appointments_appointmentcap", "location_id", "practices_location"),
    ]
