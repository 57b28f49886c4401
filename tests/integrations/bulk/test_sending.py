"""Every message is sent once, or failed with a code; the counters say how many, exactly."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from integrations.bulk import chunks, claiming, working
from integrations.bulk.attempts import WAITS
from integrations.messaging.provider import AccountRefused, NumberOptedOut, SendUnclear
from integrations.models import BulkMessage
from mybcat.listeners import DeliveryFailed, DeliveryRefused
from mybcat.tenancy import practice_scope
from patients import consent
from patients.models import Consent
from tests.callers import Caller, together
from tests.factories import Clinic, make_patient
from tests.integrations.bulk import jobs
from tests.integrations.bulk.conftest import NOON
from tests.integrations.bulk.jobs import codes, counts, hurry, number, statuses, submitted, texts, the_job
from tests.integrations.bulk.providers import Forgetful, Instant

Work = Callable[[], None]


def opt_out(clinic: Clinic, phone: str) -> None:
    with practice_scope(clinic.practice.id):
        consent.decide_for_number(phone=phone, permit=False, source=Consent.Source.REPLY, now=NOON)


def once(*errors: Exception, number: str | None = None) -> Callable[[str], Exception | None]:
    """Fails with these, one after the other, then no more."""
    left = list(errors)
    return lambda to: left.pop(0) if left and number in (None, to) else None


def test_every_message_of_every_batch_is_sent_once(
    agent: Caller, clinic: Clinic, instant: type[Instant], work: Work
) -> None:
    job_id = submitted(agent, texts(2300))
    work()
    assert instant.sent[:2] == [
        (clinic.practice.id, number(0), "We are open on Saturday. 0"),
        (clinic.practice.id, number(1), "We are open on Saturday. 1"),
    ]
    assert instant.times() == dict.fromkeys((number(place) for place in range(2300)), 1)
    assert counts(agent, job_id) == ("COMPLETED", 2300, 2300, 0)
    shown = jobs.status(agent, job_id)
    assert shown["failedNumbers"] == []
    assert datetime.fromisoformat(shown["completedAt"]).tzinfo is not None
    assert {batch.status for batch in jobs.batches()} == {"done"}
    assert {bytes(batch.payload) for batch in jobs.batches()} == {b""}


def test_the_provider_is_given_our_reference_and_its_own_is_kept(
    agent: Caller, instant: type[Instant], work: Work
) -> None:
    submitted(agent, texts(1))
    work()
    ((reference, to),) = instant.references.items()
    (row,) = jobs.rows_of([to])
    assert (row.provider_reference, row.status, row.attempts) == (f"SM-{reference}", "sent", 1)


def test_what_is_no_number_fails_and_the_others_are_sent(agent: Caller, instant: type[Instant], work: Work) -> None:
    wrong = ["12", "not a number", "+0123456", "911", "=1+1"]
    job_id = submitted(
        agent, [*texts(2), *({"to": to, "body": "x"} for to in wrong), {"to": "(212) 555-0123", "body": "y"}]
    )
    work()
    assert sorted(instant.numbers()) == sorted([number(0), number(1), "+12125550123"])
    assert counts(agent, job_id) == ("COMPLETED", 8, 8, 5)
    assert jobs.status(agent, job_id)["failedNumbers"] == wrong
    assert codes() == dict.fromkeys(wrong, "invalid_number")


def test_a_job_of_nothing_but_wrong_numbers_ends(agent: Caller, instant: type[Instant], work: Work) -> None:
    job_id = submitted(agent, [{"to": "x", "body": "x"}, {"to": "y", "body": "y"}])
    work()
    assert counts(agent, job_id) == ("COMPLETED", 2, 2, 2)
    assert instant.sent == []


def test_no_number_is_texted_twice_though_the_job_names_it_twice(
    agent: Caller, instant: type[Instant], work: Work
) -> None:
    once, twice = {"to": "+12125550003", "body": "x"}, {"to": "212 555 0003", "body": "again"}
    job_id = submitted(agent, [once, *texts(999), twice, *texts(4, first=1000)])
    work()
    assert set(instant.times().values()) == {1}
    assert counts(agent, job_id) == ("COMPLETED", 1005, 1005, 1)
    assert codes() == {"212 555 0003": "duplicate_number"}


def test_the_csv_tells_every_failure(agent: Caller, work: Work) -> None:
    job_id = submitted(agent, [*texts(1), {"to": "=cmd()", "body": "x"}, {"to": "12", "body": "x"}])
    work()
    answer = agent.get(f"/api/v2/bulk-messages/{job_id}/failures")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{job_id}.csv"'
    # What a spreadsheet would take for a formula is shown as text.
    assert answer.content.decode().splitlines() == ["number,code", "'=cmd(),invalid_number", "12,invalid_number"]


def test_the_status_tells_the_first_thousand_that_failed(agent: Caller, work: Work) -> None:
    job_id = submitted(agent, [{"to": f"x{place}", "body": "x"} for place in range(1001)])
    work()
    assert jobs.status(agent, job_id)["failedNumbers"] == [f"x{place}" for place in range(1000)]
    assert len(agent.get(f"/api/v2/bulk-messages/{job_id}/failures").content.splitlines()) == 1002


def test_whoever_opted_out_is_not_texted(
    agent: Caller, clinic: Clinic, other_clinic: Clinic, instant: type[Instant], work: Work
) -> None:
    opt_out(clinic, number(1))
    opt_out(other_clinic, number(2))
    job_id = submitted(agent, texts(3))
    work()
    assert sorted(instant.numbers()) == [number(0), number(2)]
    assert counts(agent, job_id) == ("COMPLETED", 3, 3, 1)
    assert codes() == {number(1): "opted_out"}


def test_a_patient_whose_agreement_was_withdrawn_is_not_texted(
    agent: Caller, clinic: Clinic, instant: type[Instant], work: Work
) -> None:
    patient = make_patient(practice=clinic.practice, phone=number(1))
    assert agent.patch(f"/api/v2/patients/{jobs.public_patient(patient)}", {"smsConsent": False}).status_code == 200
    submitted(agent, texts(2))
    work()
    assert instant.numbers() == [number(0)]


def test_stop_between_acceptance_and_sending_is_heeded(
    agent: Caller, clinic: Clinic, instant: type[Instant], work: Work
) -> None:
    """Rows are made, then STOP comes, then the job goes on."""
    instant.before.append(once(DeliveryFailed("http_503"), number=number(1)))
    job_id = submitted(agent, texts(3))
    work()
    assert statuses()[number(1)] == "pending"
    opt_out(clinic, number(1))
    instant.before.clear()
    hurry()
    work()
    assert sorted(instant.numbers()) == [number(0), number(2)]
    assert counts(agent, job_id) == ("COMPLETED", 3, 3, 1)


def test_a_stop_that_the_provider_knows_of_becomes_ours(
    agent: Caller, clinic: Clinic, instant: type[Instant], work: Work
) -> None:
    patient = make_patient(practice=clinic.practice, phone=number(1))
    instant.before.append(lambda to: NumberOptedOut("21610") if to == number(1) else None)
    submitted(agent, texts(2))
    work()
    assert codes() == {number(1): "21610"}
    with practice_scope(clinic.practice.id):
        assert consent.opted_out([number(0), number(1)]) == {number(1)}
        patient.refresh_from_db()
        assert (patient.sms_consent, Consent.objects.get().source) == (False, "provider")


def test_what_the_provider_refuses_fails_with_its_code(agent: Caller, instant: type[Instant], work: Work) -> None:
    instant.before.append(lambda to: DeliveryRefused("21614") if to == number(1) else None)
    job_id = submitted(agent, texts(3))
    work()
    assert codes() == {number(1): "21614"}
    assert counts(agent, job_id) == ("COMPLETED", 3, 3, 1)


def test_what_the_provider_did_not_take_is_tried_again_later(agent: Caller, instant: type[Instant], work: Work) -> None:
    instant.before.append(once(DeliveryFailed("http_503"), DeliveryFailed("http_429")))
    job_id = submitted(agent, texts(4))
    work()
    assert counts(agent, job_id) == ("IN_PROGRESS", 2, 4, 0)
    (batch,) = jobs.batches()
    assert timedelta(seconds=1) < batch.next_attempt_at - datetime.now(UTC) <= WAITS[0]
    work()
    assert len(instant.sent) == 2, "it is not yet time"
    hurry()
    work()
    assert set(instant.times().values()) == {1}
    assert counts(agent, job_id) == ("COMPLETED", 4, 4, 0)


def test_a_provider_that_never_takes_it_is_given_up(agent: Caller, instant: type[Instant], work: Work) -> None:
    instant.before.append(lambda to: DeliveryFailed("http_503") if to == number(1) else None)
    job_id = submitted(agent, texts(2))
    for attempt in range(1, len(WAITS) + 2):
        assert counts(agent, job_id)[0] != "COMPLETED", attempt
        work()
        hurry()
    assert counts(agent, job_id) == ("COMPLETED", 2, 2, 1)
    assert codes() == {number(1): "http_503"}
    (row,) = jobs.rows_of([number(1)])
    assert row.attempts == 7


def test_an_account_that_is_refused_ends_the_job(agent: Caller, instant: type[Instant], work: Work) -> None:
    instant.before.append(lambda to: AccountRefused("20003"))
    job_id = submitted(agent, texts(2))
    work()
    assert counts(agent, job_id) == ("FAILED", 0, 2, 0)
    assert jobs.status(agent, job_id, version="v2")["code"] == "20003"
    hurry()
    work()
    assert instant.sent == []


def test_a_repeatable_provider_is_asked_again_with_the_same_reference(
    agent: Caller, instant: type[Instant], work: Work
) -> None:
    instant.after.append(once(SendUnclear("timeout"), ValueError("a mistake of ours")))
    job_id = submitted(agent, texts(3))
    work()
    assert sorted(statuses().values()) == ["pending", "pending", "sent"]
    hurry()
    work()
    assert instant.times() == dict.fromkeys((number(place) for place in range(3)), 1)
    assert counts(agent, job_id) == ("COMPLETED", 3, 3, 0)


class TestAProviderThatMayHaveSent:
    """And would send again if it were asked to: it is asked what it knows, in good time."""

    def test_what_it_took_is_not_sent_again(self, agent: Caller, forgetful: type[Forgetful], work: Work) -> None:
        forgetful.after.append(once(SendUnclear("timeout"), number=number(1)))
        job_id = submitted(agent, texts(3))
        work()
        assert (counts(agent, job_id), statuses()[number(1)]) == (("IN_PROGRESS", 2, 3, 0), "unknown")
        hurry()
        work()
        assert forgetful.asked == [number(1)]
        assert set(forgetful.times().values()) == {1}
        assert counts(agent, job_id) == ("COMPLETED", 3, 3, 0)

    def test_what_it_does_not_know_is_sent_again(self, agent: Caller, forgetful: type[Forgetful], work: Work) -> None:
        forgetful.before.append(once(SendUnclear("timeout"), number=number(1)))
        job_id = submitted(agent, texts(3))
        work()
        hurry()
        work()
        assert forgetful.asked == [number(1)]
        assert forgetful.times() == dict.fromkeys((number(place) for place in range(3)), 1)
        assert counts(agent, job_id) == ("COMPLETED", 3, 3, 0)

    def test_it_is_not_asked_before_it_can_know(self, agent: Caller, forgetful: type[Forgetful], work: Work) -> None:
        forgetful.after.append(once(SendUnclear("timeout")))
        submitted(agent, texts(1))
        work()
        work()
        assert forgetful.asked == []
        (batch,) = jobs.batches()
        assert timedelta(seconds=110) < batch.next_attempt_at - datetime.now(UTC) <= timedelta(minutes=2)

    def test_while_it_does_not_answer_nothing_is_sent(
        self, agent: Caller, forgetful: type[Forgetful], work: Work
    ) -> None:
        forgetful.after.append(once(SendUnclear("timeout")))
        forgetful.troubles += [DeliveryFailed("http_503"), DeliveryFailed("http_503")]
        job_id = submitted(agent, texts(1))
        for _ in range(4):
            work()
            hurry()
        assert (len(forgetful.asked), len(forgetful.sent)) == (3, 1)
        assert counts(agent, job_id) == ("COMPLETED", 1, 1, 0)

    def test_after_a_day_without_an_answer_it_is_given_up(
        self, agent: Caller, forgetful: type[Forgetful], work: Work
    ) -> None:
        forgetful.before.append(once(SendUnclear("timeout")))
        job_id = submitted(agent, texts(1))
        work()
        forgetful.troubles += [DeliveryFailed("http_503")]
        hurry()
        jobs.change_messages(attempted_at=NOON - timedelta(hours=25))
        work()
        assert (counts(agent, job_id), forgetful.sent) == (("COMPLETED", 1, 1, 1), [])
        assert codes() == {number(0): "http_503"}

    def test_a_worker_that_died_after_sending_leaves_no_number_texted_twice(
        self, agent: Caller, forgetful: type[Forgetful], work: Work, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        class Killed(BaseException):
            pass

        def die(*args: object, **kwargs: object) -> None:
            raise Killed

        job_id = submitted(agent, texts(20))
        with monkeypatch.context() as patch, pytest.raises(Killed):
            patch.setattr(chunks, "_settle", die)
            work()
        assert len(forgetful.sent) == 8
        assert sorted(statuses().values()) == ["pending"] * 12 + ["sending"] * 8
        assert (claiming.claim(), jobs.batches()[0].status) == (None, "leased")
        hurry()
        work()
        assert sorted(forgetful.asked) == sorted(number(place) for place in range(8))
        assert forgetful.times() == dict.fromkeys((number(place) for place in range(20)), 1)
        assert counts(agent, job_id) == ("COMPLETED", 20, 20, 0)

    def test_control_without_asking_they_would_be(
        self, agent: Caller, forgetful: type[Forgetful], work: Work, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The provider does send twice when it is asked to; only the question keeps us from it."""
        monkeypatch.setattr(forgetful, "repeatable", True)
        forgetful.after.append(once(SendUnclear("timeout")))
        submitted(agent, texts(1))
        work()
        hurry()
        work()
        assert forgetful.times() == {number(0): 2}


