"""Appointments beside what the calendar has room for."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from appointments import serializers_v2 as v2
from appointments.overbooking import overbook_appointment
from appointments.serializers import OverbookingInput
from appointments.views import one_shown
from mybcat.gateway.endpoint import Endpoint
from mybcat.gateway.inputs import read_body
from mybcat.gateway.tiers import Tier
from mybcat.ids import public_id
from mybcat.principal import Permission


class Overbookings(Endpoint):
    permissions = {"POST": Permission.APPOINTMENT_WRITE}
    tiers = {"POST": Tier.BOOKING}
    idempotent = {"POST": "required"}
    call_acts = {"POST": "appointment.booked:appointmentId"}

    @extend_schema(operation_id="overbookAppointment", request=OverbookingInput, responses={201: v2.AppointmentOutput})
    def post(self, request: Request) -> Response:
        """Book beside what the calendar has room for, beginning with a slot that is taken.

        Managers may, up to the practitioner's cap for the day; agents may in an emergency, which the protocol's
        `answers` must show. A time that is free is refused: it is to be booked.
        """
        body: dict[str, Any] = read_body(OverbookingInput, request)
        answers = body.pop("answers", None)
        appointment = overbook_appointment(**body, answers=answers, by=self.principal, now=self.now)
        shown = one_shown(request, public_id("appt", appointment.id))[0]
        return Response(shown, status=201, headers={"Location": f"/api/v2/appointments/{shown['appointmentId']}"})
