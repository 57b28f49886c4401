from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("practices", "0009_overbookings_a_day")]

    operations = [
        migrations.AddField(
            "practice", "self_service_lead_hours", models.PositiveSmallIntegerField(blank=True, null=True)
        ),
        migrations.AddField(
            "practice", "self_service_horizon_days", models.PositiveSmallIntegerField(blank=True, null=True)
        ),
        migrations.AddConstraint(
            "practice",
            models.CheckConstraint(
                condition=Q(self_service_lead_hours__isnull=True) | Q(self_service_lead_hours__lte=720),
                name="practice_self_service_lead_within_a_month",
            ),
        ),
        migrations.AddConstraint(
            "practice",
            models.CheckConstraint(
                condition=Q(self_service_horizon_days__isnull=True) | Q(self_service_horizon_days__range=(1, 366)),
                name="practice_self_service_horizon_within_a_year",
            ),
        ),
    ]
