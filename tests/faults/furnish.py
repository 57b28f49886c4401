"""A program of the tests: makes practices in the product's database and prints them as JSON.

`python -m tests.faults.furnish SLOTS…`: each has an agent, a patient, and so many free slots.
"""

import json
import sys

import django


def main(*slots: str) -> None:
    django.setup()
    print(json.dumps([_practice(number, int(count)) for number, count in enumerate(slots)]))


def _practice(number: int, slots: int) -> dict[str, object]:
    from tests import factories
    from tests.callers import public

    clinic = factories.make_clinic(name=f"Practice {number}", time_zone="America/New_York")
    quarter = factories.make_type(practice=clinic.practice, code="quarter", duration_minutes=15)
    free = factories.make_slots(
        practitioner=clinic.practitioner,
        location=clinic.location,
        start=factories.tomorrow_at("08:00", time_zone="America/New_York", days=2),
        count=slots,
    )
    return {
        "practice": str(clinic.practice.id),
        "email": clinic.agent.email,
        "password": factories.PASSWORD,
        "patient": public("pat", clinic.patient.id),
        "patient_row": str(clinic.patient.id),
        "type": quarter.code,
        "slots": [public("slot", slot.id) for slot in free],
    }


if __name__ == "__main__":
    main(*sys.argv[1:])
