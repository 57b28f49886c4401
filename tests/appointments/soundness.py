"""What holds for every calendar, however its rows came about."""

from itertools import groupby, pairwise
from uuid import UUID

from appointments.models import Appointment, Slot
from mybcat.tenancy import practice_scope


def assert_sound(practice_id: UUID) -> None:
    """Slots are disjoint, a busy one has an appointment that needs it, and an appointment all that it needs."""
    with practice_scope(practice_id):
        slots = list(Slot.objects.exclude(status="busy-unavailable").order_by("practitioner_id", "starts_at"))
        appointments = {row.id: row for row in Appointment.objects.all()}
    for _, own in groupby(slots, key=lambda slot: slot.practitioner_id):
        assert all(earlier.ends_at <= later.starts_at for earlier, later in pairwise(own))
    taken: dict[UUID, list[Slot]] = {}
    for slot in slots:
        if slot.appointment_id is not None:
            taken.setdefault(slot.appointment_id, []).append(slot)
    assert taken.keys() == {row.id for row in appointments.values() if row.status != "cancelled"}
    for appointment_id, needed in taken.items():
        assert_fits(appointments[appointment_id], needed)


def assert_fits(appointment: Appointment, slots: list[Slot]) -> None:
    """`slots` (by time) are the appointment's and no more than it needs."""
    assert {(slot.practitioner_id, slot.location_id) for slot in slots} == {
        (appointment.practitioner_id, appointment.location_id)
    }
    assert all(earlier.ends_at == later.starts_at for earlier, later in pairwise(slots))
    assert slots[0].starts_at <= appointment.occupied_from < slots[0].ends_at
    assert slots[-1].starts_at < appointment.occupied_until <= slots[-1].ends_at
    (start,) = [slot for slot in slots if slot.id == appointment.slot_id]
    assert start.starts_at == appointment.starts_at
