"""Appointments: the calendar, booking. What changes them stands in change_views.py."""

from collections.abc import Sequence
from functools import cached_property
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from appointments import serializers_v1 as v1
from appointments import serializers_v2 as v2
from appointments.booking import Booked, book_appointment
from appointments.calendar import Calendar
from appointments.calendar_state import appointments_state
from appointments.days import day_range, today
from appointments.models import Appointment
from appointments.serializers import BookingInput, DaysQuery, read_booking
from appointments.unavailable import Unavailable
from appointments.why_not import why_not_slot
from mybcat import audit
from mybcat.errors import UnknownId
from mybcat.gateway.conditional import State, of_state
from mybcat.gateway.endpoint import Endpoint
from mybcat.gateway.lists import each, listed, page_cut, page_of, read_query
from mybcat.gateway.tiers import Tier
from mybcat.ids import internal_id
from mybcat.principal import Permission
from mybcat.tenancy import TenantModel
from patients.models import Patient
from patients.services import get_patient
from practices.models import Location, Practitioner

SHAPES: dict[str, Any] = {"v1": v1, "v2": v2}


class Appointments(Endpoint):
    permissions = {"GET": Permission.APPOINTMENT_READ, "POST": Permission.APPOINTMENT_WRITE}
    tiers = {"GET": Tier.T4, "POST": Tier.BOOKING}
    call_acts = {"POST": "appointment.booked:appointmentId"}
    idempotent = {"POST": "required"}
    etag = of_state(
        lambda endpoint, request: endpoint.state(),
        told=lambda endpoint: endpoint.asked[1].seen.versions,
        shown=lambda endpoint: endpoint.shown,
    )
    claiming = {"POST"}

    # Whose appointments the answer has shown.
    shown: Sequence[UUID] = ()

    @listed("listAppointments", v1=v1.AppointmentOutput, v2=v2.AppointmentOutput, query=DaysQuery)
    def get(self, request: Request) -> Response:
        """Appointments of some days, cancelled ones too, in order of time."""
        query, calendar = self.asked
        show = SHAPES[request.version or "v2"].show_appointment

        def show_all(page: Sequence[Any]) -> list[dict[str, Any]]:
            self.shown = list(dict.fromkeys(row.patient_id for row in page))
            audit.record(
                principal=self.principal,
                action="appointment.list",
                object_kind="pat",
                object_ids=self.shown,
                now=self.now,
            )
            return [show(row) for row in page]

        return page_cut(calendar, request=request, query=query, show_all=show_all)

    @extend_schema(
        operation_id="bookAppointment", versions=["v1"], request=BookingInput, responses={201: v1.BookedOutput}
    )
    @extend_schema(
        operation_id="bookAppointment", versions=["v2"], request=BookingInput, responses={201: v2.AppointmentOutput}
    )
    def post(self, request: Request) -> Response:
        """Book the slot, and those after it that the type needs."""
        wish = read_booking(request.data)
        try:
            return self._told(book_appointment(**wish, by=self.principal, now=self.now, key=self.key))
        except Unavailable as refusal:
            # Where a constraint refused, the transaction answers no question any more.
            if request.version != "v1" and refusal.__cause__ is None:
                refusal.members = self._why_not(wish)
            raise

    def _why_not(self, wish: dict[str, Any]) -> dict[str, Any]:
        about = {name: wish[name] for name in ("slot_id", "type_code", "patient_id")}
        explained = why_not_slot(**about, by=self.principal, now=self.now)
        shown = v2.show_explained(explained, self.principal.time_zone)
        return {name: shown[name] for name in ("blockers", "nearest")}

    @cached_property
    def asked(self) -> tuple[dict[str, Any], Calendar]:
        """The query, and the calendar that it means."""
        query = read_query(self.request, DaysQuery)
        refuse_unknown(query)
        since, until = days_of(query, self)
        return query, Calendar(
            practice_id=self.principal.practice_id,
            time_zone=self.principal.time_zone,
            since=since,
            until=until,
            practitioners=query.get("practitioner") or (),
            locations=query.get("location") or (),
        )

    def state(self) -> State:
        """Whether the calendar has changed, at a fraction of what showing it costs."""
        versions, patients = self.asked[1].state()
        return State(versions=(versions,), action="appointment.list", patients=tuple(patients))

    def replayed(self, answer: HttpResponse) -> Any:
        if answer.status_code != HTTPStatus.CREATED:
            return answer
        response = self._told(Booked.of(answer.content))
        response["Idempotent-Replayed"] = "true"
        return response

    def _told(self, booked: Booked) -> Response:
        shown = SHAPES[self.request.version or "v2"].show_booked(booked)
        address = f"/api/{self.request.version}/appointments/{shown['appointmentId']}"
        return Response(shown, status=201, headers={"Location": address})


