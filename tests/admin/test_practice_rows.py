"""Operators add to a practice what is the practice's own, and a refused form changes nothing."""

from datetime import time
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from mybcat.tenancy import platform_scope
from practices.models import AppointmentType, Location, Membership, Practice, Practitioner, TimeOff, WorkingHours
from tests.admin.conftest import Trail
from tests.admin.test_pages import page
from tests.factories import Clinic, make_user

LOCATION = {"name": "Uptown", "address": "2 Main Street", "time_zone": "America/Denver", "is_active": "on"}


def add(desk: Client, model: type[Any], practice: Practice, **fields: Any) -> Any:
    return desk.post(f"{page(model, 'add')}?practice={practice.id}", fields)


def hours(clinic: Clinic, **fields: Any) -> dict[str, Any]:
    return {
        "practitioner": clinic.practitioner.id,
        "location": clinic.location.id,
        "weekday": "2",
        "starts": "09:00",
        "ends": "12:00",
        "valid_from": "2026-01-01",
        **fields,
    }


def count(model: type[Any]) -> int:
    with platform_scope(reason="test"):
        return int(model.objects.count())


def errors(answer: Any) -> dict[str, list[str]]:
    assert answer.status_code == 200, answer
    return {name: list(texts) for name, texts in answer.context["adminform"].form.errors.items()}


def test_the_practice_is_chosen_first(desk: Client, clinic: Clinic) -> None:
    first = desk.get(page(Location, "add"))
    assert "The practice of a row never changes." in first.content.decode()
    second = desk.get(page(Location, "add"), {"practice": str(clinic.practice.id)})
    assert clinic.practice.name in second.content.decode()
    assert "adminform" in second.context


@pytest.mark.parametrize("practice", ["", "garbage", "0192b0a0-0000-7000-8000-000000000000"])
def test_without_a_practice_nothing_is_added(desk: Client, clinic: Clinic, practice: str) -> None:
    answer = desk.post(f"{page(Location, 'add')}?practice={practice}", LOCATION)
    assert answer.context["form"].errors["practice"]
    assert desk.post(page(Location, "add"), LOCATION).status_code == 200
    assert count(Location) == 1


def test_a_row_is_added_to_the_practice(desk: Client, clinic: Clinic, other_clinic: Clinic, trail: Trail) -> None:
    assert add(desk, Location, clinic.practice, **LOCATION).status_code == 302
    with platform_scope(reason="test"):
        location = Location.objects.get(name="Uptown")
    assert (location.practice_id, location.time_zone) == (clinic.practice.id, "America/Denver")
    (entry,) = trail.entries(action="admin.location.add")
    assert (entry.object_kind, entry.object_ids) == ("loc", [str(location.id)])
    assert entry.practice_id == clinic.practice.id
    assert LogEntry.objects.get().object_id == str(location.id)


def test_the_practice_of_a_row_never_changes(desk: Client, clinic: Clinic, other_clinic: Clinic) -> None:
    path = f"{page(Location, 'change', clinic.location.id)}?practice={other_clinic.practice.id}"
    assert desk.post(path, {**LOCATION, "practice": str(other_clinic.practice.id)}).status_code == 302
    with platform_scope(reason="test"):
        location = Location.objects.get(id=clinic.location.id)
    assert (location.name, location.practice_id) == ("Uptown", clinic.practice.id)


@pytest.mark.parametrize("foreign", ["practitioner", "location"])
def test_another_practices_row_is_no_choice(
    desk: Client, clinic: Clinic, other_clinic: Clinic, trail: Trail, foreign: str
) -> None:
    sent = hours(clinic, **{foreign: getattr(other_clinic, foreign).id})
    for model in (WorkingHours, TimeOff):
        fields = {**sent, "starts_at_0": "2026-12-01", "ends_at_0": "2026-12-02", "reason": "sick"}
        found = errors(add(desk, model, clinic.practice, **fields, starts_at_1="09:00", ends_at_1="09:00"))
        assert found == {foreign: ["Select a valid choice. That choice is not one of the available choices."]}
        assert count(model) == 0
    assert LogEntry.objects.count() == 0
    assert [entry.outcome for entry in trail.entries()] == ["refused", "refused"]


def test_pickers_offer_the_practices_rows_only(desk: Client, clinic: Clinic, other_clinic: Clinic) -> None:
    shown = desk.get(page(WorkingHours, "add"), {"practice": str(clinic.practice.id)}).content.decode()
    for own, foreign in ((clinic.practitioner, other_clinic.practitioner), (clinic.location, other_clinic.location)):
        assert f'value="{own.id}"' in shown
        assert str(foreign.id) not in shown


