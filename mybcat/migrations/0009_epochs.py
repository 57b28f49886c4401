"""Epochs: what the gateway remembers of a caller ends with the commit that changes it."""

from django.db import migrations, models

from mybcat import epochs


class Migration(migrations.Migration):
    dependencies = [("mybcat", "0008_claim_key_and_public_id")]

    operations = [
        migrations.CreateModel(
            name="Epoch",
            fields=[
                ("subject", models.UUIDField(primary_key=True, serialize=False)),
                ("value", models.BigIntegerField()),
                ("bumped_at", models.DateTimeField()),
            ],
            options={"indexes": [models.Index(fields=["bumped_at"], name="epoch_bumped_at")]},
        ),
        epochs.functions(),
    ]
