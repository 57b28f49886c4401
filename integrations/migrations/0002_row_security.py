"""The practice's fence, in PostgreSQL."""

from django.db import migrations

from mybcat import row_security


class Migration(migrations.Migration):
    dependencies = [("integrations", "0001_messages"), ("patients", "0002_row_security")]

    operations = [
        row_security.tenant_table("integrations_message"),
        row_security.reference("integrations_message", "patient_id", "patients_patient"),
    ]
