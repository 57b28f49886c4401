"""Managers add and change types of appointment, and say how programs book."""

from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import uuid4

import pytest

from mybcat.models import AuditEntry
from mybcat.principal import Role
from mybcat.tenancy import practice_scope
from practices.models import Practice
from tests.api.refusals import assert_forbidden, assert_invalid, assert_not_found, assert_refused
from tests.api.rows import REFUSED, changes
from tests.callers import Caller
from tests.factories import Clinic, make_member, make_type

RULES = "/api/v2/self-service-settings"
DRY_EYE = {
    "code": "dry_eye",
    "name": "Dry eye visit",
    "durationMinutes": 15,
    "bufferBeforeMinutes": 0,
    "bufferAfterMinutes": 15,
    "audience": "returning",
}


@pytest.fixture
def manager(clinic: Clinic) -> Caller:
    return Caller(make_member(practice=clinic.practice, role=Role.PRACTICE_MANAGER), clinic.practice)


def put(caller: Caller, path: str, body: Any) -> Any:
    return caller.http.put(path, body, content_type="application/json", headers=caller.headers)


def codes(caller: Caller, **query: str) -> list[str]:
    return [each["code"] for each in caller.get("/api/v2/appointment-types", **query).json()["data"]]


def recorded(clinic: Clinic) -> list[str]:
    """Acts, with the type that they were done to."""
    with practice_scope(clinic.practice.id):
        rows = AuditEntry.objects.filter(action__regex="^(appointment_type|self_service)").order_by("at", "id")
        return [" ".join(filter(None, row)) for row in rows.values_list("action", "reason")]


class TestTypes:
    def test_what_is_added_is_booked_with_its_buffers(self, manager: Caller, agent: Caller, clinic: Clinic) -> None:
        with changes(practices_appointmenttype=1, mybcat_auditentry=1):
            answer = manager.post("/api/v2/appointment-types", DRY_EYE)
        assert (answer.status_code, answer.json()) == (201, {**DRY_EYE, "active": True, "categories": []})
        assert agent.book(clinic, type="dry_eye", version="v2").status_code == 201
        # 09:00 to 09:15, and the quarter of an hour after it.
        assert agent.book(clinic, slot=1, type="dry_eye", version="v2").status_code == 409
        assert agent.book(clinic, slot=2, type="dry_eye", version="v2").status_code == 201
        assert recorded(clinic) == ["appointment_type.added dry_eye"]

    def test_what_is_left_out_is_nothing_or_anybody(self, manager: Caller) -> None:
        body = {name: DRY_EYE[name] for name in ("code", "name", "durationMinutes")}
        shown = manager.post("/api/v2/appointment-types", body).json()
        assert (shown["bufferBeforeMinutes"], shown["bufferAfterMinutes"], shown["audience"]) == (0, 0, "any")

    def test_a_change_is_for_what_is_booked_from_then_on(self, manager: Caller, agent: Caller, clinic: Clinic) -> None:
        booked = agent.book(clinic, version="v2").json()
        path = f"/api/v2/appointment-types/{clinic.exam.code}"
        changed = manager.patch(path, {"name": "Whole exam", "durationMinutes": 45})
        assert (changed.status_code, changed.json()["name"], changed.json()["durationMinutes"]) == (
            200,
            "Whole exam",
            45,
        )
        assert agent.get(f"/api/v2/appointments/{booked['appointmentId']}").json()["end"] == booked["end"]
        assert agent.book(clinic, slot=2, version="v2").status_code == 201
        assert agent.book(clinic, slot=4, version="v2").status_code == 409
        assert recorded(clinic) == [f"appointment_type.changed {clinic.exam.code}"]

    def test_what_is_not_active_is_not_booked_and_is_listed_for_who_asks(
        self, manager: Caller, agent: Caller, clinic: Clinic
    ) -> None:
        other = make_type(practice=clinic.practice, name="Zebra").code
        path = f"/api/v2/appointment-types/{clinic.exam.code}"
        assert manager.patch(path, {"active": False}).json()["active"] is False
        with changes():
            assert agent.book(clinic, version="v2").status_code == 400
        assert codes(agent) == [other]
        assert codes(agent, status="inactive") == [clinic.exam.code]
        assert codes(agent, status="all") == [clinic.exam.code, other]
        manager.patch(path, {"active": True})
        assert agent.book(clinic, version="v2").status_code == 201

    def test_a_code_is_had_once_and_never_changes(self, manager: Caller, clinic: Clinic, other_clinic: Clinic) -> None:
        with changes():
            taken = manager.post("/api/v2/appointment-types", {**DRY_EYE, "code": clinic.exam.code})
        sentence = "There is an appointment type with this code already"
        assert_refused(taken, status=409, code="code_taken", sentence=sentence)
        with changes():
            assert_invalid(
                manager.patch(f"/api/v2/appointment-types/{clinic.exam.code}", {"code": "exam"}),
                code=["Unknown member"],
            )
        # Another practice's is nobody's business.
        make_type(practice=other_clinic.practice, code="dry_eye")
        assert manager.post("/api/v2/appointment-types", DRY_EYE).status_code == 201

    @pytest.mark.parametrize(
        ("member", "value"),
        [
            ("code", "Dry eye"),
            ("code", ""),
            ("name", ""),
            ("durationMinutes", 4),
            ("durationMinutes", 481),
            ("bufferBeforeMinutes", -1),
            ("bufferAfterMinutes", 121),
            ("audience", "everyone"),
            ("active", False),
        ],
    )
    def test_what_cannot_be_is_refused_by_name(self, manager: Caller, member: str, value: Any) -> None:
        with changes():
            refused = manager.post("/api/v2/appointment-types", {**DRY_EYE, member: value})
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (400, f"#/{member}")

    def test_what_nobody_has_is_not_found(self, manager: Caller, clinic: Clinic) -> None:
        with changes():
            assert_not_found(manager.patch("/api/v2/appointment-types/no_such", {"name": "No"}))
            assert manager.patch(f"/api/v2/appointment-types/{clinic.exam.code}", {}).status_code == 400

    def test_what_no_text_can_be_is_not_found(self, manager: Caller, clinic: Clinic) -> None:
        path = f"/api/v2/appointment-types/{clinic.exam.code}%00"
        with changes():
            assert_not_found(manager.patch(path, {"name": "Exam"}))
            assert_not_found(put(manager, f"{path}/resources", {"categories": []}))

    def test_the_same_again_is_added_once(self, manager: Caller) -> None:
        key = str(uuid4())
        first, again = (manager.post("/api/v2/appointment-types", DRY_EYE, key=key) for _ in range(2))
        assert (first.status_code, again.status_code, again.json()) == (201, 201, first.json())

    def test_v1_shows_what_it_always_showed(self, manager: Caller, clinic: Clinic) -> None:
        assert "active" not in manager.get("/api/v1/appointment-types").json()["results"][0]
        assert manager.post("/api/v1/appointment-types", DRY_EYE).status_code == 405
        assert manager.get("/api/v1/appointment-types", status="all").status_code == 400


