"""Who looks at this day: told to whoever looks at it too, in every process, and forgotten with the socket."""

from typing import Any

import pytest

from tests.callers import Caller
from tests.factories import Clinic
from tests.mybcat.processes import live
from tests.realtime.watcher import ORIGIN, Watcher

DAY = "2026-04-24"


def looks(watcher: Watcher, day: Any = DAY) -> None:
    watcher.say(type="look", date=day)


def hears_of(watcher: Watcher, *, seconds: float = 60) -> int:
    """How many look at the day, by the next frame."""
    frame = watcher.hears(seconds)
    assert (frame["type"], frame["date"]) == ("presence", DAY)
    return len(frame["members"])


def test_who_looks_at_a_day_is_told_who_else_does(port: int, agent: Caller, manager: Caller, clinic: Clinic) -> None:
    with Watcher(port, agent) as one, Watcher(port, manager) as two:
        one.hears()
        two.hears()
        looks(one)
        assert one.hears() == {"type": "presence", "date": DAY, "members": [{"name": clinic.agent.name}]}
        looks(two)
        assert (hears_of(one), hears_of(two)) == (2, 2)
        looks(two, "2026-04-25")
        assert two.hears()["date"] == "2026-04-25"
        assert hears_of(one) == 1
        looks(two)
        assert (hears_of(one), hears_of(two)) == (2, 2)
        looks(two, None)
        assert hears_of(one) == 1
        assert two.hears_nothing()


def test_a_socket_that_ends_looks_no_more(port: int, agent: Caller, manager: Caller) -> None:
    with Watcher(port, agent) as one:
        one.hears()
        looks(one)
        assert hears_of(one) == 1
        with Watcher(port, manager) as two:
            two.hears()
            looks(two)
            assert hears_of(one) == 2
        assert hears_of(one) == 1


def test_two_sockets_of_one_member_are_one(port: int, agent: Caller) -> None:
    with Watcher(port, agent) as one, Watcher(port, agent) as two:
        one.hears()
        two.hears()
        looks(one)
        assert hears_of(one) == 1
        looks(two)
        assert hears_of(two) == 1


def test_another_practice_is_not_told(port: int, agent: Caller, other_clinic: Clinic) -> None:
    with Watcher(port, agent) as ours, Watcher(port, Caller(other_clinic.agent, other_clinic.practice)) as theirs:
        ours.hears()
        theirs.hears()
        looks(theirs)
        assert hears_of(theirs) == 1
        looks(ours)
        assert hears_of(ours) == 1
        assert theirs.hears_nothing()


@pytest.mark.parametrize("day", ["", "24.4.2026", "2026-13-01", 5, True, "2026-04-24\n", "٢٠٢٦-٠٤-٢٤"])
def test_what_is_no_day(port: int, agent: Caller, day: Any) -> None:
    with Watcher(port, agent) as watcher:
        watcher.hears()
        looks(watcher, day)
        assert watcher.hears()["code"] == "invalid"


def test_across_processes_and_forgotten_with_the_one_that_dies(port: int, agent: Caller, manager: Caller) -> None:
    with live(TRUSTED_ORIGINS=ORIGIN) as other, Watcher(port, agent) as here:
        here.hears()
        looks(here)
        assert hears_of(here) == 1
        there = Watcher(other.port, manager)
        there.hears()
        looks(there)
        assert hears_of(here) == 2
        # At once alone, then of those elsewhere as soon as they say so again.
        while hears_of(there) < 2:
            pass
        other.kill()
        there.close()
        assert hears_of(here) == 1
