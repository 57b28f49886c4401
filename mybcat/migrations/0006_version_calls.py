"""Who still calls a version of the API that ends."""

from django.db import migrations, models

import mybcat.ids
from mybcat import row_security


class Migration(migrations.Migration):
    dependencies = [("mybcat", "0005_alarmed_events")]

    operations = [
        migrations.CreateModel(
            name="VersionCall",
            fields=[
                (
                    "id",
                    models.UUIDField(default=mybcat.ids.new_uuid, editable=False, primary_key=True, serialize=False),
                ),
                ("practice_id", models.UUIDField(editable=False)),
                ("version", models.CharField(max_length=10)),
                ("principal_kind", models.CharField(max_length=20)),
                ("principal_id", models.UUIDField()),
                ("day", models.DateField()),
                ("calls", models.PositiveIntegerField()),
                ("last_at", models.DateTimeField()),
            ],
            options={"abstract": False, "base_manager_name": "objects"},
        ),
        migrations.AddConstraint(
            model_name="versioncall",
            constraint=models.UniqueConstraint(
                fields=("practice_id", "version", "principal_kind", "principal_id", "day"),
                name="version_call_once_a_day",
            ),
        ),
        row_security.tenant_table("mybcat_versioncall"),
    ]
