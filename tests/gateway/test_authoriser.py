"""A caller is verified and read once, remembered for five minutes, and not a moment longer than it is true."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import jwt
import pytest
import time_machine
from django.db import transaction
from django.test import Client

from mybcat.chores import Chore
from mybcat.epochs import Announcing, announce
from mybcat.gateway.authoriser import Context, _remember, _shared, contexts
from mybcat.ids import new_uuid
from mybcat.models import Epoch
from mybcat.principal import Role
from mybcat.tenancy import platform_scope, practice_scope
from practices.models import Membership, Practice, RefreshFamily, User
from tests.api.refusals import assert_forbidden, assert_refused
from tests.callers import Caller
from tests.factories import Clinic, make_member
from tests.gateway.watching import watching
from tests.mybcat.processes import Valkey, relay, wait_for

LOCATIONS = "/api/v2/locations"


def status(agent: Caller) -> int:
    return agent.get(LOCATIONS).status_code


def assert_out(agent: Caller) -> None:
    answer = agent.get(LOCATIONS)
    assert_refused(answer, status=401, code="unauthenticated", sentence="Invalid or expired access token")


class TestAKnownCaller:
    def test_costs_no_signature_no_query_and_one_trip_to_redis(self, own_redis: Valkey, agent: Caller) -> None:
        with watching(own_redis) as first:
            assert status(agent) == 200
        with watching(own_redis) as second:
            assert status(agent) == 200
        # The first shows that the counters count.
        assert (first.signatures, len(first.about_access), second.signatures, second.about_access) == (1, 1, 0, [])
        assert second.commands == ["EVALSHA"]

    def test_is_known_to_every_process(self, own_redis: Valkey, agent: Caller) -> None:
        assert status(agent) == 200
        contexts.clear()
        with watching(own_redis) as elsewhere:
            assert status(agent) == 200
        assert (elsewhere.signatures, elsewhere.about_access) == (0, [])
        assert elsewhere.commands == ["GET", "EVALSHA"]

    def test_is_read_anew_after_five_minutes(self, own_redis: Valkey, agent: Caller) -> None:
        start = datetime.now(UTC)
        with time_machine.travel(start, tick=False) as clock:
            assert status(agent) == 200
            for later, signatures in ((299, 0), (301, 1), (302, 0)):
                clock.move_to(start + timedelta(seconds=later))
                with watching(own_redis) as watched:
                    assert status(agent) == 200
                assert watched.signatures == signatures, later

    def test_is_out_when_the_token_ends(self, clinic: Clinic) -> None:
        start = datetime(2026, 4, 24, 14, tzinfo=UTC)
        with time_machine.travel(start, tick=False) as clock:
            agent = Caller(clinic.agent, clinic.practice)
            for minute in range(15):
                clock.move_to(start + timedelta(minutes=minute))
                assert status(agent) == 200
            clock.move_to(start + timedelta(minutes=15))
            assert_out(agent)

    def test_is_out_when_the_sign_in_ends_before_the_token(self, clinic: Clinic, agent: Caller) -> None:
        ends = datetime.now(UTC) + timedelta(seconds=60)
        with platform_scope(reason="test"):
            RefreshFamily.objects.update(expires_at=ends)
        with time_machine.travel(ends - timedelta(seconds=1), tick=False) as clock:
            assert status(agent) == 200
            clock.move_to(ends)
            assert_out(agent)

    def test_cannot_be_made_up_by_who_writes_to_redis(self, own_redis: Valkey, agent: Caller, clinic: Clinic) -> None:
        clinician = Caller(make_member(practice=clinic.practice, role=Role.PRACTITIONER), clinic.practice)
        assert [status(agent), status(clinician)] == [200, 200]
        client = own_redis.client
        (of_agent, of_clinician) = (key_of(agent), key_of(clinician))
        client.set(of_clinician, client.get(of_agent))
        contexts.clear()
        assert_forbidden(clinician.book(clinic))
        client.set(of_clinician, b"x" * 32 + client.get(of_agent)[32:])
        contexts.clear()
        assert_forbidden(clinician.book(clinic))
        client.set(of_clinician, b"")
        contexts.clear()
        assert status(clinician) == 200


def test_a_caller_is_the_same_in_every_process(own_redis: Valkey, clinic: Clinic) -> None:
    """An operator who looks on included, who may no more than look."""
    member, now = clinic.principal, datetime.now(UTC)
    viewed = replace(member, session_id=new_uuid()).viewed_by(new_uuid())
    client = replace(member, kind="client", role=None, entitled_until=None, scopes=frozenset(list(member.scopes)[:2]))
    assert viewed.scopes < member.scopes
    for number, principal in enumerate((member, viewed, client)):
        context = Context(principal, (number, 7), now.timestamp() + 60, "a-thumbprint" if number else None)
        digest = bytes([number]) * 32
        _remember(digest, context, now)
        assert _shared(digest) == context


def key_of(agent: Caller) -> str:
    return f"mybcat:context:{sha256(agent.token.encode()).hexdigest()}"


def left(clinic: Clinic) -> None:
    with practice_scope(clinic.practice.id):
        Membership.objects.filter(user=clinic.agent).update(is_active=False)


def removed(clinic: Clinic) -> None:
    with practice_scope(clinic.practice.id):
        Membership.objects.filter(user=clinic.agent).delete()


def disabled(clinic: Clinic) -> None:
    User.objects.filter(id=clinic.agent.id).update(is_active=False)


def new_password(clinic: Clinic) -> None:
    clinic.agent.set_password("another horse battery")
    clinic.agent.save()


def signed_out(clinic: Clinic) -> None:
    RefreshFamily.objects.update(revoked_at=datetime.now(UTC), revoked_because="operator")


def gone(clinic: Clinic) -> None:
    RefreshFamily.objects.all().delete()


ENDED: list[Callable[[Clinic], None]] = [left, removed, disabled, new_password, signed_out, gone]


@pytest.fixture(params=["this process", "another process"])
def elsewhere(request: pytest.FixtureRequest) -> Callable[[], None]:
    """Forgets what this process remembers, where the next request is another's."""
    return contexts.clear if request.param == "another process" else lambda: None


