"""What changes an appointment: cancelled, moved, arrived, missed; and what undoes that.

Each takes If-Match with the tag of `GET /appointments/{id}`: whoever looked at an older state is told so (412) and
changes nothing. The answer is the appointment as it is then, with its new tag.
"""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from appointments import serializers_v1 as v1
from appointments import serializers_v2 as v2
from appointments.cancelling import cancel_appointment
from appointments.life_cycle import change_status
from appointments.models import Appointment
from appointments.moving import move_appointment
from appointments.serializers import CancellationInput, MoveInput, StatusInput, SwapInput
from appointments.swapping import swap_appointments
from appointments.unavailable import Unavailable
from appointments.undoing import swapped_with, undo_change
from appointments.views import one_shown, state_of_one
from appointments.why_not import why_not_slot
from mybcat.gateway.conditional import refuse_stale, tagged
from mybcat.gateway.endpoint import Endpoint
from mybcat.gateway.inputs import read_body
from mybcat.gateway.tiers import Tier
from mybcat.ids import internal_id, public_id
from mybcat.principal import Permission


class Change(Endpoint):
    """One appointment, changed by POST."""

    permissions = {"POST": Permission.APPOINTMENT_WRITE}
    tiers = {"POST": Tier.BOOKING}
    idempotent = {"POST": "accepted"}

    def wanted(self, request: Request, appointment_id: str, *, beside: UUID | None = None) -> UUID:
        """The appointment's own id, locked and not stale; with it `beside`, which is to change as well.

        Raises UnknownId, PreconditionFailed.
        """
        wanted = internal_id("appt", appointment_id)
        if "HTTP_IF_MATCH" in request.META:
            # First, or what is compared may be changed by another before this change is made. Both in the order in
            # which everybody locks them.
            both = Appointment.objects.filter(id__in=[each for each in (wanted, beside) if each]).order_by("id")
            list(both.select_for_update(no_key=True))
            refuse_stale(
                principal=self.principal,
                request=request,
                path=self._path(request, appointment_id),
                read=lambda: state_of_one(appointment_id),
            )
        return wanted

    def told(self, request: Request, appointment_id: str) -> HttpResponse:
        """The answer."""
        response = Response(one_shown(request, appointment_id)[0])
        path = self._path(request, appointment_id)
        return tagged(response, principal=self.principal, path=path, state=state_of_one(appointment_id))

    def _path(self, request: Request, appointment_id: str) -> str:
        return f"/api/{request.version}/appointments/{appointment_id}"


class AppointmentCancel(Change):
    call_acts = {"POST": "appointment.cancelled:appointmentId"}

    @extend_schema(
        operation_id="cancelAppointment", versions=["v1"], request=CancellationInput, responses=v1.AppointmentOutput
    )
    @extend_schema(
        operation_id="cancelAppointment", versions=["v2"], request=CancellationInput, responses=v2.AppointmentOutput
    )
    def post(self, request: Request, appointment_id: str) -> HttpResponse:
        """Cancel an appointment that is still booked; its time is free again: in v2 once it can be undone no more."""
        reason = read_body(CancellationInput, request)["reason"]
        wanted = self.wanted(request, appointment_id)
        # v1 promised its callers a time that is free at once.
        undoable = request.version != "v1"
        cancel_appointment(appointment_id=wanted, reason=reason, by=self.principal, now=self.now, undoable=undoable)
        return self.told(request, appointment_id)


class AppointmentMove(Change):
    call_acts = {"POST": "appointment.moved:appointmentId"}

    @extend_schema(operation_id="moveAppointment", request=MoveInput, responses=v2.AppointmentOutput)
    def post(self, request: Request, appointment_id: str) -> HttpResponse:
        """Move an appointment that is still booked to another time, also of another practitioner or location.

        The old time is given back and the new one taken together, or nothing is changed. For as long as the move can be
        undone, the old time is kept for the caller.
        """
        slot_id = read_body(MoveInput, request)["slot_id"]
        wanted = self.wanted(request, appointment_id)
        try:
            move_appointment(appointment_id=wanted, slot_id=slot_id, by=self.principal, now=self.now)
        except Unavailable as refusal:
            # Where a constraint refused, the transaction answers no question any more.
            if refusal.__cause__ is None:
                refusal.members = self._why_not(wanted, slot_id)
            raise
        return self.told(request, appointment_id)

    def _why_not(self, appointment_id: UUID, slot_id: UUID) -> dict[str, Any]:
        shown = explained(appointment_id, slot_id, moving=[appointment_id], endpoint=self)
        return {name: shown[name] for name in ("blockers", "nearest")}


