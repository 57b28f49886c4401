"""Events: recorded with the change or not at all, and never with a patient's data."""

from typing import Any
from uuid import UUID

import pytest
from django.db import connection

from mybcat import events
from mybcat.correlation import correlated
from mybcat.events import CATALOGUE, EventType, InvalidEvent
from mybcat.ids import new_uuid, public_id
from mybcat.models import Event
from mybcat.tenancy import CrossPracticeWrite, ScopeRequired, platform_scope, practice_scope
from tests.factories import Clinic
from tests.mybcat.engine import NOW, all_events, patient_updated, publish


def test_an_event_says_what_happened_to_what_and_by_whom(clinic: Clinic) -> None:
    with correlated("call-4711"), practice_scope(clinic.practice.id):
        published = publish(clinic, patient_id=clinic.patient.id)

    (event,) = all_events()
    assert event == published
    assert (event.type, event.subject_id, event.practice_id) == (
        "patient.updated",
        clinic.patient.id,
        clinic.practice.id,
    )
    assert event.data == published.data == {"patientId": public_id("pat", clinic.patient.id)}
    assert (event.principal_kind, event.principal_id) == ("member", clinic.agent.id)
    assert event.correlation_id == "call-4711"
    assert event.occurred_at == NOW
    assert (event.seq, event.relayed_at) == (None, None)


def test_outside_a_request_an_event_gets_a_correlation_id_of_its_own(clinic: Clinic) -> None:
    assert UUID(patient_updated(clinic).correlation_id)


def test_a_rollback_leaves_no_event(clinic: Clinic) -> None:
    class Mistake(Exception):
        pass

    with pytest.raises(Mistake), practice_scope(clinic.practice.id):
        publish(clinic)
        raise Mistake
    assert all_events() == []


@pytest.mark.parametrize("event_type", ["patient.exploded", "", "PATIENT_CREATED"])
def test_a_type_outside_the_catalogue_is_refused(clinic: Clinic, event_type: str) -> None:
    _assert_refused(clinic, type=event_type, data={"patientId": public_id("pat", clinic.patient.id)})


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"patientId": "Ada Okafor"},
        {"patientId": "+12125550123"},
        {"patientId": "pat_"},
        {"patientId": str(new_uuid())},
        {"patientId": public_id("appt", new_uuid())},
        {"patientId": public_id("pat", new_uuid()) + "\n"},
        {"patientId": public_id("pat", new_uuid()), "phone": "+12125550123"},
        {"patientId": public_id("pat", new_uuid()), "slotId": public_id("slot", new_uuid())},
    ],
)
def test_data_other_than_the_catalogues_public_ids_is_refused(clinic: Clinic, data: dict[str, str]) -> None:
    _assert_refused(clinic, type="patient.updated", data=data)


def _assert_refused(clinic: Clinic, **wrong: Any) -> None:
    with pytest.raises(InvalidEvent) as refusal, practice_scope(clinic.practice.id):
        events.publish(subject_id=clinic.patient.id, by=clinic.principal, now=NOW, **wrong)
    assert "Okafor" not in str(refusal.value)
    assert "+1212" not in str(refusal.value)
    assert all_events() == []


def test_every_type_of_the_catalogue_can_be_published(clinic: Clinic) -> None:
    assert set(CATALOGUE) == set(EventType)
    with practice_scope(clinic.practice.id):
        for event_type, members in CATALOGUE.items():
            data = {name: public_id(prefix, new_uuid()) for name, prefix in members.items()}
            events.publish(type=event_type, subject_id=new_uuid(), data=data, by=clinic.principal, now=NOW)
    assert sorted(event.type for event in all_events()) == sorted(EventType)


def test_an_event_belongs_to_the_practice_in_scope(clinic: Clinic, other_clinic: Clinic) -> None:
    with pytest.raises(ScopeRequired):
        publish(clinic)
    with pytest.raises(ScopeRequired), platform_scope(reason="test"):
        publish(clinic)
    with pytest.raises(CrossPracticeWrite), practice_scope(other_clinic.practice.id):
        publish(clinic)
    assert all_events() == []


def test_another_practice_does_not_see_it(clinic: Clinic, other_clinic: Clinic) -> None:
    patient_updated(clinic)
    with practice_scope(other_clinic.practice.id), connection.cursor() as cursor:
        assert not Event.objects.exists()
        cursor.execute("SELECT count(*) FROM mybcat_event")
        assert cursor.fetchone() == (0,)