class TestSelfService:
    def test_the_rules_are_written_as_a_whole(self, manager: Caller, clinic: Clinic) -> None:
        assert manager.get(RULES).json() == {"leadHours": None, "horizonDays": None}
        with changes(practices_practice=0, mybcat_epoch=1, mybcat_auditentry=1):
            answer = put(manager, RULES, {"leadHours": 24, "horizonDays": 30})
        assert answer.json() == manager.get(RULES).json() == {"leadHours": 24, "horizonDays": 30}
        with practice_scope(clinic.practice.id):
            practice = Practice.objects.get()
        assert (practice.self_service_lead_hours, practice.self_service_horizon_days) == (24, 30)
        assert put(manager, RULES, {"leadHours": None, "horizonDays": None}).status_code == 200
        assert recorded(clinic) == ["self_service.written"] * 2

    @pytest.mark.parametrize(
        "body",
        [
            {"leadHours": 721, "horizonDays": None},
            {"leadHours": -1, "horizonDays": None},
            {"leadHours": None, "horizonDays": 0},
            {"leadHours": None, "horizonDays": 367},
            {"leadHours": 1},
        ],
    )
    def test_what_cannot_be_is_refused(self, manager: Caller, body: dict[str, Any]) -> None:
        with changes():
            assert put(manager, RULES, body).status_code == 400


def test_managers_alone_set_them(agent: Caller, clinic: Clinic) -> None:
    asks: list[Callable[[], Any]] = [
        partial(agent.post, "/api/v2/appointment-types", DRY_EYE),
        partial(agent.patch, f"/api/v2/appointment-types/{clinic.exam.code}", {"active": False}),
        partial(agent.get, RULES),
        partial(put, agent, RULES, {"leadHours": None, "horizonDays": None}),
    ]
    for ask in asks:
        with changes(**REFUSED):
            assert_forbidden(ask())
