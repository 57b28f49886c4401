from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("integrations", "0002_row_security")]

    operations = [
        migrations.RenameField("message", "suppressed_because", "reason"),
        migrations.AlterField("message", "reason", models.CharField(blank=True, max_length=100)),
        migrations.AlterField(
            "message",
            "status",
            models.CharField(
                choices=[
                    ("sending", "Sending"),
                    ("sent", "Sent"),
                    ("suppressed", "Suppressed"),
                    ("refused", "Refused"),
                ],
                max_length=12,
            ),
        ),
    ]
