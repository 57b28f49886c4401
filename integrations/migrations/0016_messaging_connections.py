import django.db.models.deletion
from django.db import migrations, models

import mybcat.ids
import mybcat.sealing
from mybcat import row_security


class Migration(migrations.Migration):
    dependencies = [
        ("integrations", "0015_emails"),
        ("practices", "0007_epochs"),
    ]

    operations = [
        migrations.CreateModel(
            name="MessagingConnection",
            fields=[
                (
                    "id",
                    models.UUIDField(default=mybcat.ids.new_uuid, editable=False, primary_key=True, serialize=False),
                ),
                ("account_sid", models.CharField(max_length=34)),
                ("auth_token", mybcat.sealing.SealedField()),
                ("number", models.CharField(max_length=16)),
                ("checked_at", models.DateTimeField(null=True)),
                ("last_error", models.CharField(blank=True, max_length=100)),
                ("created_at", models.DateTimeField()),
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
                "constraints": [
                    models.UniqueConstraint(fields=("practice", "id"), name="messaging_connection_practice_id"),
                    models.UniqueConstraint(fields=("practice",), name="messaging_connection_once"),
                    models.UniqueConstraint(fields=("number",), name="messaging_connection_number"),
                ],
            },
        ),
        row_security.tenant_table("integrations_messagingconnection"),
    ]
