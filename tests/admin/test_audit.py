"""Each page that shows something, and each act, leaves one row that says who, what and whose."""

import pytest
from django.db.models import Model
from django.test import Client

from mybcat.ids import public_id
from mybcat.models import AuditEntry
from mybcat.operators import identifiers
from mybcat.tenancy import platform_scope
from patients.models import Patient
from practices.models import Location, Practice, User
from tests.admin.conftest import Trail
from tests.admin.rows import Rows
from tests.admin.test_pages import MODELS, page
from tests.callers import Caller
from tests.factories import PASSWORD, Clinic


def practice_of(row: Model) -> object:
    return row.pk if isinstance(row, Practice) else getattr(row, "practice_id", None)


@MODELS
def test_an_object_shown_is_on_record(
    desk: Client, operator: User, rows: Rows, trail: Trail, model: type[Model]
) -> None:
    row = rows[model]
    desk.get(page(model, "change", row.pk), headers={"X-Correlation-Id": "call-of-operator"})
    (entry,) = trail.entries(action=f"admin.{model._meta.model_name}.view")
    assert (entry.principal_kind, entry.principal_id) == ("operator", operator.id)
    assert (entry.object_kind, entry.object_ids) == (identifiers.object_kind(model), [str(row.pk)])
    assert (entry.practice_id, entry.outcome) == (practice_of(row), "success")
    assert (entry.correlation_id, entry.address) == ("call-of-operator", "127.0.0.1")


@MODELS
def test_a_list_is_on_record_with_what_it_showed(desk: Client, rows: Rows, trail: Trail, model: type[Model]) -> None:
    shown = desk.get(page(model, "changelist")).context["cl"].result_list
    (entry,) = trail.entries(action=f"admin.{model._meta.model_name}.list")
    assert entry.object_ids == [str(row.pk) for row in shown]
    owners = {practice_of(row) for row in shown}
    assert entry.practice_id == (owners.pop() if len(owners) == 1 else None)


@MODELS
def test_a_history_is_on_record(desk: Client, rows: Rows, trail: Trail, model: type[Model]) -> None:
    desk.get(page(model, "history", rows[model].pk))
    (entry,) = trail.entries(action=f"admin.{model._meta.model_name}.view")
    assert entry.object_ids == [str(rows[model].pk)]


def test_a_list_of_several_practices_belongs_to_none(desk: Client, rows: Rows, other_rows: Rows, trail: Trail) -> None:
    desk.get(page(Patient, "changelist"))
    (entry,) = trail.entries(action="admin.patient.list")
    assert entry.practice_id is None
    assert set(entry.object_ids) == {str(rows[Patient].pk), str(other_rows[Patient].pk)}


def test_a_list_narrowed_to_a_practice_belongs_to_it(desk: Client, rows: Rows, other_rows: Rows, trail: Trail) -> None:
    desk.get(page(Patient, "changelist"), {"practice": public_id("prac", rows[Practice].pk)})
    (entry,) = trail.entries(action="admin.patient.list")
    assert (entry.practice_id, entry.object_ids) == (rows[Practice].pk, [str(rows[Patient].pk)])


@pytest.mark.parametrize("found", [True, False])
def test_a_search_for_a_patient_is_on_record(desk: Client, rows: Rows, trail: Trail, found: bool) -> None:
    wanted = rows[Patient].pk if found else rows[Practice].pk
    desk.get(page(Patient, "changelist"), {"q": public_id("pat", wanted)})
    (entry,) = trail.entries(action="admin.patient.search")
    assert entry.object_ids == ([str(wanted)] if found else [])


def test_what_a_picker_offers_is_on_record(desk: Client, rows: Rows, trail: Trail) -> None:
    asked = {"app_label": "practices", "model_name": "location", "field_name": "practice", "term": "bright"}
    offered = desk.get("/admin/autocomplete/", asked).json()["results"]
    assert [choice["text"] for choice in offered] == ["Bright Eyes Optometry"]
    (entry,) = trail.entries(action="admin.practice.search")
    assert entry.object_ids == [str(rows[Practice].pk)]


def test_a_change_and_its_refusal_are_on_record(desk: Client, rows: Rows, trail: Trail) -> None:
    location = rows[Location]
    path = page(Location, "change", location.pk)
    sent = {"name": "Uptown", "address": "", "time_zone": "America/New_York", "is_active": "on"}
    assert desk.post(path, {**sent, "time_zone": "Mars/Olympus"}).status_code == 200
    assert desk.post(path, sent).status_code == 302
    entries = trail.entries(action="admin.location.change")
    assert [(entry.outcome, entry.object_ids, entry.practice_id) for entry in entries] == [
        ("refused", [str(location.pk)], location.practice_id),
        ("success", [str(location.pk)], location.practice_id),
    ]


def test_the_record_is_found_by_patient_by_operator_and_by_correlation(
    desk: Client, operator: User, rows: Rows, other_rows: Rows
) -> None:
    desk.get(page(Patient, "change", rows[Patient].pk), headers={"X-Correlation-Id": "call-of-operator"})

    def found(term: str) -> set[str]:
        return {
            entry.action for entry in desk.get(page(AuditEntry, "changelist"), {"q": term}).context["cl"].result_list
        }

    assert found(public_id("pat", rows[Patient].pk)) == {"admin.patient.view", "patient.read"}
    assert "admin.patient.view" in found(str(operator.id))
    assert "patient.read" not in found(str(operator.id))
    assert found("call-of-operator") == {"admin.patient.view"}
    assert found(public_id("prac", rows[Practice].pk)) >= {"admin.patient.view", "patient.read"}
    assert found(public_id("appt", rows[Patient].pk)) == set()


def test_who_signed_in_to_a_practice_is_found_by_member_and_by_practice(desk: Client, clinic: Clinic) -> None:
    Caller(clinic.agent, clinic.practice, password=PASSWORD).http.post("/api/auth/logout")
    for term in (str(clinic.agent.id), public_id("prac", clinic.practice.id)):
        listed = desk.get(page(AuditEntry, "changelist"), {"q": term})
        shown = {entry.action for entry in listed.context["cl"].result_list}
        assert {"member.signed_in", "member.signed_out"} <= shown


def test_a_page_that_fails_leaves_nothing(
    desk: Client, rows: Rows, trail: Trail, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("broken template")

    before = len(trail.entries())
    monkeypatch.setattr("django.template.response.TemplateResponse.render", broken)
    answer = desk.get(page(Patient, "changelist"))
    assert answer.status_code == 500
    assert b"broken" not in answer.content
    assert len(trail.entries()) == before


def test_the_record_itself_cannot_be_changed(desk: Client, rows: Rows) -> None:
    entry = rows[AuditEntry]
    for name in ("change", "delete"):
        assert desk.post(page(AuditEntry, name, entry.pk), {"action": "nothing", "post": "yes"}).status_code == 403
    with platform_scope(reason="test"):
        assert AuditEntry.objects.get(pk=entry.pk).action == "patient.read"