class AppointmentSwap(Change):
    call_acts = {"POST": "appointment.moved:appointmentId"}

    @extend_schema(operation_id="swapAppointments", request=SwapInput, responses=v2.AppointmentOutput)
    def post(self, request: Request, appointment_id: str) -> HttpResponse:
        """Let two appointments that are still booked change places, or change nothing.

        Each begins where the other began, of whichever practitioner and at whichever location that is, and takes the
        time of its own type. The answer is the appointment of the path; the other one's changes are an event of its
        own. Undone for one, it is undone for both.
        """
        other = read_body(SwapInput, request)["with_id"]
        wanted = self.wanted(request, appointment_id, beside=other)
        try:
            swap_appointments(ids=(wanted, other), by=self.principal, now=self.now)
        except Unavailable as refusal:
            if refusal.__cause__ is None:
                refusal.members = {"items": self._why_not(wanted, other)}
            raise
        return self.told(request, appointment_id)

    def _why_not(self, *pair: UUID) -> list[dict[str, Any]]:
        slots = dict(Appointment.objects.filter(id__in=pair).values_list("id", "slot_id"))
        found = []
        for one, other in (pair, reversed(pair)):
            shown = explained(one, slots[other], moving=pair, endpoint=self)
            found.append({"appointmentId": public_id("appt", one), "blockers": shown["blockers"]})
        return found


class AppointmentStatus(Change):
    call_acts = {"POST": "appointment.status_changed:appointmentId"}

    @extend_schema(operation_id="changeAppointmentStatus", request=StatusInput, responses=v2.AppointmentOutput)
    def post(self, request: Request, appointment_id: str) -> HttpResponse:
        """Say what has become of an appointment: arrived, fulfilled, noshow, or entered in error; or that it is booked
        after all. Where that cannot follow, the refusal says what can (`allowed`).
        """
        status = read_body(StatusInput, request)["status"]
        wanted = self.wanted(request, appointment_id)
        change_status(appointment_id=wanted, status=status, by=self.principal, now=self.now)
        return self.told(request, appointment_id)


class AppointmentUndo(Change):
    call_acts = {"POST": "appointment.undone:appointmentId"}

    @extend_schema(operation_id="undoChange", request=None, responses=v2.AppointmentOutput)
    def post(self, request: Request, appointment_id: str) -> HttpResponse:
        """Undo what you have just done to it: the booking, the move or the cancellation, for ten seconds.

        A booking that is undone is cancelled, as booked in error. The time that a move or a cancellation has left is
        kept until then, so that an undo never comes too late for it.
        """
        partner = swapped_with(appointment_id=internal_id("appt", appointment_id), by=self.principal)
        wanted = self.wanted(request, appointment_id, beside=partner)
        undo_change(appointment_id=wanted, by=self.principal, now=self.now)
        return self.told(request, appointment_id)


def explained(appointment_id: UUID, slot_id: UUID, *, moving: Collection[UUID], endpoint: Endpoint) -> dict[str, Any]:
    """Why the appointment cannot begin with the slot; what is `moving` along with it stands against nothing."""
    rows = Appointment.objects.values_list("appointment_type__code", "patient_id")
    code, patient_id = rows.get(id=appointment_id)
    asked: dict[str, Any] = {"by": endpoint.principal, "now": endpoint.now, "moving": moving}
    found = why_not_slot(slot_id=slot_id, type_code=code, patient_id=patient_id, **asked)
    return v2.show_explained(found, endpoint.principal.time_zone)
