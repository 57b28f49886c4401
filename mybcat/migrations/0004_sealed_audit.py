"""Chains of hashes over the audit entries of each practice, and how far sealing has come."""

from django.db import migrations, models

from mybcat import row_security

# The transaction that wrote an entry: sealing takes entries whose transaction is surely over.
_TXID = """
    ALTER TABLE mybcat_auditentry ADD COLUMN txid xid8 NOT NULL DEFAULT pg_current_xact_id();
    CREATE INDEX audit_entry_txid ON mybcat_auditentry (txid, id);
"""
_CURSOR = """
    CREATE TABLE mybcat_auditcursor (
        one boolean PRIMARY KEY DEFAULT true CHECK (one), txid xid8 NOT NULL, entry_id uuid NOT NULL
    );
    REVOKE INSERT, UPDATE, DELETE ON mybcat_auditcursor FROM mybcat_app;
"""


class Migration(migrations.Migration):
    dependencies = [("mybcat", "0003_audit_on_behalf")]

    operations = [
        migrations.RunSQL(_TXID, "DROP INDEX audit_entry_txid; ALTER TABLE mybcat_auditentry DROP COLUMN txid"),
        migrations.RunSQL(_CURSOR, "DROP TABLE mybcat_auditcursor"),
        migrations.CreateModel(
            name="AuditSeal",
            fields=[
                ("entry_id", models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ("practice_id", models.UUIDField(editable=False)),
                ("seq", models.BigIntegerField()),
                ("previous", models.BinaryField()),
                ("hash", models.BinaryField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("practice_id", "seq"), name="audit_seal_seq_once"),
                ],
            },
        ),
        row_security.tenant_table("mybcat_auditseal"),
        row_security.append_only("mybcat_auditseal"),
    ]
