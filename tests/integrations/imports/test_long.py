"""A file too long to wait for is taken over by a worker, once and whole."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from integrations.imports import kinds, tasks, working
from integrations.imports.models import Import
from mybcat.celeryconfig import beat_schedule
from mybcat.principal import Role
from mybcat.tenancy import practice_scope
from patients.models import Patient
from practices.models import Membership
from tests.api.rows import changes
from tests.callers import Caller
from tests.factories import Clinic
from tests.integrations.imports.files import PATH, hand_in, sheet

NOW = datetime(2026, 3, 2, 15, tzinfo=UTC)
FILE = sheet("Ines,Moreau,1990-05-17,", "Omar,Haddad,1971-01-02,")


@pytest.fixture(autouse=True)
def _one_line_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    short = replace(kinds.IMPORTERS["patients"], at_once=1)
    monkeypatch.setitem(kinds.IMPORTERS, "patients", short)


def work() -> bool:
    return working.work_off(clock=lambda: NOW)


def waiting(manager: Caller, content: str = FILE) -> str:
    with changes(integrations_import=1, mybcat_auditentry=1):
        answer = hand_in(manager, content)
    told = answer.json()
    assert (answer.status_code, told["status"], told["lines"], told["endedAt"]) == (201, "queued", 2, None)
    return str(told["importId"])


def test_it_waits_for_a_worker_and_then_is_done_and_forgotten(manager: Caller, clinic: Clinic) -> None:
    import_id = waiting(manager)
    with changes(integrations_import=0, patients_patient=2, mybcat_event=2, mybcat_auditentry=1):
        assert work()
    told = manager.get(f"{PATH}/{import_id}").json()
    assert (told["status"], told["created"], told["endedAt"]) == ("completed", 2, NOW.isoformat())
    with practice_scope(clinic.practice.id):
        assert Import.objects.get().content == ""
    with changes():
        assert not work()


def test_what_is_wrong_with_it_is_told_and_nothing_taken_over(manager: Caller) -> None:
    import_id = waiting(manager, sheet("Ines,Moreau,1990-05-17,", "Omar,,1971-01-02,"))
    with changes(integrations_import=0):
        work()
    told = manager.get(f"{PATH}/{import_id}").json()
    assert (told["status"], told["code"], told["lineErrorCount"]) == ("failed", "invalid_lines", 1)


def test_who_may_no_longer_does_not_get_it_done(manager: Caller, clinic: Clinic) -> None:
    waiting(manager)
    with practice_scope(clinic.practice.id):
        Membership.objects.filter(role=Role.PRACTICE_MANAGER).update(is_active=False)
    with changes(integrations_import=0):
        work()
    with practice_scope(clinic.practice.id):
        job = Import.objects.get()
    assert (job.status, job.code, job.content) == ("failed", "not_granted", "")


def test_a_worker_that_dies_leaves_nothing_and_another_takes_it(
    manager: Caller, clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting(manager)
    with monkeypatch.context() as dying:
        dying.setattr(working.services, "end", _die)
        with pytest.raises(KeyboardInterrupt), changes(integrations_import=0):
            work()
    with practice_scope(clinic.practice.id):
        assert Patient.objects.count() == 1
        # Its lease is another's business until it has run out.
        assert not Import.objects.filter(leased_until=None).exists()
    with changes():
        assert not work()
    lapse(clinic)
    with changes(integrations_import=0, patients_patient=2, mybcat_event=2, mybcat_auditentry=1):
        assert work()


def _die(**_: object) -> None:
    raise KeyboardInterrupt


def lapse(clinic: Clinic) -> None:
    with practice_scope(clinic.practice.id):
        Import.objects.update(leased_until=NOW.replace(year=2020))


def test_what_kills_its_workers_is_given_up(manager: Caller, clinic: Clinic) -> None:
    waiting(manager)
    with practice_scope(clinic.practice.id):
        Import.objects.update(attempts=working.MAX_ATTEMPTS)
    with changes(integrations_import=0):
        work()
    with practice_scope(clinic.practice.id):
        assert Import.objects.values_list("status", "code").get() == ("failed", "gave_up")


def test_beat_asks_for_it() -> None:
    assert tasks.run_imports.name in {entry["task"] for entry in beat_schedule.values()}
    tasks.run_imports()
