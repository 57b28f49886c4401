"""Appointments that are booked together or not at all."""

import django.db.models.deletion
import mybcat.ids
import mybcat.tenancy
from django.db import migrations, models

from mybcat import row_security


class Migration(migrations.Migration):
    dependencies = [
        ("appointments", "0009_overbooking_and_swaps"),
        ("patients", "0006_communication"),
        ("practices", "0009_overbookings_a_day"),
    ]

    operations = [
        migrations.AddField(
            model_name="appointment",
            name="group_position",
            field=models.PositiveSmallIntegerField(db_default=0, default=0),
        ),
        migrations.CreateModel(
            name="AppointmentGroup",
            fields=[
                (
                    "id",
                    models.UUIDField(default=mybcat.ids.new_uuid, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("chain", "Chain"), ("family", "Family"), ("series", "Series")], max_length=10
                    ),
                ),
                ("booked_by", models.UUIDField(editable=False)),
                ("booked_at", models.DateTimeField()),
                (
                    "practice",
                    models.ForeignKey(
                        db_index=False,
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="practices.practice",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
            },
        ),
        migrations.AddField(
            model_name="appointment",
            name="group",
            field=mybcat.tenancy.PracticeForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="appointments",
                to="appointments.appointmentgroup",
            ),
        ),
        migrations.AddIndex(
            model_name="appointment",
            index=models.Index(
                condition=models.Q(("group__isnull", False)), fields=["practice", "group"], name="appointment_group"
            ),
        ),
        migrations.AddConstraint(
            model_name="appointmentgroup",
            constraint=models.UniqueConstraint(fields=("practice", "id"), name="appointment_group_practice_id"),
        ),
        row_security.tenant_table("appointments_appointmentgroup"),
        row_security.reference("appointments_appointment", "group_id", "appointments_appointmentgroup"),
    ]
