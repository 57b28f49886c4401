import django.db.models.deletion
from django.db import migrations, models

import mybcat.ids
import mybcat.sealing
from mybcat import row_security


class Migration(migrations.Migration):
    dependencies = [
        ("integrations", "0012_unclear_messages"),
        ("patients", "0004_consent"),
        ("practices", "0007_epochs"),
    ]

    operations = [
        migrations.CreateModel(
            name="InboundMessage",
            fields=[
                (
                    "id",
                    models.UUIDField(default=mybcat.ids.new_uuid, editable=False, primary_key=True, serialize=False),
                ),
                ("provider_reference", models.CharField(max_length=80)),
                ("phone", models.CharField(max_length=16)),
                ("to", models.CharField(blank=True, max_length=16)),
                ("body", mybcat.sealing.SealedField()),
                ("media_count", models.PositiveSmallIntegerField(default=0)),
                ("received_at", models.DateTimeField()),
                ("meaning", models.CharField(blank=True, max_length=20)),
                ("answer", mybcat.sealing.SealedField(blank=True)),
                ("acknowledged", models.BooleanField(default=False)),
                (
                    "status",
                    models.CharField(choices=[("open", "Open"), ("handled", "Handled")], default="open", max_length=8),
                ),
                ("assigned_to", models.UUIDField(null=True)),
                ("handled_at", models.DateTimeField(null=True)),
                ("handled_by", models.UUIDField(null=True)),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
            },
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(fields=["practice", "to", "attempted_at"], name="message_to"),
        ),
        migrations.AddField(
            model_name="inboundmessage",
            name="practice",
            field=models.ForeignKey(
                db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, to="practices.practice"
            ),
        ),
        migrations.AddIndex(
            model_name="inboundmessage",
            index=models.Index(fields=["practice", "status", "-received_at", "-id"], name="inbound_message_newest"),
        ),
        migrations.AddIndex(
            model_name="inboundmessage",
            index=models.Index(fields=["practice", "phone", "-received_at"], name="inbound_message_phone"),
        ),
        migrations.AddConstraint(
            model_name="inboundmessage",
            constraint=models.UniqueConstraint(fields=("practice", "id"), name="inbound_message_practice_id"),
        ),
        migrations.AddConstraint(
            model_name="inboundmessage",
            constraint=models.UniqueConstraint(fields=("practice", "provider_reference"), name="inbound_message_once"),
        ),
        migrations.AddConstraint(
            model_name="inboundmessage",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("handled_at__isnull", False), ("status", "handled")),
                    models.Q(("handled_at__isnull", True), ("handled_by__isnull", True), ("status", "open")),
                    _connector="OR",
                ),
                name="inbound_message_handled_at_some_time",
            ),
        ),
        row_security.tenant_table("integrations_inboundmessage"),
    ]
