"""Jobs, batches and messages, fenced."""

import django.db.models.deletion
import mybcat.ids
import mybcat.tenancy
from django.db import migrations, models

from mybcat import row_security


class Migration(migrations.Migration):
    dependencies = [
        ("integrations", "0010_webhooks"),
        ("practices", "0005_subscriptions"),
    ]

    operations = [
        migrations.CreateModel(
            name="BulkMessageJob",
            fields=[
                (
                    "id",
                    models.UUIDField(default=mybcat.ids.new_uuid, editable=False, primary_key=True, serialize=False),
                ),
                ("principal_kind", models.CharField(max_length=20)),
                ("principal_id", models.UUIDField()),
                ("correlation_id", models.CharField(max_length=128)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("queued", "Queued"),
                            ("in_progress", "In Progress"),
                            ("paused", "Paused"),
                            ("completed", "Completed"),
                            ("failed", "Failed"),
                            ("cancelled", "Cancelled"),
                        ],
                        default="queued",
                        max_length=12,
                    ),
                ),
                ("code", models.CharField(blank=True, max_length=100)),
                ("total", models.PositiveIntegerField()),
                ("processed", models.PositiveIntegerField(default=0)),
                ("failed", models.PositiveIntegerField(default=0)),
                ("created_at", models.DateTimeField()),
                ("started_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                ("served_at", models.DateTimeField()),
                ("not_before", models.DateTimeField()),
                ("erased_at", models.DateTimeField(null=True)),
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
            },
        ),
        migrations.CreateModel(
            name="BulkMessageBatch",
            fields=[
                (
                    "id",
                    models.UUIDField(default=mybcat.ids.new_uuid, editable=False, primary_key=True, serialize=False),
                ),
                ("number", models.PositiveIntegerField()),
                ("payload", models.BinaryField()),
                (
                    "status",
                    models.CharField(
                        choices=[("pending", "Pending"), ("leased", "Leased"), ("done", "Done")],
                        default="pending",
                        max_length=8,
                    ),
                ),
                ("next_attempt_at", models.DateTimeField()),
                ("lease", models.UUIDField(null=True)),
                ("leased_until", models.DateTimeField(null=True)),
                (
                    "practice",
                    models.ForeignKey(
                        db_index=False,
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="practices.practice",
                    ),
                ),
                (
                    "job",
                    mybcat.tenancy.PracticeForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        to="integrations.bulkmessagejob",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "bulk message batches",
                "abstract": False,
                "base_manager_name": "objects",
            },
        ),
        migrations.CreateModel(
            name="BulkMessage",
            fields=[
                (
                    "id",
                    models.UUIDField(default=mybcat.ids.new_uuid, editable=False, primary_key=True, serialize=False),
                ),
                ("batch", models.PositiveIntegerField()),
                ("to", models.CharField(max_length=30)),
                ("phone", models.CharField(blank=True, max_length=16)),
                ("body", models.TextField()),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("pending", "Pending"),
                            ("sending", "Sending"),
                            ("unknown", "Unknown"),
                            ("sent", "Sent"),
                            ("delivered", "Delivered"),
                            ("undelivered", "Undelivered"),
                            ("failed", "Failed"),
                        ],
                        max_length=12,
                    ),
                ),
                ("code", models.CharField(blank=True, max_length=100)),
                ("provider_reference", models.CharField(blank=True, max_length=80)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("attempted_at", models.DateTimeField(null=True)),
                (
                    "practice",
                    models.ForeignKey(
                        db_index=False,
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="practices.practice",
                    ),
                ),
                (
                    "job",
                    mybcat.tenancy.PracticeForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        to="integrations.bulkmessagejob",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
            },
        ),
        migrations.AddIndex(
            model_name="bulkmessagejob",
            index=models.Index(
                condition=models.Q(("status__in", ("queued", "in_progress"))),
                fields=["served_at"],
                name="bulk_job_active",
            ),
        ),
        migrations.AddIndex(
            model_name="bulkmessagejob",
            index=models.Index(
                condition=models.Q(("erased_at__isnull", True)), fields=["ended_at"], name="bulk_job_to_erase"
            ),
        ),
        migrations.AddIndex(
            model_name="bulkmessagejob",
            index=models.Index(fields=["practice", "served_at"], name="bulk_job_served"),
        ),
        migrations.AddIndex(
            model_name="bulkmessagejob",
            index=models.Index(fields=["practice", "-created_at"], name="bulk_job_newest"),
        ),
        migrations.AddConstraint(
            model_name="bulkmessagejob",
            constraint=models.UniqueConstraint(fields=("practice", "id"), name="bulk_job_practice_id"),
        ),
        migrations.AddConstraint(
            model_name="bulkmessagejob",
            constraint=models.CheckConstraint(
                condition=models.Q(("failed__lte", models.F("processed")), ("processed__lte", models.F("total"))),
                name="bulk_job_counters_in_order",
            ),
        ),
        migrations.AddConstraint(
            model_name="bulkmessagejob",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("ended_at__isnull", False), ("status__in", ("completed", "failed", "cancelled"))),
                    models.Q(
                        models.Q(("status__in", ("completed", "failed", "cancelled")), _negated=True),
                        ("ended_at__isnull", True),
                    ),
                    _connector="OR",
                ),
                name="bulk_job_ended_with_time",
            ),
        ),
        migrations.AddIndex(
            model_name="bulkmessagebatch",
            index=models.Index(
                condition=models.Q(("status__in", ("pending", "leased"))),
                fields=["practice", "job", "number"],
                name="bulk_batch_open",
            ),
        ),
        migrations.AddConstraint(
            model_name="bulkmessagebatch",
            constraint=models.UniqueConstraint(fields=("practice", "id"), name="bulk_batch_practice_id"),
        ),
        migrations.AddConstraint(
            model_name="bulkmessagebatch",
            constraint=models.UniqueConstraint(fields=("practice", "job", "number"), name="bulk_batch_number_once"),
        ),
        migrations.AddConstraint(
            model_name="bulkmessagebatch",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("lease__isnull", False), ("leased_until__isnull", False), ("status", "leased")),
                    models.Q(
                        models.Q(("status", "leased"), _negated=True),
                        ("lease__isnull", True),
                        ("leased_until__isnull", True),
                    ),
                    _connector="OR",
                ),
                name="bulk_batch_leased_with_lease",
            ),
        ),
        migrations.AddIndex(
            model_name="bulkmessage",
            index=models.Index(
                condition=models.Q(("status__in", ("pending", "sending", "unknown"))),
                fields=["practice", "job", "batch"],
                name="bulk_message_open",
            ),
        ),
        migrations.AddIndex(
            model_name="bulkmessage",
            index=models.Index(
                condition=models.Q(("status", "failed")), fields=["practice", "job", "id"], name="bulk_message_failed"
            ),
        ),
        migrations.AddIndex(
            model_name="bulkmessage",
            index=models.Index(
                condition=models.Q(("status", "pending")), fields=["practice", "phone"], name="bulk_message_waiting"
            ),
        ),
        migrations.AddConstraint(
            model_name="bulkmessage",
            constraint=models.UniqueConstraint(fields=("practice", "id"), name="bulk_message_practice_id"),
        ),
        migrations.AddConstraint(
            model_name="bulkmessage",
            constraint=models.UniqueConstraint(
                condition=models.Q(("phone", ""), _negated=True),
                fields=("practice", "job", "phone"),
                name="bulk_message_once_per_number",
            ),
        ),
        # Compressing takes longer than writing, and the payload lives until its rows are made.
        migrations.RunSQL(
            "ALTER TABLE integrations_bulkmessagebatch ALTER COLUMN payload SET STORAGE EXTERNAL",
            "ALTER TABLE integrations_bulkmessagebatch ALTER COLUMN payload SET STORAGE EXTENDED",
        ),
        row_security.tenant_table("integrations_bulkmessagejob"),
        row_security.tenant_table("integrations_bulkmessagebatch"),
        row_security.tenant_table("integrations_bulkmessage"),
        row_security.reference("integrations_bulkmessagebatch", "job_id", "integrations_bulkmessagejob"),
        row_security.reference("integrations_bulkmessage", "job_id", "integrations_bulkmessagejob"),
    ]
