"""What managers keep free for some visits, and of which visits they want no more than so many a day."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from mybcat.tenancy import PracticeForeignKey, TenantModel
from practices.models import AppointmentType, Location, Practitioner


class AppointmentBlock(TenantModel):
    """A part of some weekdays, on the location's clock, in which a practitioner sees some types of appointment alone.

    Wall-clock times: 09:00 stays 09:00 when the clocks change. A slot that it touches is for its types; where several
    touch one, for the types of all of them.
    """

    practitioner = PracticeForeignKey(Practitioner, models.CASCADE)
    # None: wherever the practitioner is.
    location = PracticeForeignKey(Location, models.CASCADE, null=True, blank=True)
    name = models.CharField(max_length=120)
    # 0 is Monday, as in datetime.date.weekday().
    weekdays = ArrayField(models.PositiveSmallIntegerField())
    starts = models.TimeField()
    # Exclusive; 00:00 is the end of the day.
    ends = models.TimeField()
    type_ids = ArrayField(models.UUIDField(), default=list, blank=True)
    # Also for every type that is for new patients alone, whenever it was made; and of `type_ids` what is for anybody is
    # here for patients alone who have not been here before.
    for_new_patients = models.BooleanField(default=False)
    # So long before it begins it is anybody's; None: never.
    release_hours = models.PositiveSmallIntegerField(null=True, blank=True)
    valid_from = models.DateField()
    # Exclusive; None: until further notice.
    valid_until = models.DateField(null=True, blank=True)

    class Meta(TenantModel.Meta):
        constraints = (
            models.UniqueConstraint(fields=("practice", "id"), name="appointment_block_practice_id"),
            models.CheckConstraint(
                condition=Q(ends__gt=F("starts")) | Q(ends="00:00"), name="appointment_block_end_after_start"
            ),
            models.CheckConstraint(
                condition=Q(weekdays__len__gt=0, weekdays__contained_by=list(range(7))),
                name="appointment_block_weekdays",
            ),
            models.CheckConstraint(
                condition=Q(for_new_patients=True) | Q(type_ids__len__gt=0), name="appointment_block_for_somebody"
            ),
            models.CheckConstraint(
                condition=Q(release_hours__isnull=True) | Q(release_hours__lte=2160),
                name="appointment_block_released_within_ninety_days",
            ),
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(valid_until__gt=F("valid_from")),
                name="appointment_block_validity",
            ),
        )
        indexes = (models.Index(fields=("practice", "practitioner"), name="appointment_block_practitioner"),)

    def __str__(self) -> str:
        return self.name


class AppointmentCap(TenantModel):
    """At most so many appointments of a type on a day: of a practitioner, at a location, of both, or of the practice.

    Each appointment is of the day that its location's clock shows when it begins.
    """

    appointment_type = PracticeForeignKey(AppointmentType, models.CASCADE)
    practitioner = PracticeForeignKey(Practitioner, models.CASCADE, null=True, blank=True)
    location = PracticeForeignKey(Location, models.CASCADE, null=True, blank=True)
    most = models.PositiveSmallIntegerField()

    class Meta(TenantModel.Meta):
        constraints = (
            models.UniqueConstraint(fields=("practice", "id"), name="appointment_cap_practice_id"),
            # Its index answers whether a type has caps, too.
            models.UniqueConstraint(
                fields=("practice", "appointment_type", "practitioner", "location"),
                nulls_distinct=False,
                name="appointment_cap_once",
            ),
            models.CheckConstraint(condition=Q(most__gte=1), name="appointment_cap_is_no_ban"),
        )

    def __str__(self) -> str:
        return f"at most {self.most} a day"
