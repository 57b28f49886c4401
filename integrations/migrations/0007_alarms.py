"""What operators were told."""

from django.db import migrations, models
from django.db.models import Q

import mybcat.ids
from mybcat import row_security


class Migration(migrations.Migration):
    dependencies = [("integrations", "0006_daily_counts"), ("mybcat", "0005_alarmed_events")]

    operations = [
        migrations.CreateModel(
            name="Alarm",
            fields=[
                (
                    "id",
                    models.UUIDField(default=mybcat.ids.new_uuid, editable=False, primary_key=True, serialize=False),
                ),
                ("practice_id", models.UUIDField(editable=False)),
                ("kind", models.CharField(max_length=60)),
                (
                    "severity",
                    models.CharField(choices=[("warning", "warning"), ("critical", "critical")], max_length=10),
                ),
                ("events", models.PositiveIntegerField()),
                ("first_event_id", models.UUIDField()),
                ("first_at", models.DateTimeField()),
                ("last_at", models.DateTimeField()),
                ("due_at", models.DateTimeField()),
                ("closed_at", models.DateTimeField(null=True)),
                ("mailed_at", models.DateTimeField(null=True)),
                ("posted_at", models.DateTimeField(null=True)),
                ("told_at", models.DateTimeField(null=True)),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("next_attempt_at", models.DateTimeField()),
                ("leased_until", models.DateTimeField(null=True)),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(
                        condition=Q(("closed_at__isnull", True)),
                        fields=("practice_id", "kind"),
                        name="alarm_collecting_once",
                    )
                ],
                "indexes": [
                    models.Index(fields=["practice_id", "kind", "due_at"], name="alarm_group"),
                    models.Index(
                        condition=Q(("told_at__isnull", True)), fields=["next_attempt_at"], name="alarm_untold"
                    ),
                ],
            },
        ),
        row_security.tenant_table("integrations_alarm"),
    ]
