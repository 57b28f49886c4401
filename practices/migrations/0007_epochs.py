"""What changes a member's context: the membership, the user's access, the practice, the end of a sign-in."""

from django.db import migrations

from mybcat import epochs


class Migration(migrations.Migration):
    dependencies = [("practices", "0006_viewed_families"), ("mybcat", "0009_epochs")]

    operations = [
        epochs.raised_by("practices_membership", subject="user_id"),
        epochs.raised_by("practices_practice", subject="id"),
        epochs.raised_by("practices_user", subject="id", changes=("is_active", "password", "external_subject")),
        epochs.raised_by("practices_refreshfamily", subject="user_id", changes=("revoked_at", "credentials")),
    ]
