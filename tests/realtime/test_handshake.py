"""Who may open a socket, and who is turned away, each with its reason."""

import time
from contextlib import suppress
from datetime import timedelta

import pytest
import redis
from django.conf import settings
from django.utils import timezone
from websockets.exceptions import ConnectionClosed

from mybcat import epochs
from mybcat.gateway.tokens import issue_access_token
from mybcat.principal import Role
from mybcat.tenancy import practice_scope
from practices.models import Membership, RefreshFamily
from realtime import tickets
from tests.callers import Caller
from tests.factories import Clinic, make_member
from tests.mybcat.processes import live, valkey, wait_for
from tests.realtime.watcher import ORIGIN, Watcher, ticket_of


def test_a_ticket_opens_a_socket_that_says_where_the_stream_stands(port: int, agent: Caller) -> None:
    with Watcher(port, agent) as watcher:
        # The ticket is not repeated.
        assert watcher.socket.subprotocol == "mybcat.v1"
        assert watcher.hears() == {"stream": "calendar", "type": "hello", "seq": 0}


def test_the_answer_names_where_sockets_are(agent: Caller) -> None:
    answer = agent.post("/api/v2/live/tickets", None)

    assert answer.json()["url"] == settings.LIVE_URL
    assert answer.headers["Cache-Control"] == "no-store"


def test_without_a_ticket(port: int) -> None:
    with Watcher(port) as watcher:
        assert watcher.closed_with() == 4401


def test_a_ticket_that_was_used(port: int, agent: Caller) -> None:
    ticket = ticket_of(agent)
    with Watcher(port, ticket=ticket) as first, Watcher(port, ticket=ticket) as second:
        assert second.closed_with() == 4401
        assert first.hears()["type"] == "hello"


def test_a_ticket_that_nobody_gave(port: int) -> None:
    with Watcher(port, ticket="A" * 22) as watcher:
        assert watcher.closed_with() == 4401


def test_a_ticket_that_was_put_into_redis_by_somebody_else(port: int, agent: Caller) -> None:
    ticket, forged = ticket_of(agent), "B" * 22
    with redis.Redis.from_url(settings.REDIS_URL) as store:
        store.set(tickets._key(forged), store.get(tickets._key(ticket)) or b"")
    with Watcher(port, ticket=forged) as watcher:
        assert watcher.closed_with() == 4401


def test_a_ticket_is_gone_after_thirty_seconds(port: int, agent: Caller) -> None:
    ticket = ticket_of(agent)
    with redis.Redis.from_url(settings.REDIS_URL) as store:
        assert 0 < store.ttl(tickets._key(ticket)) <= 30
        # Time passes.
        store.pexpire(tickets._key(ticket), 1)
    time.sleep(0.01)
    with Watcher(port, ticket=ticket) as watcher:
        assert watcher.closed_with() == 4401


def test_a_ticket_of_a_sign_in_that_has_ended(port: int, agent: Caller) -> None:
    ticket = ticket_of(agent)
    RefreshFamily.objects.update(revoked_at=timezone.now(), revoked_because="test")
    with Watcher(port, ticket=ticket) as watcher:
        assert watcher.closed_with() == 4401


def test_a_ticket_in_the_url_is_not_looked_at(port: int, agent: Caller) -> None:
    ticket = ticket_of(agent)
    with Watcher(port, path=f"/live?ticket={ticket}") as watcher:
        assert watcher.closed_with() == 4401


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "https://desk.mybcat.example.evil.example", None])
def test_a_page_of_another_origin(port: int, agent: Caller, origin: str | None) -> None:
    ticket = ticket_of(agent)
    with Watcher(port, ticket=ticket, origin=origin) as watcher:
        assert watcher.closed_with() == 4403
    # The ticket was not even looked at.
    with Watcher(port, ticket=ticket) as watcher:
        assert watcher.hears()["type"] == "hello"


def test_a_program_brings_its_token(port: int, agent: Caller) -> None:
    with Watcher(port, origin=None, headers=agent.headers) as watcher:
        assert watcher.hears()["type"] == "hello"


def test_a_page_cannot_bring_a_token(port: int, agent: Caller) -> None:
    with Watcher(port, headers=agent.headers) as watcher:
        assert watcher.closed_with() == 4401


def test_another_path(port: int, agent: Caller) -> None:
    with Watcher(port, agent, path="/elsewhere") as watcher:
        assert watcher.closed_with() == 4404