@pytest.mark.parametrize(
    ("field", "value", "_because"),
    [
        ("weekday", "7", "no such day"),
        ("ends", "09:00", "ends as it starts"),
        ("ends", "08:00", "ends before it starts"),
        ("valid_until", "2026-01-01", "never holds"),
        ("starts", "25:00", "no time"),
    ],
)
def test_hours_that_cannot_be_are_refused(desk: Client, clinic: Clinic, field: str, value: str, _because: str) -> None:
    assert list(errors(add(desk, WorkingHours, clinic.practice, **hours(clinic, **{field: value})))) == [field]
    assert count(WorkingHours) == 0


def test_hours_may_last_until_midnight(desk: Client, clinic: Clinic) -> None:
    assert add(desk, WorkingHours, clinic.practice, **hours(clinic, ends="00:00")).status_code == 302
    with platform_scope(reason="test"):
        assert WorkingHours.objects.get().ends == time(0)


@pytest.mark.parametrize("zone", ["", "Mars/Olympus", "EST5EDT", "../../etc/passwd", "america/new_york"])
def test_a_zone_must_be_a_place(desk: Client, clinic: Clinic, zone: str) -> None:
    assert list(errors(add(desk, Location, clinic.practice, **{**LOCATION, "time_zone": zone}))) == ["time_zone"]
    sent = {
        "name": "New",
        "plan": "standard",
        "slot_minutes": "15",
        "horizon_days": "90",
        "country": "US",
        "time_zone": zone,
    }
    assert list(errors(desk.post(page(Practice, "add"), sent))) == ["time_zone"]
    assert (count(Location), count(Practice)) == (1, 1)


@pytest.mark.parametrize(
    ("field", "value"),
    [("phone", "212-555-0123"), ("phone", "+0"), ("slot_minutes", "7"), ("horizon_days", "0"), ("horizon_days", "367")],
)
def test_a_practice_that_cannot_be_is_refused(desk: Client, field: str, value: str) -> None:
    sent = {
        "name": "New",
        "plan": "standard",
        "slot_minutes": "15",
        "horizon_days": "90",
        "country": "US",
        "time_zone": "Europe/Paris",
    }
    assert errors(desk.post(page(Practice, "add"), {**sent, field: value}))
    assert count(Practice) == 0
    assert desk.post(page(Practice, "add"), {**sent, "phone": "+33123456789"}).status_code == 302
    assert count(Practice) == 1


def test_what_is_unique_in_a_practice_is_a_form_error(desk: Client, clinic: Clinic, other_clinic: Clinic) -> None:
    sent = {
        "code": clinic.exam.code,
        "name": "Again",
        "duration_minutes": "30",
        "buffer_before_minutes": "0",
        "buffer_after_minutes": "0",
        "audience": "any",
    }
    assert errors(add(desk, AppointmentType, clinic.practice, **sent))
    assert errors(add(desk, Membership, clinic.practice, user=clinic.agent.id, role="practitioner"))
    assert (count(AppointmentType), count(Membership)) == (2, 2)
    assert add(desk, Membership, other_clinic.practice, user=clinic.agent.id, role="practitioner").status_code == 302


def test_a_member_is_added_and_dismissed(desk: Client, clinic: Clinic) -> None:
    user, stranger = make_user(), make_user()
    assert (
        add(desk, Membership, clinic.practice, user=user.id, role="practice_manager", is_active="on").status_code == 302
    )
    with platform_scope(reason="test"):
        membership = Membership.objects.get(user=user)
    sent = {"role": "practice_manager", "user": stranger.id}
    assert desk.post(page(Membership, "change", membership.id), sent).status_code == 302
    with platform_scope(reason="test"):
        membership.refresh_from_db()
    assert (membership.is_active, membership.user_id) == (False, user.id)


@pytest.mark.parametrize("model", [Practice, Location, Practitioner, AppointmentType, Membership])
def test_what_others_refer_to_is_never_deleted(desk: Client, clinic: Clinic, model: type[Any]) -> None:
    with platform_scope(reason="test"):
        row = model.objects.first()
    assert desk.post(page(model, "delete", row.pk), {"post": "yes"}).status_code == 403
    answer = desk.post(page(model, "changelist"), {"action": "delete_selected", "_selected_action": str(row.pk)})
    assert answer.status_code in (200, 302)
    assert count(model) == 1


def test_whoever_is_overtaken_is_told_so(
    desk: Client, clinic: Clinic, trail: Trail, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the form's check and its row another operator adds the same one: PostgreSQL has the last word."""
    monkeypatch.setattr("django.db.models.Model.validate_constraints", lambda *_, **__: None)
    answer = desk.post(
        f"{page(Membership, 'add')}?practice={clinic.practice.id}",
        {"user": clinic.agent.id, "role": "practitioner"},
        follow=True,
    )
    assert "Somebody else has just changed" in answer.content.decode()
    assert count(Membership) == 1
    assert trail.entries(action="admin.membership.add") == []
