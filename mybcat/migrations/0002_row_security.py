"""The practice's fence, in PostgreSQL."""

from django.db import migrations

from mybcat import row_security


class Migration(migrations.Migration):
    dependencies = [("mybcat", "0001_records"), ("practices", "0002_row_security")]

    operations = [
        row_security.tenant_table("mybcat_event"),
        row_security.tenant_table("mybcat_eventsequence"),
        row_security.tenant_table("mybcat_delivery"),
        row_security.tenant_table("mybcat_idempotencykey"),
        row_security.tenant_table("mybcat_auditentry"),
        row_security.tenant_table("mybcat_securityevent"),
        row_security.reference("mybcat_delivery", "event_id", "mybcat_event"),
        row_security.append_only("mybcat_auditentry"),
        row_security.append_only("mybcat_securityevent"),
    ]
