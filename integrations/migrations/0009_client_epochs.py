"""What changes an API client's context: its scopes, its plan, its end, and the certificates that bind it."""

from django.db import migrations

from mybcat import epochs


class Migration(migrations.Migration):
    dependencies = [("integrations", "0008_crm_connections"), ("mybcat", "0009_epochs")]

    operations = [
        epochs.raised_by("integrations_apiclient", subject="id", changes=("scopes", "plan", "revoked_at")),
        # The first certificate shuts out every token that has none.
        epochs.raised_by("integrations_apiclientcertificate", subject="client_id", added=True),
    ]