def test_an_eleventh_socket(port: int, agent: Caller, manager: Caller) -> None:
    watchers = [Watcher(port, agent) for _ in range(10)]
    try:
        with Watcher(port, agent) as one_more, Watcher(port, manager) as another:
            assert one_more.closed_with() == 4429
            assert another.hears()["type"] == "hello"
        watchers.pop().close()
        # Once the process has noticed.
        wait_for(lambda: _is_let_in(port, agent), what="the place of the one that left")
    finally:
        for watcher in watchers:
            watcher.close()


def _is_let_in(port: int, caller: Caller) -> bool:
    with Watcher(port, caller) as watcher, suppress(ConnectionClosed):
        return bool(watcher.hears()["type"] == "hello")
    return False


def test_signing_out_ends_the_sockets_of_the_sign_in_within_a_second(port: int, agent: Caller, clinic: Clinic) -> None:
    elsewhere = Caller(clinic.agent, clinic.practice)
    with Watcher(port, agent) as watcher, Watcher(port, elsewhere) as other:
        assert (watcher.hears()["type"], other.hears()["type"]) == ("hello", "hello")
        assert agent.http.post("/api/auth/logout").status_code == 204
        assert watcher.closed_with() == 4401
        assert other.hears_nothing()


def test_signing_out_everywhere_ends_the_sockets_of_every_sign_in(port: int, agent: Caller, clinic: Clinic) -> None:
    elsewhere, colleague = (
        Caller(user, clinic.practice) for user in (clinic.agent, make_member(practice=clinic.practice))
    )
    with Watcher(port, agent) as here, Watcher(port, elsewhere) as there, Watcher(port, colleague) as other:
        assert [each.hears()["type"] for each in (here, there, other)] == ["hello"] * 3
        assert agent.post("/api/auth/logout/everywhere", None).status_code == 204
        assert (here.closed_with(), there.closed_with()) == (4401, 4401)
        assert other.hears_nothing()


def test_another_role_ends_the_sockets_within_a_second(port: int, agent: Caller, clinic: Clinic) -> None:
    with Watcher(port, agent) as watcher:
        watcher.hears()
        with practice_scope(clinic.practice.id):
            Membership.objects.filter(user=clinic.agent).update(role=Role.PRACTITIONER)
        assert watcher.closed_with() == 4403


def test_who_is_removed_hears_no_more(port: int, agent: Caller, clinic: Clinic) -> None:
    with Watcher(port, agent) as watcher:
        watcher.hears()
        with practice_scope(clinic.practice.id):
            Membership.objects.filter(user=clinic.agent).delete()
        assert watcher.closed_with() == 4401


def test_another_plan_ends_nothing(port: int, agent: Caller, clinic: Clinic) -> None:
    with Watcher(port, agent) as watcher:
        watcher.hears()
        with practice_scope(clinic.practice.id):
            clinic.practice.plan = "enterprise"
            clinic.practice.save()
        epochs.announce()
        assert watcher.hears_nothing(seconds=1)
        watcher.say(type="ping")
        assert watcher.hears() == {"type": "pong"}


def test_a_socket_lives_no_longer_than_its_token(port: int, clinic: Clinic) -> None:
    user = make_member(practice=clinic.practice)
    Caller(user, clinic.practice)
    family = RefreshFamily.objects.get(user=user)
    issued = timezone.now() - settings.JWT_LIFETIME + timedelta(seconds=6)
    token = issue_access_token(
        user_id=user.id,
        practice_id=clinic.practice.id,
        role=Role.SCHEDULING_AGENT,
        plan="standard",
        session_id=family.id,
        now=issued,
    )
    with Watcher(port, origin=None, headers={"Authorization": f"Bearer {token}"}) as watcher:
        assert watcher.hears()["type"] == "hello"
        assert watcher.closed_with() == 4401


def test_a_redis_that_hangs_keeps_nobody_in(agent: Caller, clinic: Clinic) -> None:
    """Who has signed out is found in PostgreSQL."""
    with (
        valkey() as broker,
        live(TRUSTED_ORIGINS=ORIGIN, LIVE_REDIS_URLS=broker.url) as running,
        Watcher(running.port, agent) as watcher,
    ):
        watcher.hears()
        broker.hang()
        try:
            assert agent.http.post("/api/auth/logout").status_code == 204
            assert watcher.closed_with() == 4401
        finally:
            broker.go_on()
