"""What was entered in error can be undone like any other change: what it was before stands with what keeps its time."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("appointments", "0018_rooms_of_who_undoes")]

    operations = [
        migrations.AddField(
            model_name="hold",
            name="former_status",
            field=models.CharField(blank=True, db_default="", default="", max_length=16),
        ),
        migrations.AddConstraint(
            model_name="hold",
            constraint=models.CheckConstraint(
                condition=models.Q(("former_status", ""), ("kind", "undo"), _connector="OR"),
                name="hold_former_status_of_undo",
            ),
        ),
    ]
