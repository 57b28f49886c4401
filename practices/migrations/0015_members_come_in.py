"""When a member first came in: until then a manager is shown no more than the address they typed."""

from django.db import migrations, models
from django.db.models.functions import Now

from mybcat import epochs

_ANY_CHANGE = epochs.raised_by("practices_membership", subject="user_id")


class Migration(migrations.Migration):
    dependencies = [("practices", "0014_forgotten_passwords"), ("mybcat", "0009_epochs")]

    operations = [
        # Whoever is there already has been shown, and the release before this one writes rows without it.
        migrations.AddField(
            "membership", "joined_at", models.DateTimeField(db_default=Now(), editable=False, null=True)
        ),
        # To come in, or to be mailed, takes nothing from what is remembered of a caller.
        migrations.RunSQL(_ANY_CHANGE.reverse_sql, _ANY_CHANGE.sql),
        epochs.raised_by(
            "practices_membership", subject="user_id", changes=("practice_id", "user_id", "role", "is_active")
        ),
    ]
