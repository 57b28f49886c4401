"""Events of an appointment as services publish them, counted one way or another."""

from datetime import datetime
from typing import Any
from uuid import UUID

from integrations.analytics.counting import count_event
from integrations.analytics.models import DailyCount
from integrations.listeners import ANALYTICS
from mybcat.ids import new_uuid, public_id
from mybcat.models import Delivery, Event
from mybcat.tenancy import practice_scope
from tests.factories import Clinic
from tests.integrations.booked import NOW, booked


def happened(
    clinic: Clinic,
    event_type: str,
    *,
    appointment: Any = None,
    at: datetime = NOW,
    practitioner: UUID | None = None,
    kind: str = "member",
    by: UUID | None = None,
) -> Event:
    """An event of `appointment`, or of a new one, whether or not a service publishes such events by now."""
    appointment = appointment or booked(clinic, slot=clinic.slots[0], status="noshow")[0]
    with practice_scope(clinic.practice.id):
        return Event.objects.create(
            type=event_type,
            subject_id=appointment.id,
            data={
                "appointmentId": public_id("appt", appointment.id),
                "practitionerId": public_id("pract", practitioner or appointment.practitioner_id),
            },
            principal_kind=kind,
            principal_id=by or clinic.agent.id,
            correlation_id="a-correlation-id",
            occurred_at=at,
        )


def delivered(event: Event) -> None:
    """One attempt of the listener's; as many as are asked for, in any order."""
    delivery = Delivery(practice_id=event.practice_id, event=event, listener=ANALYTICS.name, lease=new_uuid())
    count_event(delivery=delivery, now=NOW)


Figures = dict[tuple[Any, ...], int]


def figures(clinic: Clinic) -> Figures:
    """Every row: day, counter, type, practitioner, source, agent → count."""
    with practice_scope(clinic.practice.id):
        return {
            (row.day, row.counter, row.appointment_type_id, row.practitioner_id, row.source, row.agent_id): row.count
            for row in DailyCount.objects.all()
        }
