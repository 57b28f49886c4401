"""For whom somebody acted, and why."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("mybcat", "0002_row_security")]

    operations = [
        migrations.AddField("auditentry", "on_behalf_kind", models.CharField(max_length=20, db_default="")),
        migrations.AddField("auditentry", "on_behalf_id", models.UUIDField(null=True)),
        migrations.AddField("auditentry", "reason", models.CharField(max_length=200, db_default="")),
    ]
