"""How a practice offers times: managers say so, the desk sees it."""

from typing import Any

import pytest

from mybcat.principal import Role
from tests.api.rows import REFUSED, changes
from tests.callers import Caller
from tests.factories import Clinic, make_member

SETTINGS = "/api/v2/waitlist-settings"
DEFAULTS = {"active": True, "batchSize": 3, "answerMinutes": 15, "leadHours": 2}
OTHERS = {"active": False, "batchSize": 1, "answerMinutes": 60, "leadHours": 0}


def put(caller: Caller, body: Any) -> Any:
    return caller.http.put(SETTINGS, body, content_type="application/json", headers=caller.headers)


@pytest.fixture
def manager(clinic: Clinic) -> Caller:
    return Caller(make_member(practice=clinic.practice, role=Role.PRACTICE_MANAGER), clinic.practice)


def test_managers_say_how_times_are_offered(manager: Caller, agent: Caller) -> None:
    assert agent.get(SETTINGS).json() == DEFAULTS
    with changes(integrations_waitlistsettings=1, mybcat_auditentry=1):
        assert put(manager, OTHERS).json() == OTHERS
    assert agent.get(SETTINGS).json() == OTHERS
    with changes(integrations_waitlistsettings=0, mybcat_auditentry=1):
        put(manager, DEFAULTS)


def test_agents_do_not(agent: Caller) -> None:
    with changes(**REFUSED):
        assert put(agent, OTHERS).status_code == 403


@pytest.mark.parametrize(
    "wrong",
    [
        {"batchSize": 0}, {"batchSize": 11}, {"answerMinutes": 4}, {"answerMinutes": 241}, {"leadHours": -1},
        {"leadHours": 169}, {"active": "perhaps"}, {"nobody": True},
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(manager: Caller, wrong: dict[str, Any]) -> None:
    with changes():
        answer = put(manager, {**DEFAULTS, **wrong})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")


@pytest.mark.parametrize("missing", DEFAULTS)
def test_it_is_said_as_a_whole(manager: Caller, missing: str) -> None:
    with changes():
        assert put(manager, {name: value for name, value in DEFAULTS.items() if name != missing}).status_code == 400