def test_an_overtaken_worker_sends_no_more(agent: Caller, instant: type[Instant], work: Work) -> None:
    submitted(agent, texts(600))
    stale = claiming.claim()
    assert stale is not None
    hurry()
    work()
    assert len(instant.sent) == 600
    working.work_on(stale, clock=lambda: NOON)
    assert len(instant.sent) == 600


def test_workers_side_by_side_send_each_message_once(agent: Caller, instant: type[Instant]) -> None:
    job_id = submitted(agent, [*texts(3000), *texts(500)])

    def work(_: int) -> None:
        while working.work_off(clock=lambda: NOON):
            pass

    together(3, work)
    work(0)
    assert instant.times() == dict.fromkeys((number(place) for place in range(3000)), 1)
    assert counts(agent, job_id) == ("COMPLETED", 3500, 3500, 500)
    with practice_scope(the_job().practice_id):
        assert BulkMessage.objects.filter(status="sent").count() == 3000
        assert BulkMessage.objects.filter(status="failed").count() == 500


class TestTheNight:
    @pytest.mark.parametrize(
        ("local", "quiet"),
        [("20:59", False), ("21:00", True), ("23:30", True), ("03:00", True), ("07:59", True), ("08:00", False)],
    )
    def test_nothing_is_sent_at_night(self, agent: Caller, instant: type[Instant], local: str, quiet: bool) -> None:
        submitted(agent, texts(2))
        hour, minute = map(int, local.split(":"))
        # Another year's, so that by PostgreSQL's clock the morning has not come yet.
        working.work_off(clock=lambda: NOON.replace(year=2099, hour=hour, minute=minute))
        assert len(instant.sent) == (0 if quiet else 2)
        assert {row.attempts for row in jobs.rows_of([number(0), number(1)])} == ({0} if quiet else {1})

    def test_the_job_rests_until_the_morning(self, agent: Caller, instant: type[Instant]) -> None:
        job_id = submitted(agent, texts(2))
        midnight = NOON.replace(year=2099, hour=23)
        working.work_off(clock=lambda: midnight)
        assert the_job().not_before == (midnight + timedelta(days=1)).replace(hour=8)
        assert claiming.claim() is None
        assert counts(agent, job_id)[:2] == ("IN_PROGRESS", 0)
        jobs.change_job(not_before=NOON)
        working.work_off(clock=lambda: NOON)
        assert len(instant.sent) == 2