@pytest.mark.parametrize("change", ENDED)
def test_what_ends_access_ends_it_at_the_next_request(
    agent: Caller, clinic: Clinic, change: Callable[[Clinic], None], elsewhere: Callable[[], None]
) -> None:
    assert status(agent) == 200
    change(clinic)
    # Negative control: it is remembered, and only the epoch ends it.
    assert status(agent) == 200
    announce()
    elsewhere()
    assert_out(agent)


def test_a_new_role_holds_at_the_next_request(agent: Caller, clinic: Clinic, elsewhere: Callable[[], None]) -> None:
    assert agent.book(clinic).status_code == 201
    with practice_scope(clinic.practice.id):
        Membership.objects.filter(user=clinic.agent).update(role=Role.PRACTITIONER)
    announce()
    elsewhere()
    assert_forbidden(agent.book(clinic, slot=2))
    with practice_scope(clinic.practice.id):
        Membership.objects.filter(user=clinic.agent).update(role=Role.PRACTICE_MANAGER)
    announce()
    elsewhere()
    assert agent.book(clinic, slot=2).status_code == 201


def test_a_change_of_the_practice_holds_for_all_its_members(own_redis: Valkey, agent: Caller, clinic: Clinic) -> None:
    colleague = Caller(make_member(practice=clinic.practice), clinic.practice)
    assert [status(agent), status(colleague)] == [200, 200]
    with practice_scope(clinic.practice.id):
        Practice.objects.update(plan=Practice.Plan.ENTERPRISE)
    announce()
    for each in (agent, colleague):
        with watching(own_redis) as watched:
            assert status(each) == 200
        assert len(watched.about_access) == 1
    with watching(own_redis) as watched:
        assert status(agent) == 200
    assert watched.about_access == []


def test_what_changes_for_one_changes_nothing_for_another(
    own_redis: Valkey, agent: Caller, clinic: Clinic, other_clinic: Clinic
) -> None:
    colleague = Caller(make_member(practice=clinic.practice), clinic.practice)
    stranger = Caller(other_clinic.agent, other_clinic.practice)
    assert [status(each) for each in (agent, colleague, stranger)] == [200, 200, 200]
    disabled(clinic)
    announce()
    for each in (colleague, stranger):
        with watching(own_redis) as watched:
            assert status(each) == 200
        assert watched.about_access == []
    assert_out(agent)


def test_a_change_that_is_rolled_back_is_none(clinic: Clinic, agent: Caller) -> None:
    assert status(agent) == 200

    class Undone(Exception):
        pass

    with pytest.raises(Undone), transaction.atomic():
        User.objects.filter(id=clinic.agent.id).update(is_active=False)
        assert Epoch.objects.filter(subject=clinic.agent.id).exists()
        raise Undone
    assert not Epoch.objects.exists()
    announce()
    assert status(agent) == 200


def test_an_epoch_is_one_row_however_often_it_rises(clinic: Clinic) -> None:
    _change_role_often(clinic)
    epoch = Epoch.objects.get()
    assert (epoch.subject, epoch.value) == (clinic.agent.id, 3)


