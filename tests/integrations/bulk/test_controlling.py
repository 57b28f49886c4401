"""Paused, resumed, cancelled; and what is forgotten in time."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from integrations.bulk import erasing, working
from integrations.bulk.jobs import drop_waiting
from integrations.models import BulkMessage, BulkMessageBatch
from mybcat.tenancy import platform_scope, practice_scope
from tests.api.refusals import assert_forbidden, assert_refused
from tests.api.rows import REFUSED, changes
from tests.callers import Caller
from tests.factories import Clinic, make_member
from tests.integrations.bulk.conftest import NOON
from tests.integrations.bulk.jobs import change_job, counts, number, status, submitted, texts, the_job
from tests.integrations.bulk.providers import Instant

Work = Callable[[], None]


def ask(caller: Caller, job_id: str, change: str) -> Any:
    return caller.post(f"/api/v2/bulk-messages/{job_id}/{change}", {})


def during_the_first_chunk(caller: Caller, instant: type[Instant], job_id: str, change: str) -> list[Any]:
    """Asks for the change as soon as the first text has gone."""
    answers: list[Any] = []

    def once(to: str) -> None:
        if not answers:
            answers.append(ask(caller, job_id, change))

    instant.after.append(once)
    return answers


def test_a_paused_job_rests_after_the_chunk_under_way_and_goes_on_when_resumed(
    agent: Caller, instant: type[Instant], work: Work
) -> None:
    job_id = submitted(agent, texts(1200))
    answers = during_the_first_chunk(agent, instant, job_id, "pause")
    work()
    assert (answers[0].status_code, answers[0].json()["status"]) == (200, "paused")
    assert len(instant.sent) == 250
    # v1 knows no pause.
    assert counts(agent, job_id) == ("IN_PROGRESS", 250, 1200, 0)
    work()
    assert len(instant.sent) == 250
    assert ask(agent, job_id, "resume").json()["status"] == "in_progress"
    work()
    assert set(instant.times().values()) == {1}
    assert counts(agent, job_id) == ("COMPLETED", 1200, 1200, 0)


def test_a_job_that_was_not_begun_is_queued_again(agent: Caller, instant: type[Instant], work: Work) -> None:
    job_id = submitted(agent, texts(2))
    ask(agent, job_id, "pause")
    work()
    assert instant.sent == []
    assert ask(agent, job_id, "resume").json()["status"] == "queued"


def test_a_pause_during_the_last_chunk_does_not_keep_a_job_from_its_end(
    agent: Caller, instant: type[Instant], work: Work
) -> None:
    job_id = submitted(agent, texts(3))
    during_the_first_chunk(agent, instant, job_id, "pause")
    work()
    assert counts(agent, job_id) == ("COMPLETED", 3, 3, 0)


def test_a_cancelled_job_sends_no_more_and_says_what_was_sent(
    agent: Caller, instant: type[Instant], work: Work
) -> None:
    job_id = submitted(agent, texts(1200))
    during_the_first_chunk(agent, instant, job_id, "cancel")
    work()
    assert counts(agent, job_id) == ("CANCELLED", 250, 1200, 0)
    assert "completedAt" in status(agent, job_id)
    work()
    assert len(instant.sent) == 250
    before = status(agent, job_id)
    assert ask(agent, job_id, "cancel").json()["status"] == "cancelled"
    assert status(agent, job_id) == before


@pytest.mark.parametrize("change", ["pause", "resume", "cancel"])
def test_a_job_that_has_ended_does_not_change(agent: Caller, work: Work, change: str) -> None:
    job_id = submitted(agent, texts(1))
    work()
    with changes():
        answer = ask(agent, job_id, change)
    assert_refused(answer, status=409, code="job_ended", sentence="This job has ended")


@pytest.mark.parametrize("change", ["pause", "resume", "cancel"])
def test_only_its_owner_and_managers_change_a_job(agent: Caller, manager: Caller, clinic: Clinic, change: str) -> None:
    job_id = submitted(agent, texts(1))
    colleague = Caller(make_member(practice=clinic.practice), clinic.practice)
    with changes(**REFUSED):
        assert_forbidden(ask(colleague, job_id, change))
    assert ask(manager, job_id, change).status_code == 200


def test_stop_drops_what_waits_and_counts_it(agent: Caller, clinic: Clinic, instant: type[Instant], work: Work) -> None:
    job_id = submitted(agent, texts(2))
    ask(agent, job_id, "pause")
    # Rows are made by a worker; here one is stopped before it sends.
    change_job(status="in_progress", not_before=NOON)
    working.work_off(clock=lambda: NOON.replace(year=2099, hour=23))
    with practice_scope(clinic.practice.id):
        assert drop_waiting(phone=number(1)) == 1
        assert drop_waiting(phone=number(7)) == 0
    assert counts(agent, job_id) == ("IN_PROGRESS", 1, 2, 1)
    with practice_scope(clinic.practice.id):
        assert drop_waiting(phone=number(0)) == 1
    assert counts(agent, job_id) == ("COMPLETED", 2, 2, 2)
    assert status(agent, job_id)["failedNumbers"] == [number(0), number(1)]


class TestErasing:
    def test_after_thirty_days_numbers_and_texts_are_gone_and_the_job_is_not(
        self, agent: Caller, work: Work, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(erasing, "ROWS", 400)
        job_id = submitted(agent, [*texts(1001), {"to": "x", "body": "x"}])
        work()
        shown = status(agent, job_id)
        ended = the_job().ended_at
        assert ended is not None
        assert erasing.erase_old(now=ended + timedelta(days=30)) == 0
        assert erasing.erase_old(now=ended + timedelta(days=30, seconds=1)) == 1
        with platform_scope(reason="test"):
            assert (BulkMessage.objects.count(), BulkMessageBatch.objects.count()) == (0, 0)
        assert status(agent, job_id) == {**shown, "failedNumbers": []}
        assert status(agent, job_id, version="v2")["erasedAt"] is not None
        assert erasing.erase_old(now=ended + timedelta(days=90)) == 0

    def test_a_job_that_goes_on_is_not_erased(self, agent: Caller) -> None:
        submitted(agent, texts(2))
        assert erasing.erase_old(now=timezone.now() + timedelta(days=400)) == 0
