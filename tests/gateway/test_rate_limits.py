"""Limits: who is counted with whom, what every answer says, and what a refusal says."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from django.conf import LazySettings
from django.test import Client

from mybcat.gateway.authoriser import Known, contexts
from mybcat.principal import Role
from practices.memberships import load_principal
from tests.api.rows import changes
from tests.callers import Caller, public, together
from tests.factories import Clinic, make_member, make_practice
from tests.mybcat.processes import Valkey

PATIENTS, LOCATIONS, TYPES = "/api/v1/patients", "/api/v1/locations", "/api/v1/appointment-types"
NEW_PATIENT = {"firstName": "Ines", "lastName": "Moreau", "dateOfBirth": "1990-05-17"}
# contracts.md, section 5.
T3, T4, BOOKING = 50, 100, 300


@pytest.fixture(autouse=True)
def _real_limits(settings: LazySettings) -> None:
    settings.RATE_LIMIT_FACTOR = 1


@pytest.fixture(autouse=True)
def redis_server(own_redis: Valkey) -> Valkey:
    """Empty at the beginning of each test: all of them come from one address."""
    return own_redis


def spend(agent: Caller, path: str, count: int) -> list[int]:
    return [agent.get(path).status_code for _ in range(count)]


def limit_key(server: Valkey, part: str) -> str:
    (key,) = [key.decode() for key in server.client.keys("mybcat:limit:*") if part in key.decode()]
    return key


def test_a_tier_admits_what_it_says_and_no_more(agent: Caller) -> None:
    assert spend(agent, LOCATIONS, T4 + 2) == [200] * T4 + [429] * 2


def test_a_write_has_a_tier_of_its_own(agent: Caller) -> None:
    statuses = [agent.post(PATIENTS, NEW_PATIENT).status_code for _ in range(T3 + 1)]
    assert statuses == [201] * T3 + [429]
    # Another operation is another count.
    assert agent.get(PATIENTS).status_code == 200


def test_both_versions_of_an_operation_and_head_are_one_count(agent: Caller) -> None:
    assert spend(agent, LOCATIONS, 50) + spend(agent, "/api/v2/locations", 50) == [200] * 100
    assert agent.http.head(LOCATIONS, headers=agent.headers).status_code == 429


def test_an_agent_books_on_when_everything_else_is_used_up(agent: Caller, clinic: Clinic) -> None:
    spend(agent, "/api/v1/slots", T4 + 1)
    spend(agent, PATIENTS, T4 + 1)
    answer = agent.book(clinic)
    assert answer.status_code == 201
    assert (answer.headers["X-Rate-Limit-Limit"], answer.headers["X-Rate-Limit-Remaining"]) == ("300", "299")


def test_a_flood_reaches_no_colleague_no_other_sign_in_and_no_other_practice(agent: Caller, clinic: Clinic) -> None:
    second_practice = make_practice(name="Second")
    make_member(practice=second_practice, user=clinic.agent)
    others = [
        Caller(make_member(practice=clinic.practice), clinic.practice),
        Caller(clinic.agent, clinic.practice),
        Caller(clinic.agent, second_practice),
    ]
    assert spend(agent, LOCATIONS, T4 + 1)[-1] == 429
    assert [each.get(LOCATIONS).status_code for each in others] == [200, 200, 200]


def test_a_refreshed_token_is_no_new_caller_but_another_practice_is(agent: Caller, clinic: Clinic) -> None:
    second = make_practice(name="Second")
    make_member(practice=second, user=clinic.agent)
    spend(agent, LOCATIONS, T4)
    agent.headers = {"Authorization": f"Bearer {agent.http.post('/api/auth/refresh').json()['accessToken']}"}
    assert agent.get(LOCATIONS).status_code == 429
    moved = agent.post("/api/auth/practice", {"practice": public("prac", second.id)}).json()["accessToken"]
    agent.headers = {"Authorization": f"Bearer {moved}"}
    assert agent.get(LOCATIONS).status_code == 200


def test_every_answer_says_how_many_are_left(agent: Caller, redis_server: Valkey) -> None:
    answers = [agent.get(LOCATIONS) for _ in range(2)]
    assert [answer.headers["X-Rate-Limit-Limit"] for answer in answers] == ["100", "100"]
    assert [answer.headers["X-Rate-Limit-Remaining"] for answer in answers] == ["99", "98"]
    assert answers[0].headers["RateLimit-Policy"] == '"t4";q=100;w=60'
    assert re.fullmatch(r'"t4";r=98;t=\d+', answers[1].headers["RateLimit"])
    now, _ = redis_server.client.time()
    assert 55 <= int(answers[1].headers["X-Rate-Limit-Reset"]) - now <= 61


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_refusals_of_every_kind_say_it_too(agent: Caller, clinic: Clinic, version: str) -> None:
    clinician = Caller(make_member(practice=clinic.practice, role=Role.PRACTITIONER), clinic.practice)
    refusals = {
        400: agent.post(f"/api/{version}/patients", "{"),
        401: Client().get(f"/api/{version}/locations"),
        403: clinician.post(f"/api/{version}/patients", NEW_PATIENT),
        404: agent.get(f"/api/{version}/nowhere"),
        405: agent.http.put(f"/api/{version}/patients", headers=agent.headers),
        411: agent.http.post(f"/api/{version}/patients", HTTP_TRANSFER_ENCODING="chunked", headers=agent.headers),
        413: agent.http.generic("POST", f"/api/{version}/patients", b" " * (1024 * 1024 + 1), headers=agent.headers),
        415: agent.http.post(f"/api/{version}/patients", "x", content_type="text/plain", headers=agent.headers),
    }
    assert {status: answer.status_code for status, answer in refusals.items()} == {each: each for each in refusals}
    for answer in refusals.values():
        for name in ("X-Rate-Limit-Limit", "X-Rate-Limit-Remaining", "X-Rate-Limit-Reset"):
            assert re.fullmatch(r"\d+", answer.headers[name])
        assert {"RateLimit", "RateLimit-Policy"} <= set(answer.headers)


class TestOverTheLimit:
    @pytest.fixture(autouse=True)
    def _used_up(self, agent: Caller, redis_server: Valkey) -> None:
        spend(agent, LOCATIONS, T4)
        # As if so much of the minute had passed.
        redis_server.client.pexpire(limit_key(redis_server, "Locations.GET"), 29_950)

    def test_v1_answers_to_the_letter(self, agent: Caller) -> None:
        with changes():
            answer = agent.get(LOCATIONS)
        assert (answer.status_code, answer.headers["Content-Type"]) == (429, "application/json")
        assert answer.content == b'{"error":"Rate limit exceeded","retryAfter":30}'
        assert answer.headers["Retry-After"] == "30"
        assert answer.headers["X-Rate-Limit-Remaining"] == "0"
        assert "Deprecation" in answer.headers

    def test_v2_answers_rfc_9457(self, agent: Caller) -> None:
        answer = agent.get("/api/v2/locations")
        assert (answer.status_code, answer.headers["Content-Type"]) == (429, "application/problem+json")
        assert answer.json() == {
            "type": "https://mybcat.example/problems/rate-limited",
            "title": "Too Many Requests",
            "status": 429,
            "detail": "Rate limit exceeded",
            "code": "rate_limited",
            "correlationId": answer.headers["X-Correlation-Id"],
            "retryAfter": 30,
            "errors": [],
        }
        assert answer.headers["Retry-After"] == "30"

    def test_who_waits_as_long_as_told_is_admitted(self, agent: Caller, redis_server: Valkey) -> None:
        key = limit_key(redis_server, "Locations.GET")
        told = int(agent.get(LOCATIONS).headers["Retry-After"])
        assert (told - 1) * 1000 < redis_server.client.pttl(key) <= told * 1000
        # The window ends, as it does by itself when that time is up.
        redis_server.client.delete(key)
        assert agent.get(LOCATIONS).status_code == 200

    def test_what_was_refused_is_not_counted(self, agent: Caller, redis_server: Valkey) -> None:
        assert spend(agent, LOCATIONS, 5) == [429] * 5
        assert int(redis_server.client.get(limit_key(redis_server, "Locations.GET"))) == T4

    def test_operators_see_it(self, agent: Caller) -> None:
        def refused() -> float:
            text = Client().get("/metrics").content.decode()
            found = re.findall(r'^mybcat_rate_limited_total\{limit="t4"\} (\S+)$', text, re.MULTILINE)
            return float(found[0]) if found else 0.0

        before = refused()
        agent.get(LOCATIONS)
        assert refused() == before + 1

    def test_a_booking_that_is_refused_leaves_nothing(
        self, agent: Caller, clinic: Clinic, redis_server: Valkey
    ) -> None:
        agent.book(clinic)
        redis_server.client.set(limit_key(redis_server, "Appointments.POST"), BOOKING, keepttl=True)
        with changes():
            answer = agent.book(clinic, slot=2)
        assert answer.status_code == 429


class TestAnAddress:
    """Counted for whoever names no caller."""

    MOST = 600

    @pytest.fixture(autouse=True)
    def _used_up(self, redis_server: Valkey) -> None:
        Client().get(LOCATIONS)
        redis_server.client.set(limit_key(redis_server, "address:"), self.MOST - 1, keepttl=True)

    def test_is_refused_beyond_its_limit_whatever_it_asks(self) -> None:
        assert Client().get("/api/v2/nowhere").status_code == 404
        for path in (LOCATIONS, "/api/v2/nowhere", "/api/schema/v2"):
            answer = Client().get(path)
            assert (answer.status_code, answer.headers["X-Rate-Limit-Limit"]) == (429, "600")

    def test_is_refused_before_anything_is_done(self, clinic: Clinic) -> None:
        Client().get(LOCATIONS)
        with changes():
            answer = Client().post("/api/auth/token", {}, content_type="application/json")
        assert answer.status_code == 429

    @pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Client-IP"])
    def test_is_not_what_the_caller_says(self, header: str) -> None:
        Client().get(LOCATIONS)
        assert Client().get(LOCATIONS, headers={header: "203.0.113.9"}).status_code == 429

    def test_is_counted_apart_from_others(self) -> None:
        Client().get(LOCATIONS)
        assert [left_for(each) for each in ("203.0.113.9", "203.0.113.9", "203.0.113.10")] == ["599", "598", "599"]

    def test_of_ipv6_is_a_network(self) -> None:
        told = ["2001:db8:1:2::1", "2001:db8:1:2:ffff::9", "2001:db8:1:3::1", "::ffff:203.0.113.9", "203.0.113.9"]
        assert [left_for(each) for each in told] == ["599", "598", "599", "599", "598"]

    def test_does_not_stop_who_is_known(self, agent: Caller) -> None:
        Client().get(LOCATIONS)
        assert agent.get(LOCATIONS).status_code == 200


def left_for(address: str) -> str:
    return Client(REMOTE_ADDR=address).get(LOCATIONS).headers["X-Rate-Limit-Remaining"]


def as_client(*, claims: Any, now: Any) -> Known:
    """The member behind the token, as if an API client of the practice's with all permissions."""
    known = load_principal(claims=claims, now=now)
    return Known(replace(known.principal, kind="client", role=None, session_id=None), known.epochs)


