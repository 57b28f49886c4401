import django.contrib.postgres.fields
import django.db.models.deletion
import integrations.reminders.models
import mybcat.ids
from django.db import migrations, models

from mybcat import row_security


class Migration(migrations.Migration):
    dependencies = [
        ("integrations", "0016_messaging_connections"),
        ("practices", "0008_front_desk"),
    ]

    operations = [
        migrations.CreateModel(
            name="ReminderSettings",
            fields=[
                (
                    "id",
                    models.UUIDField(default=mybcat.ids.new_uuid, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "offsets_minutes",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.PositiveIntegerField(),
                        blank=True,
                        default=integrations.reminders.models.default_offsets,
                        size=None,
                    ),
                ),
                ("cutoff_minutes", models.PositiveIntegerField(default=120)),
                ("swept_until", models.DateTimeField()),
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
                "verbose_name_plural": "reminder settings",
                "abstract": False,
                "base_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(fields=("practice", "id"), name="reminder_settings_practice_id"),
                    models.UniqueConstraint(fields=("practice",), name="reminder_settings_once"),
                    models.CheckConstraint(
                        condition=models.Q(("cutoff_minutes__lte", 10080)),
                        name="reminder_settings_cutoff_within_a_week",
                    ),
                ],
            },
        ),
        row_security.tenant_table("integrations_remindersettings"),
    ]
