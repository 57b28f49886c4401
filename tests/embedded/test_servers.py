"""The servers of a home: their data outlives every crash, their logs hold no data."""

import json
import os
import re
import signal
import stat
import subprocess
import tempfile
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import psutil
import psycopg
import pytest
import redis

from mybcat.embedded import postgres
from mybcat.embedded.home import Home
from mybcat.embedded.isolation import Account
from tests.embedded.conftest import Servers
from tests.embedded.programs import Program, gone, running, until


class Addresses(NamedTuple):
    """What `serving` prints."""

    administrator: str
    redis: str


def serving(home: Home) -> AbstractContextManager[Program]:
    return running("tests.embedded.serving", str(home.root), home=home.root)


def addresses(program: Program) -> Addresses:
    return Addresses(**json.loads(program.wait_for("}")))


def server(program: Program, name: str) -> psutil.Process:
    """The one that we started, not those that it started."""
    return next(each for each in psutil.Process(program.process.pid).children() if name in each.name())


def count(url: str) -> int | None:
    """Rows in `kept`; None while the server is away."""
    with suppress(psycopg.OperationalError), psycopg.connect(url, connect_timeout=2) as connection:
        row = connection.execute("SELECT count(*) FROM kept").fetchone()
        return row[0] if row else None
    return None


class TestCrash:
    def test_postgres_killed_is_back_with_what_was_committed(self, used_home: Home) -> None:
        with serving(used_home) as program:
            url = addresses(program).administrator
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute("CREATE TABLE kept AS SELECT generate_series(1, 1000)")
            server(program, "postgres").kill()
            until(lambda: count(url) == 1000)
            assert program.stop() == 0

    def test_valkey_killed_is_back_on_its_port(self, used_home: Home) -> None:
        with serving(used_home) as program:
            client = redis.Redis.from_url(addresses(program).redis, retry=None)
            killed = server(program, "valkey")
            killed.kill()
            until(lambda: gone([killed]))
            until(lambda: pings(client))
            client.close()

    def test_all_killed_at_once_start_again_with_their_data(self, used_home: Home) -> None:
        with serving(used_home) as program:
            first = addresses(program)
            with psycopg.connect(first.administrator, autocommit=True) as connection:
                connection.execute("CREATE TABLE kept AS SELECT 1")
            with redis.Redis.from_url(first.redis) as client:
                client.set("kept", "1")
            family = program.family()
            for process in (psutil.Process(program.process.pid), *family):
                process.kill()
            program.process.wait()
            until(lambda: gone(family))
        with serving(used_home) as program:
            assert addresses(program) == first
            assert count(first.administrator) == 1


class TestOrderlyEnd:
    def test_postgres_has_nothing_to_recover(self, used_home: Home) -> None:
        with serving(used_home) as program:
            addresses(program)
            family = program.family()
            assert program.stop() == 0
            assert gone(family)
        assert "database system is shut down" in used_home.log("postgres").read_text()

    def test_a_killed_supervisor_takes_its_servers_along(self, used_home: Home) -> None:
        with serving(used_home) as program:
            addresses(program)
            family = program.family()
            program.process.send_signal(signal.SIGKILL)
            until(lambda: gone(family))
        state = subprocess.run(
            [postgres.locate(used_home).binaries / "pg_controldata", used_home.postgres],
            capture_output=True,
            text=True,
            check=True,
        )
        assert "Database cluster state:               shut down\n" in state.stdout


class TestFirstStart:
    def test_an_interrupted_one_is_done_again(self, home: Home) -> None:
        draft = home.file("postgres.new")
        draft.mkdir()
        (draft / "PG_VERSION").write_text("18")
        with serving(home) as program:
            addresses(program)
        assert not draft.exists()
        assert (home.postgres / "PG_VERSION").exists()

    def test_a_failed_initdb_names_its_log(self, home: Home) -> None:
        home.file("secrets.json").write_text(json.dumps({"postgres": "", "valkey": "x"}))
        with serving(home) as program:
            program.wait_for(f"could not be made: the reason stands in {home.log('initdb')}")
        assert not home.postgres.exists()


class TestLaterStart:
    def test_a_stale_process_number_does_not_prevent_it(self, used_home: Home) -> None:
        # As after a restart of a container: the number is now somebody else's, here ours.
        (used_home.postgres / "postmaster.pid").write_text(f"{os.getpid()}\n{used_home.postgres}\n")
        with serving(used_home) as program:
            addresses(program)

    def test_lost_passwords_are_explained(self, used_home: Home) -> None:
        used_home.file("secrets.json").unlink()
        with serving(used_home) as program:
            program.wait_for("is not that of the database in")


class TestSecrecy:
    def test_no_statement_and_no_value_reaches_the_log(self, foreign: Servers) -> None:
        with psycopg.connect(foreign.administrator, autocommit=True) as connection:
            connection.execute("CREATE TEMPORARY TABLE patient (name text UNIQUE, born date)")
            connection.execute("INSERT INTO patient (name) VALUES ('Ada Secret')")
            for statement, values in (
                ("INSERT INTO patient (name) VALUES (%s)", ["Ada Secret"]),
                ("SELECT * FROM patient WHERE name = 'Ada Secret' AND nonsense", None),
            ):
                with pytest.raises(psycopg.Error):
                    connection.execute(statement, values)
        log = foreign.home.log("postgres")
        until(lambda: "duplicate key value violates unique constraint" in log.read_text())
        assert "Secret" not in log.read_text()

    def test_passwords_stand_in_no_log_and_among_the_arguments_of_no_process(self, foreign: Servers) -> None:
        arguments = " ".join(word for each in psutil.Process(foreign.pid).children() for word in each.cmdline())
        assert "postgres" in arguments
        logs = "".join(path.read_text() for path in foreign.home.logs.iterdir())
        for url in (foreign.administrator, foreign.redis):
            password = urlsplit(url).password
            assert password
            assert password not in arguments + logs

    def test_strangers_are_not_let_in(self, foreign: Servers) -> None:
        parts = urlsplit(foreign.administrator)
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(host=parts.hostname, port=parts.port, user="postgres", dbname="postgres")
        url = re.sub(r":[^:@/]*@", "", foreign.redis)
        with redis.Redis.from_url(url, retry=None) as client, pytest.raises(redis.AuthenticationError):
            client.ping()

    def test_data_is_closed_to_other_users(self, foreign: Servers) -> None:
        for directory in (foreign.home.postgres, foreign.home.valkey, foreign.home.logs):
            assert stat.S_IMODE(directory.stat().st_mode) == 0o700


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to become somebody else")
@pytest.mark.parametrize("mode", [0o755, 0o700])
class TestRootWithoutUserNamespaces:
    def test_nobody_serves_from_where_nobody_may_go(self, mode: int) -> None:
        with tempfile.TemporaryDirectory() as name:
            top = Path(name)
            top.chmod(0o755)
            home = Home(top / "home")
            home.root.mkdir(mode=mode)
            for _ in range(2):
                with running("tests.embedded.serving", str(home.root), str(top / "var"), home=home.root) as program:
                    addresses(program)
                    assert server(program, "postgres").uids().real == Account.NOBODY.uid
            assert home.postgres.exists() is (mode == 0o755)
            assert (top / "var").exists() is (mode == 0o700)


def pings(client: redis.Redis) -> bool:
    with suppress(redis.RedisError):
        return bool(client.ping())
    return False
