"""What is made up: people, holidays, and visits in free slots."""

import re
from datetime import UTC, date, datetime, timedelta
from random import Random
from uuid import UUID

import pytest

from appointments.samples.holidays import holidays_between
from appointments.samples.people import make_patients
from appointments.samples.places import PRACTICES, TYPES, SampleType
from appointments.samples.visits import FreeSlot, Visit, make_visits

TODAY = date(2026, 11, 23)
EXAM = SampleType("exam", "Exam", 30, weight=1)
BUFFERED = SampleType("buffered", "Buffered", 20, weight=1, before=10, after=15)


def free_slots(*starts: str, minutes: int = 15, location: int = 1) -> list[FreeSlot]:
    times = [datetime.fromisoformat(f"2026-11-23T{start}").replace(tzinfo=UTC) for start in starts]
    length = timedelta(minutes=minutes)
    return [FreeSlot(UUID(int=n), UUID(int=9), UUID(int=location), at, at + length) for n, at in enumerate(times)]


def visits(slots: list[FreeSlot], *types: SampleType, share: float = 1, seed: int = 0) -> list[Visit]:
    made = make_visits(slots=slots, types=types or TYPES, slot_minutes=15, share=share, chance=Random(seed))
    return list(made)


class TestVisits:
    def test_a_full_calendar_is_full(self) -> None:
        slots = free_slots("09:00", "09:15", "09:30", "09:45")
        assert [visit.slots for visit in visits(slots, EXAM)] == [slots[:2], slots[2:]]

    def test_an_empty_one_is_empty(self) -> None:
        assert visits(free_slots("09:00", "09:15"), EXAM, share=0) == []
        assert visits([], EXAM) == []

    def test_buffers_take_slots_before_and_after(self) -> None:
        slots = free_slots("09:00", "09:15", "09:30", "09:45")
        (visit,) = visits(slots, BUFFERED)
        assert visit.slots == slots
        assert visit.slot == slots[1]
        shown = [visit.occupied_from, visit.starts_at, visit.ends_at, visit.occupied_until]
        assert [f"{at:%H:%M}" for at in shown] == ["09:05", "09:15", "09:35", "09:50"]

    def test_none_goes_across_a_break(self) -> None:
        slots = free_slots("09:00", "09:15", "09:30", "10:00", "10:15")
        assert [visit.slots for visit in visits(slots, EXAM)] == [slots[:2], slots[3:]]

    def test_none_goes_across_two_places(self) -> None:
        slots = [*free_slots("09:00"), *free_slots("09:15", location=2)]
        assert visits(slots, EXAM) == []

    @pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
    def test_about_as_many_slots_are_taken_as_asked_for(self, share: float) -> None:
        day = [f"{9 + quarter // 4:02}:{quarter % 4 * 15:02}" for quarter in range(16)]
        taken = sum(
            len(visit.slots) for seed in range(500) for visit in visits(free_slots(*day), share=share, seed=seed)
        )
        assert taken / (500 * 16) == pytest.approx(share, abs=0.03)


class TestPatients:
    def test_they_are_the_same_each_time(self) -> None:
        made = [make_patients(count=50, area_codes=("212",), today=TODAY, chance=Random("seed")) for _ in range(2)]
        assert made[0] == made[1]

    def test_they_are_plausible(self) -> None:
        people = make_patients(count=400, area_codes=("212", "646", "917", "312"), today=TODAY, chance=Random(1))
        assert len({(person.first_name, person.last_name) for person in people}) == 400
        assert len({person.phone for person in people}) == 400
        assert all(re.fullmatch(r"\+1(212|646|917|312)55501\d\d", person.phone) for person in people)
        ages = [(TODAY - person.date_of_birth).days / 365.25 for person in people]
        assert 3 <= min(ages) < 13 and 80 < max(ages) < 97
        assert sum(person.sms_consent for person in people) / 400 == pytest.approx(0.9, abs=0.05)
        insured = [(person.insurance_provider, age) for person, age in zip(people, ages, strict=True)]
        assert min(age for insurer, age in insured if insurer == "Medicare") > 64
        assert {insurer for insurer, _ in insured} >= {"VSP", "EyeMed", "Medicare"}

    def test_addresses_are_ascii(self) -> None:
        people = make_patients(count=2000, area_codes=("212",), today=TODAY, chance=Random(1))
        assert all(re.fullmatch(r"[a-z]+\.[a-z]+@patients\.example", person.email) for person in people if person.email)


class TestHolidays:
    def test_a_year(self) -> None:
        days = holidays_between(since=date(2027, 1, 1), until=date(2028, 1, 1))
        assert [f"{day:%m-%d}" for day in days] == [
            "01-01",
            "01-18",
            "02-15",
            "05-31",
            "06-19",
            "07-04",
            "09-06",
            "10-11",
            "11-11",
            "11-25",
            "12-25",
        ]

    def test_half_open(self) -> None:
        christmas = date(2026, 12, 25)
        assert holidays_between(since=christmas, until=date(2027, 1, 1)) == [christmas]
        assert holidays_between(since=date(2026, 12, 26), until=date(2027, 1, 2)) == [date(2027, 1, 1)]


def test_the_demo_is_of_the_promised_size() -> None:
    assert [(len(sample.locations), len(sample.practitioners)) for sample in PRACTICES] == [(2, 5), (1, 3)]
    assert sum(sample.patients for sample in PRACTICES) == 400
    assert len({kind.code for kind in TYPES}) == 12
