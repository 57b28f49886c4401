"""Deliveries to one of many targets, in the order of their subject; each attempt on record; listeners' pace."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

import mybcat.ids
from mybcat import row_security
from mybcat.models import ITSELF

# Row-level security holds for the tables' owner, too, unless it lets go of that.
FILL = """
    ALTER TABLE mybcat_event NO FORCE ROW LEVEL SECURITY;
    ALTER TABLE mybcat_delivery NO FORCE ROW LEVEL SECURITY;
    UPDATE mybcat_delivery AS delivery SET subject_id = event.subject_id, seq = coalesce(event.seq, 0)
    FROM mybcat_event AS event WHERE event.id = delivery.event_id;
    ALTER TABLE mybcat_event FORCE ROW LEVEL SECURITY;
    ALTER TABLE mybcat_delivery FORCE ROW LEVEL SECURITY;
"""
STATUSES = ("held", "pending", "leased", "delivered", "dead", "discarded")


class Migration(migrations.Migration):
    dependencies = [("mybcat", "0010_failed_sign_ins")]

    operations = [
        migrations.AddField("delivery", "target_id", models.UUIDField(default=ITSELF)),
        migrations.AddField("delivery", "subject_id", models.UUIDField(default=ITSELF), preserve_default=False),
        migrations.AddField("delivery", "seq", models.BigIntegerField(default=0), preserve_default=False),
        migrations.AddField("delivery", "lost", models.PositiveSmallIntegerField(default=0)),
        migrations.AddField("delivery", "first_attempt_at", models.DateTimeField(null=True)),
        migrations.AddField("delivery", "replayed_at", models.DateTimeField(null=True)),
        migrations.AddField("delivery", "discarded_because", models.CharField(blank=True, max_length=200)),
        migrations.AlterField(
            "delivery",
            "status",
            models.CharField(
                choices=[(status, status.title()) for status in STATUSES], default="pending", max_length=12
            ),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.RemoveConstraint("delivery", "delivery_once_per_listener"),
        migrations.AddConstraint(
            "delivery",
            models.UniqueConstraint(
                fields=("practice_id", "event", "listener", "target_id"), name="delivery_once_per_target"
            ),
        ),
        migrations.RemoveIndex("delivery", "delivery_due"),
        migrations.RemoveIndex("delivery", "delivery_dead"),
        migrations.AddIndex(
            "delivery",
            models.Index(
                fields=("listener", "target_id", "next_attempt_at"),
                name="delivery_due",
                condition=models.Q(status="pending"),
            ),
        ),
        migrations.AddIndex(
            "delivery",
            models.Index(fields=("listener", "target_id"), name="delivery_leased", condition=models.Q(status="leased")),
        ),
        migrations.AddIndex(
            "delivery",
            models.Index(
                fields=("subject_id", "listener", "target_id", "seq"),
                name="delivery_in_order",
                condition=models.Q(status__in=("held", "pending", "leased")),
            ),
        ),
        migrations.AddIndex(
            "delivery",
            models.Index(
                fields=("practice_id", "listener", "id"), name="delivery_dead", condition=models.Q(status="dead")
            ),
        ),
        migrations.AddIndex(
            "delivery", models.Index(fields=("practice_id", "target_id", "id"), name="delivery_target")
        ),
        migrations.CreateModel(
            name="DeliveryAttempt",
            fields=[
                (
                    "id",
                    models.UUIDField(default=mybcat.ids.new_uuid, editable=False, primary_key=True, serialize=False),
                ),
                ("practice_id", models.UUIDField(editable=False)),
                ("attempt", models.PositiveSmallIntegerField()),
                (
                    "trigger",
                    models.CharField(choices=[("scheduled", "Scheduled"), ("manual", "Manual")], max_length=12),
                ),
                ("succeeded", models.BooleanField()),
                ("error", models.CharField(blank=True, max_length=200)),
                ("response_status", models.PositiveSmallIntegerField(null=True)),
                ("response_excerpt", models.TextField(blank=True)),
                ("started_at", models.DateTimeField()),
                ("duration_ms", models.PositiveIntegerField()),
                (
                    "delivery",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        to="mybcat.delivery",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "indexes": [models.Index(fields=["practice_id", "delivery", "id"], name="delivery_attempt_of")],
                "constraints": [
                    models.UniqueConstraint(fields=("practice_id", "id"), name="delivery_attempt_practice_id")
                ],
            },
        ),
        row_security.tenant_table("mybcat_deliveryattempt"),
        row_security.reference("mybcat_deliveryattempt", "delivery_id", "mybcat_delivery"),
        migrations.CreateModel(
            name="ListenerState",
            fields=[
                ("listener", models.CharField(max_length=40, primary_key=True, serialize=False)),
                (
                    "failing",
                    django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), default=list, size=None),
                ),
                ("probe_at", models.DateTimeField(null=True)),
                ("paced_until", models.DateTimeField(null=True)),
            ],
        ),
    ]
