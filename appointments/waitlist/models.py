"""Who waits, the times that have become free, and who was asked about each."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from appointments.wishes import PartOfDay
from mybcat.tenancy import PracticeForeignKey, TenantModel
from patients.models import Patient
from practices.models import AppointmentType, Location, Practitioner


class WaitlistEntry(TenantModel):
    """A patient who would take a time that becomes free. Empty wishes are none."""

    class Status(models.TextChoices):
        WAITING = "waiting"
        # A time is on offer to them.
        OFFERED = "offered"
        BOOKED = "booked"
        WITHDRAWN = "withdrawn"
        EXPIRED = "expired"

    class Urgency(models.TextChoices):
        """Of the protocol's words, those that can wait. In this order the urgent ones sort behind."""

        ROUTINE = "routine"
        URGENT = "urgent"

    STANDING = (Status.WAITING, Status.OFFERED)

    patient = PracticeForeignKey(Patient, models.PROTECT)
    appointment_type = PracticeForeignKey(AppointmentType, models.PROTECT)
    practitioner_ids = ArrayField(models.UUIDField(), default=list, blank=True)
    location_ids = ArrayField(models.UUIDField(), default=list, blank=True)
    # Days on the location's clock, both included.
    from_date = models.DateField(null=True)
    until_date = models.DateField(null=True)
    part_of_day = models.CharField(max_length=10, choices=[(part, part) for part in PartOfDay], blank=True)
    weekdays = ArrayField(models.CharField(max_length=3), default=list, blank=True)
    urgency = models.CharField(max_length=10, choices=Urgency.choices, default=Urgency.ROUTINE)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.WAITING)
    # What is to be earlier; once booked, what was booked or moved.
    appointment = PracticeForeignKey("appointments.Appointment", models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField()
    created_by = models.UUIDField(editable=False)
    ended_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        verbose_name_plural = "waitlist entries"
        constraints = (
            models.UniqueConstraint(fields=("practice", "id"), name="waitlist_entry_practice_id"),
            models.CheckConstraint(
                condition=Q(status__in=("waiting", "offered"), ended_at__isnull=True)
                | Q(status__in=("booked", "withdrawn", "expired"), ended_at__isnull=False),
                name="waitlist_entry_ends_at_some_time",
            ),
            models.CheckConstraint(
                condition=~Q(status="booked") | Q(appointment__isnull=False),
                name="waitlist_entry_booked_means_an_appointment",
            ),
            models.CheckConstraint(
                condition=Q(until_date__isnull=True) | Q(from_date__isnull=True) | Q(until_date__gte=F("from_date")),
                name="waitlist_entry_days_in_order",
            ),
        )
        indexes = (
            models.Index(fields=("practice", "status", "-urgency", "created_at", "id"), name="waitlist_entry_in_turn"),
            models.Index(fields=("practice", "patient"), name="waitlist_entry_patient"),
        )

    def __str__(self) -> str:
        return f"{self.status} {self.id}"


class WaitlistOpening(TenantModel):
    """A time that has become free: `[starts_at, ends_at)` of a practitioner, from the slot on."""

    class Status(models.TextChoices):
        OPEN = "open"
        # Somebody on the waitlist has it.
        FILLED = "filled"
        # Somebody else has it.
        TAKEN = "taken"
        # Nobody is left to be asked, or no time.
        LAPSED = "lapsed"

    slot = PracticeForeignKey("appointments.Slot", models.PROTECT, related_name="+")
    practitioner = PracticeForeignKey(Practitioner, models.PROTECT)
    location = PracticeForeignKey(Location, models.PROTECT)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.OPEN)
    # How often patients have been asked.
    batch = models.PositiveSmallIntegerField(default=0)
    freed_at = models.DateTimeField()
    # When it is to be looked at next.
    next_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        constraints = (
            models.UniqueConstraint(fields=("practice", "id"), name="waitlist_opening_practice_id"),
            models.CheckConstraint(
                condition=Q(status="open", next_at__isnull=False, ended_at__isnull=True)
                | ~Q(status="open") & Q(next_at__isnull=True, ended_at__isnull=False),
                name="waitlist_opening_open_means_a_next_look",
            ),
            # One cascade for one time.
            models.UniqueConstraint(
                fields=("practice", "slot"), condition=Q(status="open"), name="waitlist_opening_once_open"
            ),
        )
        indexes = (models.Index(fields=("next_at",), name="waitlist_opening_due", condition=Q(status="open")),)

    def __str__(self) -> str:
        return f"{self.status} {self.starts_at:%Y-%m-%dT%H:%M%z}"


class WaitlistOffer(TenantModel):
    """One patient asked about one opening."""

    class Status(models.TextChoices):
        OPEN = "open"
        ACCEPTED = "accepted"
        # Another was first.
        TAKEN = "taken"
        # Not answered in time; as long as nobody has it, a late yes is still one.
        EXPIRED = "expired"
        WITHDRAWN = "withdrawn"

    opening = PracticeForeignKey(WaitlistOpening, models.CASCADE, related_name="offers")
    entry = PracticeForeignKey(WaitlistEntry, models.CASCADE, related_name="offers")
    batch = models.PositiveSmallIntegerField()
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.OPEN)
    offered_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    # When the patient said yes, in time or not.
    answered_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        constraints = (
            models.UniqueConstraint(fields=("practice", "id"), name="waitlist_offer_practice_id"),
            models.UniqueConstraint(fields=("practice", "opening", "entry"), name="waitlist_offer_once"),
            models.UniqueConstraint(
                fields=("practice", "entry"), condition=Q(status="open"), name="waitlist_offer_one_at_a_time"
            ),
            # Whatever the code does.
            models.UniqueConstraint(
                fields=("practice", "opening"), condition=Q(status="accepted"), name="waitlist_offer_one_has_it"
            ),
        )
        indexes = (models.Index(fields=("practice", "offered_at", "id"), name="waitlist_offer_in_order"),)

    def __str__(self) -> str:
        return f"{self.status} {self.id}"
