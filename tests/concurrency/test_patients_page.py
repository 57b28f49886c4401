"""The patient's page while somebody else has the appointment locked: told in words, and nothing is changed."""

import pytest
from django.test import Client

from appointments.models import Appointment
from integrations.self_service.links import token_of
from integrations.self_service.words import WORDS
from mybcat.ids import internal_id
from mybcat.tenancy import practice_scope
from tests.api.rows import changes
from tests.callers import Caller
from tests.concurrency.elsewhere import elsewhere
from tests.factories import Clinic

LOCK = "SELECT 1 FROM appointments_appointment WHERE id = %s FOR NO KEY UPDATE"


@pytest.mark.parametrize("wish", ["cancel", "confirm"])
def test_who_comes_between_is_asked_to_try_again(
    agents: list[Caller], client: Client, clinic: Clinic, wish: str
) -> None:
    booked = internal_id("appt", agents[0].book(clinic).json()["appointmentId"])
    page = f"/a/{token_of(practice_id=clinic.practice.id, appointment_id=booked)}"
    with elsewhere() as other:
        other.execute(LOCK, [booked])
        with changes():
            answer = client.post(page, {"wish": wish})
    assert (answer.status_code, answer.headers["Cache-Control"]) == (503, "no-store")
    for words in WORDS.values():
        assert words["later"] in answer.content.decode()
    assert client.post(page, {"wish": wish}).status_code == 303
    with practice_scope(clinic.practice.id):
        row = Appointment.objects.get()
    assert (row.status, row.confirmed_at is None) == (("cancelled", True) if wish == "cancel" else ("booked", False))
