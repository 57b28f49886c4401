"""Replay what was given up; end sign-ins."""

from typing import Any

import pytest
from django.test import Client

from mybcat import audit, deliveries
from mybcat.ids import public_id
from mybcat.models import Delivery
from mybcat.tenancy import platform_scope, practice_scope
from practices.models import RefreshFamily, User
from tests.admin.conftest import Trail
from tests.admin.rows import Rows, make_delivery, make_event, make_family
from tests.admin.test_pages import page
from tests.callers import Caller
from tests.factories import PASSWORD, Clinic, make_user


def act(desk: Client, name: str, *rows: Any, across: bool = False, query: str = "") -> Any:
    sent = {"action": name, "_selected_action": [str(row.pk) for row in rows], "select_across": str(int(across))}
    return desk.post(page(type(rows[0]), "changelist") + query, {**sent, "index": "0"}, follow=True)


def state(delivery: Delivery) -> tuple[str, int]:
    with platform_scope(reason="test"):
        delivery.refresh_from_db()
    return delivery.status, delivery.attempts


@pytest.fixture
def living(clinic: Clinic) -> Delivery:
    with practice_scope(clinic.practice.id):
        return make_delivery(make_event(), status="pending")


def test_a_dead_delivery_is_replayed(
    desk: Client, operator: User, rows: Rows, other_rows: Rows, living: Delivery, trail: Trail
) -> None:
    dead, others = rows[Delivery], other_rows[Delivery]
    assert "1 replayed" in act(desk, "replay", dead, living).content.decode()
    assert state(dead) == ("pending", 0)
    assert state(living) == ("pending", 8)
    assert state(others) == ("dead", 8)
    (entry,) = trail.entries(action="delivery.replayed")
    assert (entry.principal_kind, entry.principal_id) == ("operator", operator.id)
    assert (entry.object_ids, entry.practice_id) == ([str(dead.id)], dead.practice_id)


def test_all_dead_ones_of_a_filter_are_replayed(desk: Client, rows: Rows, other_rows: Rows, living: Delivery) -> None:
    query = f"?practice={public_id('prac', rows[Delivery].practice_id)}"
    act(desk, "replay", rows[Delivery], across=True, query=query)
    assert state(rows[Delivery]) == ("pending", 0)
    assert state(living) == ("pending", 8)
    assert state(other_rows[Delivery]) == ("dead", 8)


def test_nothing_dead_nothing_replayed(desk: Client, living: Delivery, trail: Trail) -> None:
    assert "0 replayed" in act(desk, "replay", living).content.decode()
    assert state(living) == ("pending", 8)
    assert trail.entries(action="delivery.replayed") == []


def test_whoever_was_overtaken_replays_the_others(
    desk: Client, rows: Rows, other_rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    replay = deliveries.replay_together

    def overtaken(**given: Any) -> int:
        """Between our reading and our asking."""
        Delivery.objects.filter(id=rows[Delivery].id).update(status="held")
        return replay(**given)

    monkeypatch.setattr(deliveries, "replay_together", overtaken)
    assert "1 replayed" in act(desk, "replay", rows[Delivery], other_rows[Delivery]).content.decode()
    assert state(other_rows[Delivery]) == ("pending", 0)


def test_one_failure_undoes_the_whole_action(
    desk: Client, rows: Rows, other_rows: Rows, trail: Trail, monkeypatch: pytest.MonkeyPatch
) -> None:
    record, asked = audit.record, []

    def second_fails(**given: Any) -> None:
        if given["action"] == "delivery.replayed":
            asked.append(given)
        if len(asked) == 2:
            raise RuntimeError("PostgreSQL went away")
        record(**given)

    monkeypatch.setattr(audit, "record", second_fails)
    assert act(desk, "replay", rows[Delivery], other_rows[Delivery]).status_code == 500
    assert len(asked) == 2
    assert [state(some[Delivery]) for some in (rows, other_rows)] == [("dead", 8), ("dead", 8)]
    assert trail.entries(action="delivery.replayed") == []


def test_deliveries_are_filtered_by_status_and_practice(
    desk: Client, rows: Rows, other_rows: Rows, living: Delivery
) -> None:
    def listed(**query: str) -> set[Any]:
        return {row.pk for row in desk.get(page(Delivery, "changelist"), query).context["cl"].result_list}

    dead, others = rows[Delivery], other_rows[Delivery]
    assert listed(status__exact="dead") == {dead.pk, others.pk}
    assert listed(status__exact="dead", practice=str(dead.practice_id)) == {dead.pk}
    assert listed(q=public_id("evt", living.event_id)) == {living.pk}


def test_a_revoked_sign_in_ends_at_once(
    desk: Client, operator: User, clinic: Clinic, other_clinic: Clinic, trail: Trail
) -> None:
    agent = Caller(clinic.agent, clinic.practice)
    other = make_family(other_clinic)
    assert agent.get("/api/v1/locations").status_code == 200
    family = RefreshFamily.objects.get(user=clinic.agent)
    assert "1 revoked" in act(desk, "revoke", family).content.decode()
    assert agent.get("/api/v1/locations").status_code == 401
    family.refresh_from_db()
    other.refresh_from_db()
    assert (family.revoked_because, other.revoked_because) == ("operator", "")
    (entry,) = trail.entries(action="admin.refreshfamily.revoke")
    assert entry.object_ids == [str(family.id)]
    assert "0 revoked" in act(desk, "revoke", family).content.decode()


def test_sign_ins_are_filtered_by_state(desk: Client, clinic: Clinic, other_clinic: Clinic) -> None:
    standing, ended = make_family(clinic), make_family(other_clinic)
    act(desk, "revoke", ended)
    for wanted, family in (("standing", standing), ("ended", ended)):
        listed = desk.get(page(RefreshFamily, "changelist"), {"state": wanted}).context["cl"].result_list
        assert [row.pk for row in listed] == [family.pk]


def test_actions_are_for_operators(clinic: Clinic, rows: Rows) -> None:
    browser = Client(raise_request_exception=False)
    browser.force_login(make_user())
    answer = browser.post(
        page(Delivery, "changelist"), {"action": "replay", "_selected_action": str(rows[Delivery].pk)}
    )
    assert answer.status_code == 302
    assert state(rows[Delivery]) == ("dead", 8)
    assert PASSWORD not in answer.content.decode()
