"""`up` as a whole: the real processes of the product, hurt, stopped, and warm again; cold_start.py has it cold."""

import os
import signal
from http.client import HTTPConnection

import psutil
import psycopg
import pytest

from mybcat.embedded import environment, ports
from mybcat.embedded.home import Home
from tests.embedded import walkthrough
from tests.embedded.programs import Program, gone, mybcat, running, until

pytestmark = [pytest.mark.processes, pytest.mark.timeout(1200)]
READY = "Ctrl-C stops everything."


def status(port: int, path: str) -> int | None:
    connection = HTTPConnection(ports.LOOPBACK, port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except OSError:
        return None
    finally:
        connection.close()


def process(program: Program, *words: str) -> psutil.Process:
    """The child of ours whose command line holds these words."""
    children = psutil.Process(program.process.pid).children()
    return next(each for each in children if set(words) <= set(each.cmdline()))


def test_the_product_starts_survives_stops_and_finds_its_data_again(migrated_home: Home) -> None:
    home, port = migrated_home, ports.free_ports()
    with running("mybcat.embedded", "up", home=home.root, PORT=str(port)) as program:
        text = program.wait_for(READY)
        assert f"http://127.0.0.1:{port}/admin/" in text
        for login in ("sarah", "omar", "maria", "ops"):
            assert f"{login}@mybcat.example" in text
        # Of two workers, the other may just be looking whether its migrations are there.
        until(lambda: status(port, "/readyz") == 200)
        assert status(port + 1, "/healthz") == 200
        until(lambda: status(port + 2, "/metrics") == 200)
        assert status(port + 2, "/healthz") == 404

        _the_walkthrough_can_be_followed(f"http://127.0.0.1:{port}")
        _tells_children_no_administrator(program, home)
        _refuses_a_second_start(home, port)
        _survives_the_loss_of_api_and_postgres(program, home, port)

        family = program.family()
        assert len(family) >= 9
        assert program.stop() == 0
        assert gone(family)
    _is_there_again(home, port)


def _the_walkthrough_can_be_followed(url: str) -> None:
    steps = walkthrough.steps()
    # What is said first, and ten calls.
    assert len(steps) == 11
    for (_, expected), found in zip(steps, walkthrough.printed(url), strict=True):
        assert walkthrough.as_documented(found, expected=expected), f"{found}\ninstead of\n{expected}"


def _tells_children_no_administrator(program: Program, home: Home) -> None:
    found = environment.published(home=home)
    for name in ("relay", "metrics", "beat"):
        variables = process(program, name).environ()
        assert {key: variables[key] for key in found} == found
        assert not [key for key, value in variables.items() if "://postgres:" in value]


def _refuses_a_second_start(home: Home, port: int) -> None:
    done = mybcat(home.root, "up", PORT=str(port))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"MyBCAT already runs from {home.root} (process ")


def _survives_the_loss_of_api_and_postgres(program: Program, home: Home, port: int) -> None:
    with psycopg.connect(environment.published(home=home)["DATABASE_OWNER_URL"], autocommit=True) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 1")
    for killed in (process(program, "granian"), process(program, "-D", str(home.postgres))):
        workers = killed.children(recursive=True)
        killed.kill()
        until(lambda workers=workers: gone(workers))
    until(lambda: status(port, "/readyz") == 200)


def _is_there_again(home: Home, port: int) -> None:
    with running("mybcat.embedded", "up", home=home.root, PORT=str(port)) as program:
        program.wait_for(READY)
        with psycopg.connect(environment.published(home=home)["DATABASE_OWNER_URL"]) as connection:
            assert connection.execute("SELECT count(*) FROM kept").fetchone() == (1,)
        family = program.family()
        os.kill(program.process.pid, signal.SIGKILL)
        until(lambda: gone(family))
