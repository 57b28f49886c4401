"""The practice's fence, in PostgreSQL."""

from django.db import migrations

from mybcat import row_security


class Migration(migrations.Migration):
    dependencies = [("patients", "0001_patients"), ("practices", "0002_row_security")]

    operations = [
        row_security.tenant_table("patients_patient"),
    ]
