"""A practice in the middle of a morning: three who see patients, and colleagues who book."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from appointments.models import Slot
from mybcat.tenancy import practice_scope
from patients.models import Patient
from practices.models import Practitioner, User
from practices.workspace.models import FrontDesk
from tests.callers import Caller, public
from tests.factories import Clinic, make_hours, make_member, make_patient, make_slots, make_type

SCRIPT = "Ask for name and birth date, and repeat both.\nFlashes, a curtain, an injury: ask the questions first."
OTHERS = ["Ben Amadi", "Carla Reyes", "Ingrid Holm", "Tariq Aziz", "June Park", "Omar Haddad"]


@dataclass
class Morning:
    clinic: Clinic
    colleague: Caller

    @property
    def tuesday(self) -> date:
        """Of next week."""
        ahead = datetime.now(self.clinic.zone).date() + timedelta(days=7)
        return ahead + timedelta(days=(1 - ahead.weekday()) % 7)


def begin(clinic: Clinic) -> Morning:
    """Some of tomorrow's times are taken; the agent's name and the practice's words are as callers hear them."""
    User.objects.filter(id=clinic.agent.id).update(name="Sarah Whitfield")
    morning = Morning(clinic, Caller(make_member(practice=clinic.practice), clinic.practice))
    with practice_scope(clinic.practice.id):
        greeting = f"Thank you for calling {clinic.practice.name}. How may I help you?"
        FrontDesk.objects.create(greeting=greeting, script=SCRIPT, insurance=["VSP", "EyeMed"])
    make_type(practice=clinic.practice, code="flashes_floaters", name="Flashes or floaters", duration_minutes=30)
    make_type(practice=clinic.practice, code="paediatric_exam", name="Paediatric exam", duration_minutes=30)
    make_type(practice=clinic.practice, code="glasses_check", name="Glasses check", duration_minutes=15)
    _open(morning)
    return morning


def known(morning: Morning, name: str, **fields: object) -> Patient:
    """Somebody who is on record."""
    first, last = name.split(" ")
    return make_patient(practice=morning.clinic.practice, first_name=first, last_name=last, **fields)


def taken(morning: Morning, patient: Patient, *, slot: int, code: str = "comprehensive_exam") -> str:
    """The id of an appointment that a colleague books for the patient, with Dr Alice Lee."""
    answer = morning.colleague.book(
        morning.clinic, slot=slot, patientId=public("pat", patient.id), type=code, version="v2"
    )
    assert answer.status_code == 201, answer.content
    booked: str = answer.json()["appointmentId"]
    return booked


def _open(morning: Morning) -> None:
    clinic = morning.clinic
    start = clinic.slots[-1].ends_at
    clinic.slots += make_slots(practitioner=clinic.practitioner, location=clinic.location, start=start, count=8)
    others = [_another(clinic, name) for name in ("Dr Marcus Grant", "Dr Priya Nair")]
    tuesday = datetime.combine(morning.tuesday, time(9), clinic.zone)
    make_slots(practitioner=clinic.practitioner, location=clinic.location, start=tuesday, count=12)
    make_hours(clinic, weekday=1, starts=time(9), ends=time(13))
    for place, name in enumerate(OTHERS):
        slots = others[place % 2]
        answer = morning.colleague.book(
            clinic,
            patientId=public("pat", known(morning, name).id),
            slotId=public("slot", slots[place // 2 * 4 + place % 2].id),
        )
        assert answer.status_code == 201, answer.content


def _another(clinic: Clinic, name: str) -> list[Slot]:
    with practice_scope(clinic.practice.id):
        practitioner = Practitioner.objects.create(name=name, qualification="OD")
    return make_slots(practitioner=practitioner, location=clinic.location, start=clinic.slots[0].starts_at, count=16)
