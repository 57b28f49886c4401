from datetime import UTC, datetime

import django.db.models.deletion
from django.db import migrations, models

import mybcat.ids
import practices.models
from mybcat import row_security

FOREVER = datetime(9999, 12, 31, tzinfo=UTC)


class Migration(migrations.Migration):
    dependencies = [("practices", "0004_protocols")]

    operations = [
        # Practices from before there were subscriptions go on booking until an operator ends their trial.
        migrations.AddField("practice", "trial_ends_at", models.DateTimeField(blank=True, default=FOREVER, null=True)),
        migrations.AddField(
            "practice", "entitled_until", models.DateTimeField(default=FOREVER, editable=False, null=True)
        ),
        migrations.AlterField(
            "practice",
            "trial_ends_at",
            models.DateTimeField(blank=True, default=practices.models.end_of_trial, null=True),
        ),
        migrations.AlterField(
            "practice",
            "entitled_until",
            models.DateTimeField(default=practices.models.end_of_trial, editable=False, null=True),
        ),
        migrations.AddField("practice", "stripe_customer_id", models.CharField(blank=True, max_length=255, null=True)),
        migrations.AddConstraint(
            "practice",
            models.UniqueConstraint(fields=("stripe_customer_id",), name="practice_stripe_customer_once"),
        ),
        migrations.CreateModel(
            name="Subscription",
            fields=[
                (
                    "id",
                    models.UUIDField(default=mybcat.ids.new_uuid, editable=False, primary_key=True, serialize=False),
                ),
                ("stripe_id", models.CharField(max_length=255)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("trialing", "Trialing"),
                            ("active", "Active"),
                            ("past_due", "Past Due"),
                            ("unpaid", "Unpaid"),
                            ("paused", "Paused"),
                            ("incomplete", "Incomplete"),
                            ("incomplete_expired", "Incomplete Expired"),
                            ("canceled", "Canceled"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "plan",
                    models.CharField(
                        blank=True, choices=[("standard", "Standard"), ("enterprise", "Enterprise")], max_length=20
                    ),
                ),
                ("grace_until", models.DateTimeField(null=True)),
                ("current_period_end", models.DateTimeField(null=True)),
                ("cancel_at_period_end", models.BooleanField(default=False)),
                ("status_clock", models.BigIntegerField(default=0)),
                ("details_clock", models.BigIntegerField(default=0)),
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
                    models.UniqueConstraint(fields=("practice", "id"), name="subscription_practice_id"),
                    models.UniqueConstraint(fields=("practice", "stripe_id"), name="subscription_once"),
                    models.CheckConstraint(
                        condition=models.Q(("grace_until__isnull", False), ("status", "past_due"))
                        | models.Q(("status", "past_due"), _negated=True) & models.Q(("grace_until__isnull", True)),
                        name="subscription_grace_while_past_due",
                    ),
                ],
            },
        ),
        row_security.tenant_table("practices_subscription"),
    ]
