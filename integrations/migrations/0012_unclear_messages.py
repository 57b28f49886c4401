from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("integrations", "0011_bulk_messages")]

    operations = [
        migrations.AddField("message", "attempted_at", models.DateTimeField(null=True)),
        migrations.AlterField(
            "message",
            "status",
            models.CharField(
                choices=[
                    ("sending", "Sending"),
                    ("unknown", "Unknown"),
                    ("pending", "Pending"),
                    ("sent", "Sent"),
                    ("suppressed", "Suppressed"),
                    ("refused", "Refused"),
                ],
                max_length=12,
            ),
        ),
    ]
