"""Booking is for records that stand: one that was merged into another is refused."""

from importlib import import_module

from django.db import migrations

before = import_module("appointments.migrations.0003_book_appointment").BOOK_APPOINTMENT.replace(
    "CREATE ", "CREATE OR REPLACE ", 1
)
after = before.replace("AND p.id = _patient", "AND p.id = _patient AND p.merged_into_id IS NULL")


class Migration(migrations.Migration):
    dependencies = [("appointments", "0003_book_appointment"), ("patients", "0003_likeness_merges_related_persons")]

    operations = [migrations.RunSQL(after, before)]
