"""Rooms and equipment, and which types of appointment need them."""

import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
import mybcat.ids
import mybcat.tenancy
from django.db import migrations, models

from mybcat import row_security


class Migration(migrations.Migration):
    dependencies = [
        ("practices", "0010_self_service"),
    ]

    operations = [
        migrations.AddField(
            model_name="appointmenttype",
            name="resource_categories",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=40), blank=True, db_default=[], default=list, size=None
            ),
        ),
        migrations.CreateModel(
            name="Resource",
            fields=[
                (
                    "id",
                    models.UUIDField(default=mybcat.ids.new_uuid, editable=False, primary_key=True, serialize=False),
                ),
                ("kind", models.CharField(choices=[("room", "Room"), ("equipment", "Equipment")], max_length=10)),
                (
                    "category",
                    models.CharField(
                        max_length=40, validators=[django.core.validators.RegexValidator("^[a-z][a-z0-9_]{0,39}$")]
                    ),
                ),
                ("name", models.CharField(max_length=120)),
                ("is_active", models.BooleanField(default=True)),
                (
                    "location",
                    mybcat.tenancy.PracticeForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="practices.location",
                    ),
                ),
                (
                    "practice",
                    models.ForeignKey(
                        db_index=False,
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="practices.practice",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "indexes": [models.Index(fields=["practice", "location", "category"], name="resource_category")],
                "constraints": [
                    models.UniqueConstraint(fields=("practice", "id"), name="resource_practice_id"),
                    models.UniqueConstraint(fields=("practice", "location", "name"), name="resource_name_once"),
                ],
            },
        ),
        row_security.tenant_table("practices_resource"),
        row_security.reference("practices_resource", "location_id", "practices_location"),
    ]
