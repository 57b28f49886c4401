"""Demo practices at work: bookings come and go, patients arrive; by the same services as everybody's."""

from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random
from uuid import UUID

from django.db.models import QuerySet

from appointments.availability import next_starts
from appointments.booking import book_appointment
from appointments.cancelling import cancel_appointment
from appointments.life_cycle import change_status
from appointments.models import Appointment
from appointments.moving import move_appointment
from appointments.samples.places import SamplePractice
from mybcat.errors import DomainError
from mybcat.principal import Principal, Role
from mybcat.tenancy import practice_scope
from patients.models import Patient
from practices.models import AppointmentType, Location, Membership, Practice, Practitioner

# Near enough to be looked at.
AHEAD = timedelta(days=4)
# Of the times that come next, so that not all stand one behind the other.
CHOICES = 30

Act = Callable[[Principal, Random, datetime], str]


def tick(sample: SamplePractice, *, now: datetime, chance: Random) -> str:
    """Do one thing of the day in the demo practice, which must be loaded; what was done, without a patient's data.

    Somebody at a screen may be faster: then nothing is done.
    """
    act = chance.choices((_book, _move, _cancel, _greet), weights=(5, 2, 2, 3))[0]
    try:
        with practice_scope(sample.id):
            return act(_agent(), chance, now)
    except DomainError as refusal:
        return f"nothing: {refusal.sentence}"


def _agent() -> Principal:
    practice = Practice.objects.get()
    member = Membership.objects.filter(role=Role.SCHEDULING_AGENT, is_active=True).order_by("id").first()
    if member is None:
        raise DomainError("there is no agent")
    return Principal.member(
        user_id=member.user_id,
        practice_id=practice.id,
        role=Role.SCHEDULING_AGENT,
        plan=practice.plan,
        entitled_until=practice.entitled_until,
        time_zone=practice.time_zone,
        session_id=None,
    )


def _book(by: Principal, chance: Random, now: datetime) -> str:
    kind = chance.choice(list(AppointmentType.objects.active()))
    patients = Patient.objects.standing().order_by("id")
    patient = patients[chance.randrange(patients.count())]
    slot_id = _some_time(kind, chance, now)
    book_appointment(patient_id=patient.id, slot_id=slot_id, type_code=kind.code, by=by, now=now)
    return "booked"


def _move(by: Principal, chance: Random, now: datetime) -> str:
    appointment = _one_of(_coming(now), chance)
    slot_id = _some_time(appointment.appointment_type, chance, now)
    move_appointment(appointment_id=appointment.id, slot_id=slot_id, by=by, now=now)
    return "moved"


def _cancel(by: Principal, chance: Random, now: datetime) -> str:
    appointment = _one_of(_coming(now), chance)
    cancel_appointment(appointment_id=appointment.id, reason="patient_request", by=by, now=now, undoable=True)
    return "cancelled"


def _greet(by: Principal, chance: Random, now: datetime) -> str:
    """Whoever is due arrives; whoever has been there long enough is seen."""
    since = now - timedelta(hours=2)
    rows = Appointment.objects.filter(starts_at__gt=since, starts_at__lte=now + timedelta(minutes=10))
    appointment = _one_of(rows.filter(status__in=("booked", "arrived")), chance)
    status = "arrived" if appointment.status == "booked" else "fulfilled"
    change_status(appointment_id=appointment.id, status=status, by=by, now=now)
    return status


def _coming(now: datetime) -> QuerySet[Appointment]:
    rows: QuerySet[Appointment] = Appointment.objects.filter(
        status="booked", starts_at__gt=now + timedelta(hours=1), starts_at__lt=now + AHEAD
    )
    return rows


def _one_of(rows: QuerySet[Appointment], chance: Random) -> Appointment:
    ids = list(rows.order_by("id").values_list("id", flat=True))
    if not ids:
        raise DomainError("there is none")
    return rows.get(id=chance.choice(ids))


def _some_time(kind: AppointmentType, chance: Random, now: datetime) -> UUID:
    starts = next_starts(
        appointment_type=kind,
        practitioners=list(Practitioner.objects.active().values_list("id", flat=True)),
        locations=list(Location.objects.active().values_list("id", flat=True)),
        since=now,
        limit=CHOICES,
    )
    if not starts:
        raise DomainError("there is no time")
    return chance.choice(starts).id