class TestAPlan:
    @pytest.fixture(autouse=True)
    def _clients(self, settings: LazySettings) -> Iterator[None]:
        settings.PRINCIPAL_LOADERS = {"member": f"{__name__}.as_client"}
        contexts.clear()
        yield
        contexts.clear()

    def test_admits_a_burst_and_then_its_rate(self, agent: Caller, redis_server: Valkey) -> None:
        """Standard: 10 at once; then one each 50 ms."""
        agent.get(LOCATIONS)
        key = limit_key(redis_server, ":plan:")
        seconds, micros = redis_server.client.time()
        # The bucket is full to the brim for the next minute: nobody has to be fast for this.
        redis_server.client.set(key, (seconds + 60) * 1_000_000 + micros)
        answer = agent.get(LOCATIONS)
        assert answer.status_code == 429
        assert (answer.headers["X-Rate-Limit-Limit"], answer.headers["X-Rate-Limit-Remaining"]) == ("10", "0")
        assert answer.headers["Retry-After"] in ("59", "60")
        redis_server.client.delete(key)
        assert agent.get(LOCATIONS).headers["RateLimit"].split(", ")[1].startswith('"plan";r=9;')

    def test_is_the_practice_s_and_of_no_other(self, agent: Caller, clinic: Clinic, other_clinic: Clinic) -> None:
        colleague = Caller(make_member(practice=clinic.practice), clinic.practice)
        stranger = Caller(other_clinic.agent, other_clinic.practice)
        left = [each.get(LOCATIONS).headers["RateLimit"] for each in (agent, colleague, stranger)]
        daily = [re.findall(r'"daily";r=(\d+)', each)[0] for each in left]
        assert daily == ["9999", "9998", "9999"]

    def test_has_a_day_that_ends_at_midnight_utc(self, agent: Caller, redis_server: Valkey) -> None:
        answer = agent.get(LOCATIONS)
        policies = '"t4";q=100;w=60, "plan";q=20;w=1, "daily";q=10000;w=86400'
        assert answer.headers["RateLimit-Policy"] == policies
        key = limit_key(redis_server, ":daily:")
        now, _ = redis_server.client.time()
        assert abs(redis_server.client.pexpiretime(key) / 1000 - (now // 86_400 + 1) * 86_400) < 2
        redis_server.client.set(key, 10_000, keepttl=True)
        refused = agent.get(LOCATIONS)
        assert refused.status_code == 429
        assert abs(int(refused.headers["Retry-After"]) - (86_400 - now % 86_400)) <= 2

    def test_that_refuses_counts_against_no_other_limit(self, agent: Caller, redis_server: Valkey) -> None:
        agent.get(LOCATIONS)
        redis_server.client.set(limit_key(redis_server, ":daily:"), 10_000, keepttl=True)
        assert agent.get(LOCATIONS).status_code == 429
        assert redis_server.client.get(limit_key(redis_server, "Locations.GET")) == b"1"


class TestWhileRedisHangs:
    def test_requests_pass_and_operators_are_told_once(
        self, agent: Caller, clinic: Clinic, redis_server: Valkey, logged: Any
    ) -> None:
        def unavailable() -> float:
            text = Client().get("/metrics").content.decode()
            return float(re.findall(r"^mybcat_rate_limit_unavailable_total (\S+)$", text, re.MULTILINE)[0])

        before = unavailable()
        redis_server.hang()
        answers = [agent.get(LOCATIONS) for _ in range(5)]
        assert [answer.status_code for answer in answers] == [200] * 5
        assert {answer.headers["X-Rate-Limit-Remaining"] for answer in answers} == {"100"}
        assert unavailable() == before + 5
        lines = [line["event"] for line in logged() if "Redis" in line["event"]]
        assert lines == ["Redis is away: limits are not counted, callers are read from PostgreSQL"]
        assert agent.book(clinic, key=str(uuid4())).status_code == 201

    def test_one_timeout_is_paid_and_not_one_a_request(self, agent: Caller, redis_server: Valkey) -> None:
        redis_server.hang()
        connections = redis_server.client.connection_pool
        with pytest.MonkeyPatch.context() as patch:
            asked = _count_asking(patch)
            for _ in range(20):
                assert agent.get(LOCATIONS).status_code == 200
        assert connections is not None
        # 20 requests take less than the two seconds after which it may be asked again, or little more.
        assert 1 <= len(asked) <= 3

    def test_counting_goes_on_when_it_is_back(self, agent: Caller, redis_server: Valkey) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("mybcat.volatile.REST_SECONDS", 0.0)
            redis_server.hang()
            assert agent.get(LOCATIONS).status_code == 200
            redis_server.go_on()
            assert agent.get(LOCATIONS).headers["X-Rate-Limit-Remaining"] in ("99", "98")


def _count_asking(patch: pytest.MonkeyPatch) -> list[str]:
    from mybcat.volatile import Volatile

    asked: list[str] = []
    rest = Volatile._rest

    def counting(self: Volatile, error: Exception) -> None:
        asked.append(type(error).__name__)
        rest(self, error)

    patch.setattr(Volatile, "_rest", counting)
    return asked


def test_many_at_once_are_counted_exactly(agent: Caller) -> None:
    answers = together(60, lambda _: agent.post(PATIENTS, NEW_PATIENT).status_code)
    assert (answers.count(201), answers.count(429)) == (T3, 10)