@pytest.mark.usefixtures("own_redis")
def test_an_epoch_that_began_anew_would_hold_nobody_out(clinic: Clinic) -> None:
    """Negative control of keeping them for good."""
    _change_role_often(clinic)
    announce()
    agent = Caller(clinic.agent, clinic.practice)
    assert status(agent) == 200
    with platform_scope(reason="test"):
        Epoch.objects.all().delete()
    disabled(clinic)
    announce()
    assert Epoch.objects.get().value == 1
    assert status(agent) == 200


def _change_role_often(clinic: Clinic) -> None:
    for role in (Role.PRACTITIONER, Role.PRACTICE_MANAGER, Role.SCHEDULING_AGENT):
        with practice_scope(clinic.practice.id):
            Membership.objects.filter(user=clinic.agent).update(role=role)


def test_refreshing_and_signing_in_again_end_nothing(own_redis: Valkey, agent: Caller, clinic: Clinic) -> None:
    assert status(agent) == 200
    assert agent.http.post("/api/auth/refresh").status_code == 200
    Caller(clinic.agent, clinic.practice)
    with watching(own_redis) as watched:
        assert status(agent) == 200
    assert watched.about_access == []


def test_signing_out_ends_every_token_of_the_sign_in_and_no_other(agent: Caller, clinic: Clinic) -> None:
    other_device = Caller(clinic.agent, clinic.practice)
    refreshed = agent.http.post("/api/auth/refresh").json()["accessToken"]
    later = Client(headers={"Authorization": f"Bearer {refreshed}"})
    assert [later.get(LOCATIONS).status_code, status(agent), status(other_device)] == [200, 200, 200]
    assert agent.http.post("/api/auth/logout").status_code == 204
    assert [later.get(LOCATIONS).status_code, status(agent), status(other_device)] == [401, 401, 200]


class TestWhileRedis:
    def test_hangs_postgresql_is_asked_each_time(self, own_redis: Valkey, agent: Caller, clinic: Clinic) -> None:
        assert status(agent) == 200
        own_redis.hang()
        assert status(agent) == 200
        disabled(clinic)
        assert_out(agent)

    def test_has_forgotten_everything_postgresql_is_asked_once(
        self, own_redis: Valkey, agent: Caller, clinic: Clinic
    ) -> None:
        assert status(agent) == 200
        disabled(clinic)
        own_redis.client.flushall()
        assert_out(agent)

    def test_remembers_an_older_epoch_the_relay_s_process_sends_it_again(
        self, own_redis: Valkey, agent: Caller, clinic: Clinic
    ) -> None:
        """As after a restart that lost the last second."""
        assert status(agent) == 200
        disabled(clinic)
        announce()
        own_redis.client.set(f"mybcat:epoch:{clinic.agent.id}", 0)
        assert status(agent) == 200
        announce()
        assert_out(agent)


def test_a_process_that_dies_between_commit_and_announcement_delays_it_by_a_round(
    agent: Caller, clinic: Clinic
) -> None:
    assert status(agent) == 200
    disabled(clinic)
    assert status(agent) == 200
    round_of_the_relay = Chore(name="epochs", work=Announcing(), clock=lambda: datetime.now(UTC)).round
    assert round_of_the_relay() == timedelta(milliseconds=250)
    assert_out(agent)


@pytest.mark.processes
def test_the_relay_announces_what_bare_sql_has_changed(agent: Caller, clinic: Clinic, owner: Any) -> None:
    with relay():
        assert status(agent) == 200
        owner.execute("UPDATE practices_user SET is_active = false WHERE id = %s", [clinic.agent.id])
        wait_for(lambda: status(agent) == 401, what="the relay")


def test_what_is_not_in_force_is_not_remembered(agent: Caller, clinic: Clinic) -> None:
    disabled(clinic)
    assert_out(agent)
    User.objects.filter(id=clinic.agent.id).update(is_active=True)
    # Without an announcement: there was nothing to forget.
    assert status(agent) == 200


def test_a_token_of_this_moment_names_the_caller_it_was_made_for(agent: Caller, clinic: Clinic) -> None:
    """Two tokens of one sign-in are remembered apart."""
    claims = jwt.decode(agent.token, options={"verify_signature": False})
    assert claims["sub"] == str(clinic.agent.id)
    again = agent.http.post("/api/auth/refresh").json()["accessToken"]
    assert again != agent.token
    assert Client(headers={"Authorization": f"Bearer {again}"}).get(LOCATIONS).status_code == 200
