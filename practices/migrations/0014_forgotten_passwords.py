"""When somebody said that this person forgot their password, and when the link went out."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("practices", "0013_location_phone")]

    operations = [
        migrations.AddField("user", "forgotten_at", models.DateTimeField(editable=False, null=True)),
        migrations.AddField("user", "forgotten_mailed_at", models.DateTimeField(editable=False, null=True)),
        migrations.AddIndex(
            "user",
            models.Index(
                fields=("forgotten_at",),
                name="user_forgotten",
                condition=models.Q(forgotten_at__isnull=False),
            ),
        ),
    ]
