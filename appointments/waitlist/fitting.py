"""Whom a time suits: by what it is long enough for, and by what each entry wishes."""

from collections.abc import Collection
from datetime import timedelta

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from appointments.availability import starts
from appointments.days import zone
from appointments.models import Appointment
from appointments.waitlist.models import WaitlistEntry, WaitlistOffer, WaitlistOpening
from appointments.wishes import WEEKDAYS, Wishes, part_of
from practices.models import AppointmentType


def in_turn(opening: WaitlistOpening) -> "QuerySet[WaitlistEntry]":
    """Who waits for such a time and was not asked about it, with their patients: the urgent first, then the longest.

    A number that is asked about another time is asked about no second one: a yes must mean one thing.
    """
    local = opening.starts_at.astimezone(zone(opening.location.time_zone))
    day = local.date()
    asked = WaitlistOffer.objects.filter(status=WaitlistOffer.Status.OPEN, entry__patient__phone__gt="")
    rows: QuerySet[WaitlistEntry] = (
        WaitlistEntry.objects.filter(
            Q(practitioner_ids=[]) | Q(practitioner_ids__contains=[opening.practitioner_id]),
            Q(location_ids=[]) | Q(location_ids__contains=[opening.location_id]),
            Q(from_date=None) | Q(from_date__lte=day),
            Q(until_date=None) | Q(until_date__gte=day),
            Q(part_of_day="") | Q(part_of_day=part_of(local.time())),
            Q(weekdays=[]) | Q(weekdays__contains=[WEEKDAYS[day.weekday()]]),
            # Only what is really earlier than what the patient has.
            Q(appointment=None)
            | Q(appointment__status=Appointment.Status.BOOKED, appointment__starts_at__gt=opening.starts_at),
            _suits(opening),
            status=WaitlistEntry.Status.WAITING,
        )
        .exclude(Exists(WaitlistOffer.objects.filter(opening=opening, entry=OuterRef("id"))))
        .exclude(patient__phone__in=asked.values("entry__patient__phone"))
        .select_related("patient")
        .order_by(F("urgency").desc(), "created_at", "id")
    )
    return rows


def _suits(opening: WaitlistOpening) -> Q:
    """By type, and for times that are for new patients by whether the patient has been here."""
    for_new = _types_that_fit(opening)
    known = Exists(Appointment.objects.filter(patient_id=OuterRef("patient_id"), status=Appointment.Status.FULFILLED))
    for_all = [kind.id for kind in for_new if _fits(kind, opening, been_here=True)]
    return Q(appointment_type_id__in=for_all) | Q(~known, appointment_type_id__in=[kind.id for kind in for_new])


def _types_that_fit(opening: WaitlistOpening) -> Collection[AppointmentType]:
    """Types of which an appointment can begin there now, with its buffers and what it needs of rooms and equipment."""
    if not (opening.practitioner.is_active and opening.location.is_active):
        return []
    waiting = WaitlistEntry.objects.filter(status=WaitlistEntry.Status.WAITING)
    kinds = AppointmentType.objects.active().filter(id__in=waiting.values("appointment_type_id"))
    return [kind for kind in kinds if _fits(kind, opening)]


def _fits(kind: AppointmentType, opening: WaitlistOpening, *, been_here: bool = False) -> bool:
    found = starts(
        appointment_type=kind,
        practitioners=[opening.practitioner_id],
        locations=[opening.location_id],
        since=opening.starts_at,
        until=opening.starts_at + timedelta(microseconds=1),
        limit=1,
        wishes=Wishes(been_here=been_here),
    )
    return bool(found)
