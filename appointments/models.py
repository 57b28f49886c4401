"""Schedules, the slots made from them, and the appointments that take slots."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q

from appointments.querysets import AppointmentQuerySet, SlotQuerySet
from mybcat.tenancy import PracticeForeignKey, PracticeManager, TenantModel
from patients.models import Patient
from practices.models import AppointmentType, Location, Practitioner
from practices.resources.models import Resource


class Schedule(TenantModel):
    """The bookable calendar of one practitioner, and how far its slots have been made."""

    practitioner = PracticeForeignKey(Practitioner, models.CASCADE)
    # Exclusive: the first day, on the practice's clock, that has no slots yet.
    generated_until = models.DateField()

    class Meta(TenantModel.Meta):
        constraints = (
            models.UniqueConstraint(fields=("practice", "id"), name="schedule_practice_id"),
            models.UniqueConstraint(fields=("practice", "practitioner"), name="schedule_once_per_practitioner"),
        )

    def __str__(self) -> str:
        return f"schedule of {self.practitioner_id}"


class Slot(TenantModel):
    """A bookable interval of one practitioner at one location: `[starts_at, ends_at)`.

    No index holds `status` or `appointment`, so that booking changes a slot in place (a HOT update).
    """

    class Status(models.TextChoices):
        """FHIR R4 SlotStatus."""

        FREE = "free"
        BUSY = "busy"
        BUSY_UNAVAILABLE = "busy-unavailable"
        BUSY_TENTATIVE = "busy-tentative"

    practitioner = PracticeForeignKey(Practitioner, models.PROTECT)
    location = PracticeForeignKey(Location, models.PROTECT)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.FREE)
    appointment = PracticeForeignKey("Appointment", models.PROTECT, null=True, related_name="slots")
    hold = PracticeForeignKey("Hold", models.PROTECT, null=True, related_name="slots")

    objects = PracticeManager.of(SlotQuerySet)

    class Meta(TenantModel.Meta):
        constraints = (
            models.UniqueConstraint(fields=("practice", "id"), name="slot_practice_id"),
            models.UniqueConstraint(
                fields=("practice", "practitioner", "starts_at"), name="slot_once_per_practitioner_and_start"
            ),
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="slot_end_after_start"),
            models.CheckConstraint(
                condition=Q(status="busy", appointment__isnull=False)
                | (~Q(status="busy") & Q(appointment__isnull=True)),
                name="slot_busy_means_an_appointment",
            ),
            models.CheckConstraint(
                condition=Q(status="busy-tentative", hold__isnull=False)
                | (~Q(status="busy-tentative") & Q(hold__isnull=True)),
                name="slot_tentative_means_a_hold",
            ),
        )
        indexes = (
            models.Index(fields=("practice", "starts_at"), name="slot_practice_starts_at"),
            # Of the few that are held; booking a free one leaves it alone.
            models.Index(fields=("practice", "hold"), name="slot_hold", condition=Q(hold__isnull=False)),
        )

    def __str__(self) -> str:
        return f"{self.starts_at:%Y-%m-%dT%H:%M%z} {self.status}"


class TimeRange(Func):
    function = "TSTZRANGE"
    output_field = DateTimeRangeField()


class Appointment(TenantModel):
    """A promise of a practitioner's time to a patient.

    `[starts_at, ends_at)` is what the patient is told; `[occupied_from, occupied_until)` adds the
    type's buffers and is what may not overlap, whoever writes.
    """

    class Status(models.TextChoices):
        """FHIR R4 AppointmentStatus, the part in use."""

        BOOKED = "booked"
        ARRIVED = "arrived"
        FULFILLED = "fulfilled"
        CANCELLED = "cancelled"
        NOSHOW = "noshow"
        ENTERED_IN_ERROR = "entered-in-error"

    class CancellationReason(models.TextChoices):
        PATIENT_REQUEST = "patient_request"
        PATIENT_UNWELL = "patient_unwell"
        PRACTITIONER_UNAVAILABLE = "practitioner_unavailable"
        PRACTICE_CLOSED = "practice_closed"
        BOOKED_IN_ERROR = "booked_in_error"
        OTHER = "other"

    class OverbookingReason(models.TextChoices):
        # The protocol says so, or whoever answers for the practice.
        EMERGENCY = "emergency"
        PRACTITIONER_REQUEST = "practitioner_request"
        CANNOT_WAIT = "cannot_wait"
        OTHER = "other"

    OCCUPYING = (Status.BOOKED, Status.ARRIVED, Status.FULFILLED)

    patient = PracticeForeignKey(Patient, models.PROTECT)
    practitioner = PracticeForeignKey(Practitioner, models.PROTECT)
    location = PracticeForeignKey(Location, models.PROTECT)
    appointment_type = PracticeForeignKey(AppointmentType, models.PROTECT)
    slot = PracticeForeignKey(Slot, models.PROTECT, related_name="+")
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.BOOKED)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    occupied_from = models.DateTimeField()
    occupied_until = models.DateTimeField()
    booked_by = models.UUIDField(editable=False)
    booked_at = models.DateTimeField()
    # When the patient said that they will come, then.
    confirmed_at = models.DateTimeField(null=True, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)
    cancelled_by = models.UUIDField(null=True, editable=False)
    cancellation_reason = models.CharField(max_length=30, choices=CancellationReason.choices, blank=True)
    # Beside what the calendar has room for (overbooking.py): it has no slots, and stands in nobody's way.
    overbooked = models.BooleanField(default=False, db_default=False)
    overbooking_reason = models.CharField(
        max_length=30, choices=OverbookingReason.choices, blank=True, default="", db_default=""
    )
    # What it was booked together with, and its place among them.
    group = PracticeForeignKey("AppointmentGroup", models.PROTECT, null=True, related_name="appointments")
    group_position = models.PositiveSmallIntegerField(default=0, db_default=0)
    # When it was put elsewhere, entered in error, or stood again, last; None: never since it was booked.
    changed_at = models.DateTimeField(null=True, editable=False)

    objects = PracticeManager.of(AppointmentQuerySet)

    class Meta(TenantModel.Meta):
        constraints = (
            models.UniqueConstraint(fields=("practice", "id"), name="appointment_practice_id"),
            ExclusionConstraint(
                name="appointment_no_overlap",
                expressions=[
                    (F("practitioner"), RangeOperators.EQUAL),
                    (TimeRange("occupied_from", "occupied_until"), RangeOperators.OVERLAPS),
                ],
                condition=Q(status__in=("booked", "arrived", "fulfilled"), overbooked=False),
            ),
            models.CheckConstraint(
                condition=Q(overbooked=True) & ~Q(overbooking_reason="") | Q(overbooked=False, overbooking_reason=""),
                name="appointment_overbooked_for_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(
                    ends_at__gt=F("starts_at"), occupied_from__lte=F("starts_at"), occupied_until__gte=F("ends_at")
                ),
                name="appointment_times_in_order",
            ),
            models.CheckConstraint(
                condition=Q(status="cancelled", cancelled_at__isnull=False, cancelled_by__isnull=False)
                & ~Q(cancellation_reason="")
                | ~Q(status="cancelled")
                & Q(cancelled_at__isnull=True, cancelled_by__isnull=True, cancellation_reason=""),
                name="appointment_cancelled_by_someone_for_a_reason",
            ),
        )
        indexes = (
            models.Index(fields=("practice", "starts_at"), name="appointment_practice_starts_at"),
            models.Index(fields=("practice", "patient", "starts_at"), name="appointment_patient"),
            models.Index(fields=("practice", "group"), name="appointment_group", condition=Q(group__isnull=False)),
        )

    def __str__(self) -> str:
        return f"{self.status} {self.starts_at:%Y-%m-%dT%H:%M%z}"


class Hold(TenantModel):
    """Times that are kept from everybody but their holder, for a short while by the database's clock.

    Its slots are busy-tentative. What ends it (booked, given back, run out) deletes it.
    """

    class Kind(models.TextChoices):
        # While a caller thinks.
        AGENT = "agent"
        # What a cancellation or a move has left, so that it can be undone for certain.
        UNDO = "undo"

    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.AGENT)
    holder_kind = models.CharField(max_length=10)
    holder_id = models.UUIDField()
    placed_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    # Of an undo: which change it is, and where the appointment began before.
    appointment = PracticeForeignKey(Appointment, models.CASCADE, null=True, related_name="+")
    slot = PracticeForeignKey(Slot, models.PROTECT, null=True, related_name="+")
    # The other appointment, where two changed places; why it was overbooked, where it was.
    swapped_with = PracticeForeignKey(Appointment, models.CASCADE, null=True, related_name="+")
    overbooking_reason = models.CharField(max_length=30, blank=True, default="", db_default="")
    # What the appointment was before it was entered in error; empty of any other change.
    former_status = models.CharField(max_length=16, blank=True, default="", db_default="")

    class Meta(TenantModel.Meta):
        constraints = (
            models.UniqueConstraint(fields=("practice", "id"), name="hold_practice_id"),
            models.CheckConstraint(condition=Q(former_status="") | Q(kind="undo"), name="hold_former_status_of_undo"),
            models.CheckConstraint(
                condition=Q(kind="undo", appointment__isnull=False, slot__isnull=False)
                | ~Q(kind="undo")
                & Q(appointment__isnull=True, slot__isnull=True, swapped_with__isnull=True, overbooking_reason=""),
                name="hold_undo_means_an_appointment",
            ),
        )
        indexes = (
            models.Index(fields=("practice", "holder_id"), name="hold_holder"),
            models.Index(fields=("expires_at",), name="hold_expires_at"),
        )

    def __str__(self) -> str:
        return f"{self.kind} until {self.expires_at:%Y-%m-%dT%H:%M:%S%z}"


class HeldTime(TenantModel):
    """One of the times that a hold keeps; those of one hold may overlap each other, and no others."""

    hold = PracticeForeignKey(Hold, models.CASCADE, related_name="times")
    # What it is kept for; of an undo, its hold says.
    appointment_type = PracticeForeignKey(AppointmentType, models.PROTECT, null=True, related_name="+")
    slot = PracticeForeignKey(Slot, models.PROTECT, related_name="+")
    practitioner = PracticeForeignKey(Practitioner, models.PROTECT)
    location = PracticeForeignKey(Location, models.PROTECT)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    occupied_from = models.DateTimeField()
    occupied_until = models.DateTimeField()

    class Meta(TenantModel.Meta):
        constraints = (
            models.UniqueConstraint(fields=("practice", "id"), name="held_time_practice_id"),
            models.UniqueConstraint(fields=("practice", "hold", "slot"), name="held_time_once_per_hold_and_slot"),
            ExclusionConstraint(
                name="held_time_no_overlap",
                expressions=[
                    (F("practitioner"), RangeOperators.EQUAL),
                    (F("hold"), RangeOperators.NOT_EQUAL),
                    (TimeRange("occupied_from", "occupied_until"), RangeOperators.OVERLAPS),
                ],
            ),
            models.CheckConstraint(
                condition=Q(
                    ends_at__gt=F("starts_at"), occupied_from__lte=F("starts_at"), occupied_until__gte=F("ends_at")
                ),
                name="held_time_times_in_order",
            ),
        )
        indexes = (models.Index(fields=("practice", "starts_at"), name="held_time_practice_starts_at"),)

    def __str__(self) -> str:
        return f"{self.starts_at:%Y-%m-%dT%H:%M%z}"


class ResourceUse(TenantModel):
    """A room or a piece of equipment that an appointment has, or a hold keeps, for a time.

    One owner's uses may overlap: an appointment's new time and the one that is kept for an undo, or the times that one
    holder keeps for a caller.
    """

    resource = PracticeForeignKey(Resource, models.PROTECT, related_name="+")
    # The appointment, or whoever holds.
    owner_id = models.UUIDField()
    appointment = PracticeForeignKey(Appointment, models.CASCADE, null=True, related_name="resource_uses")
    # What keeps it: while a caller thinks, or (with an appointment) for an undo.
    hold = PracticeForeignKey(Hold, models.CASCADE, null=True, related_name="resource_uses")
    occupied_from = models.DateTimeField()
    occupied_until = models.DateTimeField()

    class Meta(TenantModel.Meta):
        constraints = (
            models.UniqueConstraint(fields=("practice", "id"), name="resource_use_practice_id"),
            ExclusionConstraint(
                name="resource_use_no_overlap",
                expressions=[
                    (F("resource"), RangeOperators.EQUAL),
                    (F("owner_id"), RangeOperators.NOT_EQUAL),
                    (TimeRange("occupied_from", "occupied_until"), RangeOperators.OVERLAPS),
                ],
            ),
            models.CheckConstraint(
                condition=Q(appointment__isnull=False) | Q(hold__isnull=False), name="resource_use_of_somebody"
            ),
            models.CheckConstraint(condition=Q(occupied_until__gt=F("occupied_from")), name="resource_use_in_order"),
        )
        indexes = (
            models.Index(fields=("practice", "appointment"), name="resource_use_appointment"),
            models.Index(fields=("practice", "hold"), name="resource_use_hold", condition=Q(hold__isnull=False)),
        )

    def __str__(self) -> str:
        return f"{self.resource_id} from {self.occupied_from:%Y-%m-%dT%H:%M%z}"


# Django finds an application's models through this module.
from appointments.blocks.models import AppointmentBlock, AppointmentCap  # noqa: E402, F401
from appointments.calls.models import Call, CallAct  # noqa: E402, F401
from appointments.groups.models import AppointmentGroup  # noqa: E402, F401
from appointments.waitlist.models import WaitlistEntry, WaitlistOffer, WaitlistOpening  # noqa: E402, F401
