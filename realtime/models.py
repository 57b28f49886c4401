"""Visits, where their clinicians are, and where they were."""

from django.db import models
from django.db.models import Q

from appointments.models import Appointment
from mybcat.tenancy import PracticeForeignKey, TenantModel
from practices.models import Practitioner

_ON_EARTH = Q(latitude__range=(-90, 90), longitude__range=(-180, 180))


class Visit(TenantModel):
    """An appointment at the patient's: the practitioner goes there."""

    class Status(models.TextChoices):
        PLANNED = "planned"
        UNDER_WAY = "under_way"
        ARRIVED = "arrived"
        DONE = "done"

    appointment = PracticeForeignKey(Appointment, models.PROTECT)
    # The appointment's own when the visit was planned: who may say where they are.
    practitioner = PracticeForeignKey(Practitioner, models.PROTECT)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.PLANNED)
    # Where the patient is: theirs, and shown to nobody but the holder of the visit's link.
    destination_latitude = models.FloatField(null=True)
    destination_longitude = models.FloatField(null=True)
    planned_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    arrived_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        constraints = (
            models.UniqueConstraint(fields=("practice", "id"), name="visit_practice_id"),
            models.UniqueConstraint(fields=("practice", "appointment"), name="visit_once_per_appointment"),
            models.CheckConstraint(
                condition=Q(destination_latitude__isnull=True, destination_longitude__isnull=True)
                | Q(destination_latitude__range=(-90, 90), destination_longitude__range=(-180, 180)),
                name="visit_destination_on_earth",
            ),
            models.CheckConstraint(
                condition=Q(status="done", ended_at__isnull=False) | ~Q(status="done") & Q(ended_at__isnull=True),
                name="visit_done_with_time",
            ),
        )
        indexes = (models.Index(fields=("practice", "id"), name="visit_open", condition=~Q(status="done")),)

    def __str__(self) -> str:
        return f"{self.status} {self.id}"


class VisitLocation(TenantModel):
    """Where the clinician of a visit is: one row a visit, the newest word."""

    visit = PracticeForeignKey(Visit, models.CASCADE)
    latitude = models.FloatField()
    longitude = models.FloatField()
    # As of late; None before the second position.
    metres_per_second = models.FloatField(null=True)
    at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        constraints = (
            models.UniqueConstraint(fields=("practice", "id"), name="visit_location_practice_id"),
            models.UniqueConstraint(fields=("practice", "visit"), name="visit_location_once"),
            models.CheckConstraint(condition=_ON_EARTH, name="visit_location_on_earth"),
        )

    def __str__(self) -> str:
        return f"{self.visit_id} {self.at:%H:%M:%S}"


class VisitPosition(TenantModel):
    """Where the clinician was: the trail, kept for as long as the practice says."""

    visit = PracticeForeignKey(Visit, models.CASCADE)
    latitude = models.FloatField()
    longitude = models.FloatField()
    at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        constraints = (
            models.UniqueConstraint(fields=("practice", "id"), name="visit_position_practice_id"),
            models.CheckConstraint(condition=_ON_EARTH, name="visit_position_on_earth"),
        )
        indexes = (
            models.Index(fields=("practice", "visit", "at"), name="visit_position_of"),
            models.Index(fields=("practice", "at"), name="visit_position_at"),
        )

    def __str__(self) -> str:
        return f"{self.visit_id} {self.at:%H:%M:%S}"


class VisitPolicy(TenantModel):
    """What a practice has decided about its visits; without a row: the defaults."""

    trail_days = models.PositiveSmallIntegerField(default=30)

    class Meta(TenantModel.Meta):
        verbose_name_plural = "visit policies"
        constraints = (
            models.UniqueConstraint(fields=("practice", "id"), name="visit_policy_practice_id"),
            models.UniqueConstraint(fields=("practice",), name="visit_policy_once"),
            models.CheckConstraint(condition=Q(trail_days__lte=365), name="visit_policy_within_a_year"),
        )

    def __str__(self) -> str:
        return f"{self.trail_days} days"
