"""The practice's fence, in PostgreSQL."""

from django.db import migrations

from mybcat import row_security


class Migration(migrations.Migration):
    dependencies = [("practices", "0001_people_and_places")]

    operations = [
        row_security.practice_function(),
        row_security.tenant_table("practices_practice", key="id"),
        row_security.tenant_table("practices_membership"),
        row_security.tenant_table("practices_location"),
        row_security.tenant_table("practices_practitioner"),
        row_security.tenant_table("practices_appointmenttype"),
        row_security.tenant_table("practices_workinghours"),
        row_security.tenant_table("practices_timeoff"),
        row_security.reference("practices_workinghours", "practitioner_id", "practices_practitioner"),
        row_security.reference("practices_workinghours", "location_id", "practices_location"),
        row_security.reference("practices_timeoff", "practitioner_id", "practices_practitioner"),
        row_security.reference("practices_timeoff", "location_id", "practices_location"),
    ]
