"""When a member was invited, and when the mail went out."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("practices", "0011_resources")]

    operations = [
        migrations.AddField("membership", "invited_at", models.DateTimeField(editable=False, null=True)),
        migrations.AddField("membership", "invitation_mailed_at", models.DateTimeField(editable=False, null=True)),
        migrations.AddIndex(
            "membership",
            models.Index(
                fields=("invited_at",),
                name="membership_unmailed",
                condition=models.Q(invitation_mailed_at__isnull=True, invited_at__isnull=False),
            ),
        ),
    ]
