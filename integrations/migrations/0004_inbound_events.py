from django.db import migrations, models

import mybcat.ids
from mybcat import row_security


class Migration(migrations.Migration):
    dependencies = [("integrations", "0003_refused_messages")]

    operations = [
        migrations.CreateModel(
            name="InboundEvent",
            fields=[
                (
                    "id",
                    models.UUIDField(default=mybcat.ids.new_uuid, editable=False, primary_key=True, serialize=False),
                ),
                ("stripe_id", models.CharField(max_length=255)),
                ("type", models.CharField(max_length=100)),
                ("occurred_at", models.DateTimeField()),
                ("body", models.BinaryField()),
                ("received_at", models.DateTimeField()),
                ("correlation_id", models.CharField(max_length=128)),
                (
                    "status",
                    models.CharField(
                        choices=[("pending", "Pending"), ("handled", "Handled"), ("dead", "Dead")],
                        default="pending",
                        max_length=12,
                    ),
                ),
                ("outcome", models.CharField(blank=True, max_length=40)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("next_attempt_at", models.DateTimeField()),
                ("last_error", models.CharField(blank=True, max_length=200)),
                ("handled_at", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("status", "pending")), fields=["next_attempt_at"], name="inbound_event_due"
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("stripe_id",), name="inbound_event_once"),
                    models.CheckConstraint(
                        condition=models.Q(("handled_at__isnull", False), ("status", "handled"))
                        & models.Q(("outcome", ""), _negated=True)
                        | models.Q(("status", "handled"), _negated=True)
                        & models.Q(("handled_at__isnull", True), ("outcome", "")),
                        name="inbound_event_handled_with_outcome",
                    ),
                ],
            },
        ),
        row_security.platform_table("integrations_inboundevent"),
    ]
