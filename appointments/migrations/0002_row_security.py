"""The practice's fence, in PostgreSQL."""

from django.db import migrations

from mybcat import row_security


class Migration(migrations.Migration):
    dependencies = [("appointments", "0001_slots_and_appointments"), ("patients", "0002_row_security")]

    operations = [
        row_security.tenant_table("appointments_schedule"),
        row_security.tenant_table("appointments_slot"),
        row_security.tenant_table("appointments_appointment"),
        row_security.reference("appointments_schedule", "practitioner_id", "practices_practitioner"),
        row_security.reference("appointments_slot", "practitioner_id", "practices_practitioner"),
        row_security.reference("appointments_slot", "location_id", "practices_location"),
        row_security.reference("appointments_appointment", "patient_id", "patients_patient"),
        row_security.reference("appointments_appointment", "practitioner_id", "practices_practitioner"),
        row_security.reference("appointments_appointment", "location_id", "practices_location"),
        row_security.reference("appointments_appointment", "appointment_type_id", "practices_appointmenttype"),
        row_security.reference("appointments_appointment", "slot_id", "appointments_slot"),
        row_security.reference("appointments_slot", "appointment_id", "appointments_appointment"),
        # Room on the page for the new version of a booked slot: a HOT update touches no index.
        migrations.RunSQL(
            "ALTER TABLE appointments_slot SET (fillfactor = 85)", "ALTER TABLE appointments_slot RESET (fillfactor)"
        ),
    ]
