"""The product as the model sees it: acts over HTTP, and what stands in the rows afterwards."""

from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid4

from appointments.models import Appointment, Hold, Slot
from mybcat.principal import Role
from mybcat.tenancy import practice_scope
from practices.models import AppointmentType, Practitioner
from tests.appointments.model.calendar import LONGEST, MOST_LONGEST, RESERVED, SLOTS, Calendar, Place
from tests.callers import Caller, public
from tests.factories import make_block, make_cap, make_clinic, make_member, make_slots, make_type, tomorrow_at

ACTORS = 3
LENGTHS = (1, 2, 3)


class World:
    """Three managers before the day of two practitioners."""

    def __init__(self) -> None:
        self.clinic = make_clinic(name="Model", time_zone="America/New_York")
        practice = self.clinic.practice
        self.types = {each: make_type(practice=practice, duration_minutes=15 * each).code for each in LENGTHS}
        members = [make_member(practice=practice, role=Role.PRACTICE_MANAGER) for _ in range(ACTORS)]
        self.actors = [Caller(each, practice) for each in members]
        self.members = [each.id for each in members]
        with practice_scope(practice.id):
            lee = Practitioner.objects.create(name="Dr Lee")
        start = tomorrow_at("13:00", time_zone=practice.time_zone)
        self.places: dict[Place, UUID] = {}
        for number, practitioner in enumerate((self.clinic.practitioner, lee)):
            made = make_slots(practitioner=practitioner, location=self.clinic.location, start=start, count=SLOTS)
            self.places |= {(number, each): slot.id for each, slot in enumerate(made)}
        self.numbers = {value: key for key, value in self.places.items()}
        # From one o'clock on, as the slots.
        with practice_scope(practice.id):
            kinds = {each: AppointmentType.objects.get(code=code) for each, code in self.types.items()}
        make_block(self.clinic, kinds[1], starts=time(13), ends=time(13, 15 * len(RESERVED)))
        make_cap(self.clinic, appointment_type=kinds[LONGEST], most=MOST_LONGEST)
        # By the model's names.
        self.appointments: dict[str, str] = {}

    def slot(self, place: Place) -> str:
        """Its public id; one that the calendar does not have is beyond its last one, and so not free either."""
        return public("slot", self.places[place])

    def post(self, by: int, path: str, body: Any) -> Any:
        answer = self.actors[by].post(f"/api/v2/{path}", body, key=str(uuid4()))
        assert answer.status_code in (200, 201, 409), answer.content
        return answer

    def wish(self, place: Place, length: int) -> dict[str, str]:
        return {
            "patientId": public("pat", self.clinic.patient.id),
            "slotId": self.slot(place),
            "type": self.types[length],
        }

    def act(self, by: int, name: str, what: str, body: Any = None) -> Any:
        return self.post(by, f"appointments/{self.appointments[name]}/{what}", body)

    def release(self, by: int, number: int) -> None:
        """The number-th of their holds for callers."""
        with practice_scope(self.clinic.practice.id):
            rows = Hold.objects.filter(holder_id=self.members[by], kind="agent", expires_at__gt=datetime.now(UTC))
            hold = rows.order_by("placed_at", "id")[number]
        assert self.actors[by].delete(f"/api/v2/holds/{public('hold', hold.id)}").status_code == 204

    def run_out(self, by: int) -> None:
        """All that they hold, and whatever they could have undone."""
        past = timedelta(hours=2)
        with practice_scope(self.clinic.practice.id):
            for hold in Hold.objects.filter(holder_id=self.members[by]):
                Hold.objects.filter(id=hold.id).update(expires_at=hold.expires_at - past)
            for row in Appointment.objects.filter(booked_by=self.members[by]):
                Appointment.objects.filter(id=row.id).update(booked_at=row.booked_at - past)

    def seen(self) -> dict[str, Any]:
        """What `shape()` makes of the model, read from the rows."""
        names = {value: key for key, value in self.appointments.items()}
        with practice_scope(self.clinic.practice.id):
            live = list(
                Hold.objects.filter(expires_at__gt=datetime.now(UTC))
                .order_by("placed_at", "id")
                .prefetch_related("slots")
            )
            slots = list(Slot.objects.filter(id__in=self.numbers).order_by("id"))
            rows = list(Appointment.objects.all())
        held = {each.id for each in live}
        return {
            "taken": {
                self.numbers[each.id]: names[public("appt", each.appointment_id)]
                for each in slots
                if each.appointment_id
            },
            "appointments": {
                names[public("appt", row.id)]: (self.numbers[row.slot_id], row.status, row.overbooked) for row in rows
            },
            "holds": [
                (
                    self.members.index(each.holder_id),
                    frozenset(self.numbers[slot.id] for slot in each.slots.all()),
                    each.appointment_id and names[public("appt", each.appointment_id)],
                )
                for each in live
            ],
            "free": {self.numbers[each.id] for each in slots if not each.appointment_id and each.hold_id not in held},
        }


def shape(calendar: Calendar) -> dict[str, Any]:
    """The model as `World.seen()` shows the rows."""
    taken = calendar.taken()
    held = {slot for each in calendar.holds for slot in each.slots}
    return {
        "taken": taken,
        "appointments": {
            name: (each.stand.place, "booked" if each.booked else "cancelled", each.stand.overbooked)
            for name, each in calendar.appointments.items()
        },
        "holds": [(each.by, each.slots, each.of[0] if each.of else None) for each in calendar.holds],
        "free": {(who, start) for who in range(2) for start in range(SLOTS)} - set(taken) - held,
    }
