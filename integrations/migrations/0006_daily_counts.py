from django.db import migrations, models

import mybcat.ids
from mybcat import row_security


class Migration(migrations.Migration):
    dependencies = [
        ("integrations", "0005_api_clients"),
    ]

    operations = [
        migrations.CreateModel(
            name="CountedEvent",
            fields=[
                (
                    "id",
                    models.UUIDField(default=mybcat.ids.new_uuid, editable=False, primary_key=True, serialize=False),
                ),
                ("practice_id", models.UUIDField(editable=False)),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "indexes": [models.Index(fields=["practice_id", "id"], name="counted_event_practice")],
            },
        ),
        migrations.CreateModel(
            name="DailyCount",
            fields=[
                (
                    "id",
                    models.UUIDField(default=mybcat.ids.new_uuid, editable=False, primary_key=True, serialize=False),
                ),
                ("practice_id", models.UUIDField(editable=False)),
                ("day", models.DateField()),
                ("counter", models.CharField(max_length=20)),
                ("appointment_type_id", models.UUIDField()),
                ("practitioner_id", models.UUIDField()),
                ("source", models.CharField(max_length=20)),
                ("agent_id", models.UUIDField(null=True)),
                ("count", models.PositiveIntegerField()),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(
                        fields=(
                            "practice_id",
                            "day",
                            "counter",
                            "appointment_type_id",
                            "practitioner_id",
                            "source",
                            "agent_id",
                        ),
                        name="daily_count_once",
                        nulls_distinct=False,
                    ),
                    models.CheckConstraint(condition=models.Q(("count__gt", 0)), name="daily_count_of_something"),
                ],
            },
        ),
        row_security.tenant_table("integrations_countedevent"),
        row_security.tenant_table("integrations_dailycount"),
    ]
