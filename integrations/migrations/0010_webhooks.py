"""Webhooks out: a practice's endpoints, and what its managers are told of them."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

import mybcat.ids
import mybcat.sealing
import mybcat.tenancy
from mybcat import row_security

ID = ("id", models.UUIDField(default=mybcat.ids.new_uuid, editable=False, primary_key=True, serialize=False))
PRACTICE = (
    "practice",
    models.ForeignKey(
        db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, to="practices.practice"
    ),
)


class Migration(migrations.Migration):
    dependencies = [("integrations", "0009_client_epochs"), ("practices", "0002_row_security")]

    operations = [
        migrations.CreateModel(
            name="WebhookEndpoint",
            fields=[
                ID,
                ("url", models.CharField(max_length=2048)),
                ("description", models.CharField(blank=True, max_length=200)),
                (
                    "enabled_events",
                    django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=60), size=None),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[("enabled", "Enabled"), ("disabled", "Disabled")], default="enabled", max_length=12
                    ),
                ),
                (
                    "disabled_because",
                    models.CharField(
                        blank=True,
                        choices=[("asked", "Asked"), ("gone", "Gone"), ("failing", "Failing")],
                        max_length=12,
                    ),
                ),
                ("secret", mybcat.sealing.SealedField()),
                ("previous_secret", mybcat.sealing.SealedField(null=True)),
                ("previous_secret_until", models.DateTimeField(null=True)),
                ("failing_since", models.DateTimeField(null=True)),
                ("last_success_at", models.DateTimeField(null=True)),
                ("created_at", models.DateTimeField()),
                PRACTICE,
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(fields=("practice", "id"), name="webhook_endpoint_practice_id"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("disabled_because", ""), ("status", "enabled")),
                            models.Q(("status", "disabled"), models.Q(("disabled_because", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="webhook_endpoint_disabled_because",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("previous_secret__isnull", True), ("previous_secret_until__isnull", True)),
                            models.Q(("previous_secret__isnull", False), ("previous_secret_until__isnull", False)),
                            _connector="OR",
                        ),
                        name="webhook_endpoint_previous_secret_until",
                    ),
                ],
            },
        ),
        row_security.tenant_table("integrations_webhookendpoint"),
        migrations.CreateModel(
            name="Notice",
            fields=[
                ID,
                ("kind", models.CharField(max_length=40)),
                ("count", models.PositiveIntegerField(default=1)),
                ("first_at", models.DateTimeField()),
                ("last_at", models.DateTimeField()),
                ("mailed_at", models.DateTimeField(null=True)),
                ("acknowledged_at", models.DateTimeField(null=True)),
                (
                    "endpoint",
                    mybcat.tenancy.PracticeForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        to="integrations.webhookendpoint",
                    ),
                ),
                PRACTICE,
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "indexes": [
                    models.Index(
                        condition=models.Q(("mailed_at__isnull", True)), fields=["first_at"], name="notice_unmailed"
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("practice", "id"), name="notice_practice_id"),
                    models.UniqueConstraint(
                        condition=models.Q(("acknowledged_at__isnull", True)),
                        fields=("practice", "kind", "endpoint"),
                        name="notice_open_once",
                    ),
                ],
            },
        ),
        row_security.tenant_table("integrations_notice"),
        row_security.reference("integrations_notice", "endpoint_id", "integrations_webhookendpoint"),
    ]