class AppointmentDetail(Endpoint):
    permissions = {"GET": Permission.APPOINTMENT_READ}
    tiers = {"GET": Tier.T4}
    etag = of_state(lambda endpoint, request: state_of_one(endpoint.kwargs["appointment_id"]))

    @extend_schema(operation_id="getAppointment", versions=["v1"], responses=v1.AppointmentOutput)
    @extend_schema(operation_id="getAppointment", versions=["v2"], responses=v2.AppointmentOutput)
    def get(self, request: Request, appointment_id: str) -> Response:
        """One appointment."""
        shown, row = one_shown(request, appointment_id)
        audit.record(
            principal=self.principal,
            action="appointment.read",
            object_kind="pat",
            object_ids=[row.patient_id],
            now=self.now,
        )
        return Response(shown)


class PatientAppointments(Endpoint):
    permissions = {"GET": Permission.PATIENT_READ}
    tiers = {"GET": Tier.T4}

    @listed("listPatientAppointments", v1=v1.AppointmentOutput, v2=v2.AppointmentOutput)
    def get(self, request: Request, patient_id: str) -> Response:
        """All appointments of a patient, in order of time."""
        query = read_query(request)
        patient = get_patient(internal_id("pat", patient_id))
        audit.record(
            principal=self.principal,
            action="patient.appointments",
            object_kind="pat",
            object_ids=[patient.id],
            now=self.now,
        )
        rows = Appointment.objects.filter(patient_id=patient.id).shown()
        show = SHAPES[request.version or "v2"].show_appointment
        return page_of(rows, request=request, query=query, order=("starts_at", "id"), show_all=each(show))


def days_of(query: dict[str, Any], endpoint: Endpoint) -> tuple[Any, Any]:
    """The query's days as instants; one end given stands for both, none for today."""
    zone = endpoint.principal.time_zone
    first = query.get("from") or query.get("to") or today(now=endpoint.now, time_zone=zone)
    return day_range(first=first, last=query.get("to") or first, time_zone=zone)


_FILTERS: tuple[tuple[str, str, type[TenantModel]], ...] = (
    ("practitioner", "pract", Practitioner),
    ("location", "loc", Location),
    ("patient", "pat", Patient),
)


def refuse_unknown(query: dict[str, Any]) -> None:
    """A filter that names what the practice does not have is an error, not an empty list. Raises UnknownId."""
    for name, prefix, model in _FILTERS:
        asked = query.get(name) or ()
        known = set(model.objects.filter(id__in=asked).values_list("id", flat=True)) if asked else set()
        for value in asked:
            if value not in known:
                raise UnknownId(prefix=prefix, value=value)


def one_patient(query: dict[str, Any]) -> UUID | None:
    """Whom a search is for, where it says so."""
    return next(iter(query.get("patient") or ()), None)


def state_of_one(appointment_id: str) -> State | None:
    """What an answer about this appointment follows from; None where the practice has none such."""
    rows = Appointment.objects.filter(id=internal_id("appt", appointment_id))
    state = appointments_state(rows, action="appointment.read")
    # Whose the id is, is for the answer to say.
    return state if state.patients else None


def one_shown(request: Request, appointment_id: str) -> tuple[dict[str, Any], Any]:
    """The appointment in the version's shape, and its row. Raises UnknownId."""
    wanted = internal_id("appt", appointment_id)
    row = Appointment.objects.filter(id=wanted).shown().first()
    if row is None:
        raise UnknownId(prefix="appt", value=wanted)
    return SHAPES[request.version or "v2"].show_appointment(row), row
