"""What somebody at the practice writes by hand is a message, with who wrote it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("integrations", "0021_waitlist_settings")]

    operations = [
        migrations.AddField("message", "written_by", models.UUIDField(null=True)),
        migrations.AlterField(
            "message",
            "kind",
            models.CharField(
                blank=True,
                choices=[
                    ("booked", "Booked"),
                    ("moved", "Moved"),
                    ("reinstated", "Reinstated"),
                    ("cancelled", "Cancelled"),
                    ("reminder", "Reminder"),
                    ("waitlist_offer", "Waitlist Offer"),
                    ("waitlist_taken", "Waitlist Taken"),
                    ("reply", "Reply"),
                ],
                db_default="",
                max_length=20,
            ),
        ),
    ]
