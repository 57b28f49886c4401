import django.db.models.deletion
from django.db import migrations, models

import mybcat.ids
from mybcat import row_security


class Migration(migrations.Migration):
    dependencies = [
        ("integrations", "0013_inbox"),
        ("practices", "0007_epochs"),
    ]

    operations = [
        migrations.AddField(
            model_name="message",
            name="error_code",
            field=models.CharField(blank=True, db_default="", max_length=20),
        ),
        migrations.AddField(
            model_name="message",
            name="kind",
            field=models.CharField(
                blank=True,
                choices=[
                    ("booked", "Booked"),
                    ("moved", "Moved"),
                    ("reinstated", "Reinstated"),
                    ("cancelled", "Cancelled"),
                    ("reminder", "Reminder"),
                    ("waitlist_offer", "Waitlist Offer"),
                    ("waitlist_taken", "Waitlist Taken"),
                ],
                db_default="",
                max_length=20,
            ),
        ),
        migrations.AddField(
            model_name="message",
            name="receipt",
            field=models.CharField(
                blank=True,
                choices=[
                    ("queued", "Queued"),
                    ("sending", "Sending"),
                    ("sent", "Sent"),
                    ("delivered", "Delivered"),
                    ("undelivered", "Undelivered"),
                    ("failed", "Failed"),
                ],
                db_default="",
                max_length=12,
            ),
        ),
        migrations.AddField(
            model_name="message",
            name="receipt_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.CreateModel(
            name="MessageTemplate",
            fields=[
                (
                    "id",
                    models.UUIDField(default=mybcat.ids.new_uuid, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("booked", "Booked"),
                            ("moved", "Moved"),
                            ("reinstated", "Reinstated"),
                            ("cancelled", "Cancelled"),
                            ("reminder", "Reminder"),
                            ("waitlist_offer", "Waitlist Offer"),
                            ("waitlist_taken", "Waitlist Taken"),
                        ],
                        max_length=20,
                    ),
                ),
                ("channel", models.CharField(choices=[("sms", "Sms"), ("email", "Email")], max_length=5)),
                ("language", models.CharField(choices=[("en", "English"), ("es", "Spanish")], max_length=2)),
                ("subject", models.CharField(blank=True, max_length=120)),
                ("body", models.TextField()),
                ("changed_at", models.DateTimeField()),
                ("changed_by", models.UUIDField()),
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
                    models.UniqueConstraint(fields=("practice", "id"), name="message_template_practice_id"),
                    models.UniqueConstraint(
                        fields=("practice", "kind", "channel", "language"), name="message_template_once"
                    ),
                ],
            },
        ),
        row_security.tenant_table("integrations_messagetemplate"),
    ]
