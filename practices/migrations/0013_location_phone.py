"""The number that patients ring at one place."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("practices", "0012_invitations")]

    operations = [
        # The release before this one writes rows without it.
        migrations.AddField(
            "location", "phone", models.CharField(blank=True, db_default="", default="", max_length=16)
        ),
    ]
