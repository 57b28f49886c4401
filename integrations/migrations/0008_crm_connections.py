import django.db.models.deletion
from django.db import migrations, models

import mybcat.ids
import mybcat.sealing
from mybcat import row_security


class Migration(migrations.Migration):
    dependencies = [
        ("integrations", "0007_alarms"),
        ("practices", "0005_subscriptions"),
    ]

    operations = [
        migrations.CreateModel(
            name="CrmConnection",
            fields=[
                (
                    "id",
                    models.UUIDField(default=mybcat.ids.new_uuid, editable=False, primary_key=True, serialize=False),
                ),
                ("access_token", mybcat.sealing.SealedField()),
                ("business_associate_agreement", models.BooleanField()),
                ("share_name", models.BooleanField()),
                ("share_email", models.BooleanField()),
                ("share_phone", models.BooleanField()),
                ("prepared_at", models.DateTimeField(null=True)),
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
                "verbose_name": "CRM connection",
                "abstract": False,
                "base_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(fields=("practice", "id"), name="crm_connection_practice_id"),
                    models.UniqueConstraint(fields=("practice",), name="crm_connection_once"),
                    models.CheckConstraint(
                        condition=models.Q(("business_associate_agreement", True)), name="crm_connection_agreed"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("share_name", True), ("share_email", True), _connector="OR"),
                        name="crm_connection_shares_something",
                    ),
                ],
            },
        ),
        row_security.tenant_table("integrations_crmconnection"),
    ]
