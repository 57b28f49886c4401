"""The last two managers let each other go at the same moment: one of them stays."""

from functools import partial
from threading import Barrier
from typing import Any

import pytest

from mybcat.principal import Role
from mybcat.tenancy import practice_scope
from practices.members import services
from practices.models import Membership
from tests.callers import Caller, public
from tests.concurrency.racing import Racers, statuses
from tests.factories import Clinic, make_invited, make_member

_PATIENCE = 60.0


@pytest.fixture
def two(clinic: Clinic) -> list[partial[Any]]:
    """Each lets the other go."""
    users = [make_member(practice=clinic.practice, role=Role.PRACTICE_MANAGER) for _ in range(2)]
    callers = [Caller(user, clinic.practice) for user in users]
    with practice_scope(clinic.practice.id):
        ids = [public("mem", Membership.objects.get(user=user).id) for user in users]
    return [
        partial(caller.patch, f"/api/v2/members/{other}", {"active": False})
        for caller, other in zip(callers, reversed(ids), strict=True)
    ]


def left(clinic: Clinic) -> int:
    with practice_scope(clinic.practice.id):
        return Membership.objects.filter(role=Role.PRACTICE_MANAGER, is_active=True).count()


class Unlocked:
    """The managers, read by both before either writes, and locked by nobody."""

    def __init__(self, met: Barrier) -> None:
        self.met = met

    def order_by(self, *_: str) -> "Unlocked":
        return self

    def select_for_update(self, **_: Any) -> list[Membership]:
        found = list(Membership.objects.filter(role=Role.PRACTICE_MANAGER, is_active=True))
        self.met.wait(_PATIENCE)
        return found


@pytest.fixture
def both_are_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody asks who manages the practice before the other is about to as well."""
    met, managers = Barrier(2), services._managers

    def asked() -> Any:
        met.wait(_PATIENCE)
        return managers()

    monkeypatch.setattr(services, "_managers", asked)


@pytest.mark.usefixtures("both_are_in")
def test_one_of_the_last_two_stays(clinic: Clinic, two: list[partial[Any]]) -> None:
    with Racers(2) as racers:
        assert statuses(racers.run(two)) == [200, 409]
    assert left(clinic) == 1


@pytest.mark.usefixtures("both_are_in")
def test_whoever_cannot_sign_in_yet_is_nobody_who_stays(clinic: Clinic, two: list[partial[Any]]) -> None:
    make_invited(clinic, role=Role.PRACTICE_MANAGER)
    with Racers(2) as racers:
        assert statuses(racers.run(two)) == [200, 409]
    assert left(clinic) == 2


@pytest.mark.usefixtures("both_are_in")
def test_whoever_was_let_go_meanwhile_lets_nobody_go(clinic: Clinic, two: list[partial[Any]]) -> None:
    make_member(practice=clinic.practice, role=Role.PRACTICE_MANAGER)
    with Racers(2) as racers:
        assert statuses(racers.run(two)) == [200, 403]
    assert left(clinic) == 2


def test_without_the_lock_nobody_would_be_left(
    clinic: Clinic, two: list[partial[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control."""
    met = Barrier(2)
    monkeypatch.setattr(services, "_managers", lambda: Unlocked(met))
    with Racers(2) as racers:
        assert statuses(racers.run(two)) == [200, 200]
    assert left(clinic) == 0
