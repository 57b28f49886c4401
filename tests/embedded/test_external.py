"""Servers that somebody else runs."""

import re
import socket
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import psycopg
import pytest

from mybcat.embedded import external, listeners
from mybcat.embedded.addresses import as_role, database_of
from mybcat.embedded.ports import LOOPBACK
from mybcat.embedded.provision import APP, OWNER
from mybcat.embedded.refusal import Refusal
from tests.embedded.conftest import Servers

pytestmark = pytest.mark.usefixtures("clean_environment")


@pytest.fixture
def silent() -> Iterator[str]:
    """Host and port of a server that takes a connection and says nothing."""
    with socket.create_server((LOOPBACK, 0)) as server:
        yield f"{LOOPBACK}:{server.getsockname()[1]}"


def with_password(url: str, password: str) -> str:
    return re.sub(r":[^:@/]*@", f":{password}@", url)


class TestDatabase:
    def test_none_is_named(self) -> None:
        assert external.database({}) is None
        assert external.database({"DATABASE_URL": ""}) is None

    def test_an_administrator_prepares_it_and_is_not_handed_on(self, foreign: Servers) -> None:
        found = external.database({"DATABASE_URL": foreign.administrator})
        assert found is not None
        for url, role in ((found.app, APP), (found.owner, OWNER)):
            with psycopg.connect(url) as connection:
                assert connection.info.user == role
                assert connection.info.dbname == "mybcat"
            assert urlsplit(foreign.administrator).password not in url

    def test_the_database_that_is_named_is_the_one(self, foreign: Servers) -> None:
        named = urlsplit(foreign.administrator)._replace(path="/another%20one").geturl()
        found = external.database({"DATABASE_URL": named})
        assert found is not None
        with psycopg.connect(found.app) as connection:
            assert connection.info.dbname == "another one"

    def test_the_plain_role_needs_the_owner_too(self, foreign: Servers) -> None:
        found = external.database({"DATABASE_URL": foreign.administrator})
        assert found is not None
        with pytest.raises(Refusal, match="so DATABASE_OWNER_URL must name"):
            external.database({"DATABASE_URL": found.app})
        both = {"DATABASE_URL": found.app, "DATABASE_OWNER_URL": found.owner}
        assert external.database(both) == found

    def test_an_owner_that_is_not_let_in_is_named(self, foreign: Servers) -> None:
        found = external.database({"DATABASE_URL": foreign.administrator})
        assert found is not None
        both = {"DATABASE_URL": found.app, "DATABASE_OWNER_URL": with_password(found.owner, "s3cret")}
        with pytest.raises(Refusal, match=r"^DATABASE_OWNER_URL leads to no database") as refusal:
            external.database(both)
        assert "s3cret" not in str(refusal.value)

    def test_a_wrong_password_is_not_repeated(self, foreign: Servers) -> None:
        with pytest.raises(Refusal, match=r"^DATABASE_URL leads to .*password authentication failed") as refusal:
            external.database({"DATABASE_URL": with_password(foreign.administrator, "s3cret")})
        assert "s3cret" not in str(refusal.value)

    def test_a_missing_password_is_asked_for(self, foreign: Servers) -> None:
        with pytest.raises(Refusal, match="names an administrator without a password"):
            external.database({"DATABASE_URL": re.sub(r":[^:@/]*@", "@", foreign.administrator)})

    def test_what_cannot_be_read_is_not_quoted(self) -> None:
        with pytest.raises(Refusal, match=r"^DATABASE_URL cannot be read as a PostgreSQL address\.$"):
            external.database({"DATABASE_URL": "postgresql://a:s3cret%zz@127.0.0.1/x"})

    def test_an_unknown_host_is_named(self) -> None:
        with pytest.raises(Refusal, match=r"^DATABASE_URL names a host that is not known: nowhere\.invalid\.$"):
            external.database({"DATABASE_URL": "postgresql://a:s3cret@nowhere.invalid/x"})

    def test_a_server_that_says_nothing_is_not_waited_for(self, silent: str, monkeypatch: pytest.MonkeyPatch) -> None:
        assert external._PATIENCE + listeners.PATIENCE < 10
        monkeypatch.setattr(external, "_PATIENCE", 2)
        begun = time.monotonic()
        with pytest.raises(Refusal, match=r"^DATABASE_URL leads to no database"):
            external.database({"DATABASE_URL": f"postgresql://a:s3cret@{silent}/x"})
        assert time.monotonic() - begun < 60


class TestRedis:
    def test_none_is_named(self) -> None:
        assert external.redis_address({}) is None

    def test_one_that_answers_is_taken_as_it_is(self, foreign: Servers) -> None:
        assert external.redis_address({"REDIS_URL": foreign.redis}) == foreign.redis

    @pytest.mark.parametrize("password", ["s3cret", ""])
    def test_a_wrong_password_is_not_repeated(self, foreign: Servers, password: str) -> None:
        with pytest.raises(Refusal, match=r"^REDIS_URL leads to a server that refuses its user or password\.$"):
            external.redis_address({"REDIS_URL": with_password(foreign.redis, password)})

    def test_an_unknown_host_is_named(self) -> None:
        with pytest.raises(Refusal, match=r"^REDIS_URL names a host that is not known: nowhere\.invalid\.$"):
            external.redis_address({"REDIS_URL": "redis://:s3cret@nowhere.invalid/0"})

    def test_a_server_of_another_kind_is_refused(self, foreign: Servers) -> None:
        port = urlsplit(foreign.administrator).port
        with pytest.raises(Refusal, match=r"^REDIS_URL leads to no Redis server that answers"):
            external.redis_address({"REDIS_URL": f"redis://:s3cret@{LOOPBACK}:{port}/0"})


class TestAddresses:
    def test_another_role_keeps_the_server_and_its_options(self) -> None:
        url = as_role("postgres://a:b@[::1]:5433/x?sslmode=require", role="r", password="p/@", database="d e")
        assert url == "postgresql://r:p%2F%40@[::1]:5433/d%20e?sslmode=require"

    @pytest.mark.parametrize("path", ["", "/", "/postgres", "/template1"])
    def test_databases_of_postgresql_itself_are_not_ours(self, path: str) -> None:
        assert database_of(f"postgresql://a:b@c{path}", default="mybcat") == "mybcat"
