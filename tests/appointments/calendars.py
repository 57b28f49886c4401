"""A practitioner whose slots come from working hours, looked at as the location's clock shows them."""

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from appointments.models import Appointment, Slot
from appointments.schedules import extend_horizon
from mybcat.ids import new_uuid
from mybcat.tenancy import practice_scope
from practices.models import Location, Practice, Practitioner, WorkingHours
from tests.factories import Clinic

# A Monday, 07:00 in New York; clocks change there on Sunday the 14th.
NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)
MONDAY = date(2027, 3, 1)
HORIZON_DAYS = 14


@dataclass
class Calendar:
    """Of one practitioner, by default at work on Mondays from 09:00 to 10:00."""

    clinic: Clinic
    practitioner: Practitioner

    @property
    def zone(self) -> ZoneInfo:
        return self.clinic.zone

    def instant(self, clock: str, *, day: date = MONDAY) -> datetime:
        return datetime.combine(day, time.fromisoformat(clock), self.zone).astimezone(UTC)

    def rows(self) -> list[Slot]:
        with practice_scope(self.clinic.practice.id):
            return list(Slot.objects.filter(practitioner=self.practitioner).order_by("starts_at"))

    def shown(self, *, day: date = MONDAY) -> dict[str, str]:
        """Start on the location's clock → status."""
        local = [(row.starts_at.astimezone(self.zone), row.status) for row in self.rows()]
        return {f"{starts_at:%H:%M}": status for starts_at, status in local if starts_at.date() == day}

    def free(self, *, day: date = MONDAY) -> list[str]:
        return [clock for clock, status in self.shown(day=day).items() if status == Slot.Status.FREE]

    def statuses(self) -> Counter[str]:
        return Counter(row.status for row in self.rows())

    def slot(self, clock: str, *, day: date = MONDAY) -> Slot:
        return next(row for row in self.rows() if row.starts_at == self.instant(clock, day=day))

    def refreshed(self) -> Practitioner:
        """As a request would load the practitioner: nothing cached of the practice."""
        return Practitioner.objects.select_related("practice").get(id=self.practitioner.id)

    def set_practice(self, **fields: object) -> None:
        with practice_scope(self.clinic.practice.id):
            Practice.objects.update(**fields)

    def take(self, *clocks: str, status: str = Appointment.Status.BOOKED) -> Appointment:
        """An appointment in those slots of Monday, written past the services."""
        slots = [self.slot(clock) for clock in clocks]
        with practice_scope(self.clinic.practice.id):
            appointment = self.appointment(slots[0].starts_at, slots[-1].ends_at, slot_id=slots[0].id, status=status)
            Slot.objects.filter(id__in=[slot.id for slot in slots]).update(status="busy", appointment=appointment)
        return appointment

    def appointment(self, starts_at: datetime, ends_at: datetime, *, slot_id: UUID, status: str) -> Appointment:
        cancelled = {"cancelled_at": NOW, "cancelled_by": new_uuid(), "cancellation_reason": "other"}
        created: Appointment = Appointment.objects.create(
            patient=self.clinic.patient,
            practitioner=self.practitioner,
            location=self.clinic.location,
            appointment_type=self.clinic.exam,
            slot_id=slot_id,
            status=status,
            starts_at=starts_at,
            ends_at=ends_at,
            occupied_from=starts_at,
            occupied_until=ends_at,
            booked_by=self.clinic.agent.id,
            booked_at=NOW,
            **(cancelled if status == "cancelled" else {}),
        )
        return created


def hours(
    location: Location, starts: str = "09:00", ends: str = "10:00", *, weekday: int = 0, valid_from: date = MONDAY
) -> WorkingHours:
    """Unsaved."""
    clock = {"starts": time.fromisoformat(starts), "ends": time.fromisoformat(ends)}
    return WorkingHours(location=location, weekday=weekday, valid_from=valid_from, **clock)


def make_calendar(clinic: Clinic, *periods: WorkingHours, now: datetime = NOW, name: str = "Dr Ben Cho") -> Calendar:
    with practice_scope(clinic.practice.id):
        Practice.objects.update(horizon_days=HORIZON_DAYS)
        practitioner = Practitioner.objects.create(name=name)
        for period in periods or (hours(clinic.location),):
            period.practitioner = practitioner
            period.save()
        calendar = Calendar(clinic, practitioner)
        extend_horizon(practitioner=calendar.refreshed(), now=now)
    return calendar


def make_location(clinic: Clinic, *, name: str = "Uptown", time_zone: str = "America/New_York") -> Location:
    with practice_scope(clinic.practice.id):
        created: Location = Location.objects.create(name=name, time_zone=time_zone)
    return created


def day_after(days: int) -> date:
    return MONDAY + timedelta(days=days)
