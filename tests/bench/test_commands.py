"""Each command measures, in the smallest possible way, and says how it went."""

import io
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.core.management import call_command

from bench import booking, reads, searches, tenancy
from bench.api import Api, serving
from mybcat.embedded.home import CHECKOUT

Here = Callable[..., subprocess.CompletedProcess[str]]

pytestmark = [pytest.mark.processes, pytest.mark.timeout(900)]


def run(name: str, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", f"bench.{name}", *options]
    return subprocess.run(
        command, cwd=CHECKOUT, env={**os.environ}, capture_output=True, text=True, timeout=800, check=False
    )


@pytest.fixture(scope="module")
def api(_migrated: None) -> Iterator[Api]:
    with serving() as running:
        yield running


@pytest.fixture
def here(api: Api, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Here:
    """Runs a command in this process, against one `api` for all of them: to start both anew takes longer than it."""

    def run_here(command: Any, *options: str) -> subprocess.CompletedProcess[str]:
        monkeypatch.setattr(command, "serving", lambda: nullcontext(api))
        code = command.main([*options])
        return subprocess.CompletedProcess(options, code, *capsys.readouterr())

    return run_here


def columns(output: str, row: str) -> list[str]:
    line = next(line for line in output.splitlines() if line.startswith(row))
    return line.removeprefix(row).split()


def test_bookings_are_compared_with_the_limit(here: Here) -> None:
    done = here(booking, "--seconds", "0.3", "--rounds", "1", "--volatile")

    assert done.returncode == 0, done.stderr
    for row in ("api, 1 client ", "api, 16 clients", "api, 32 clients"):
        rate, p50, p99, errors, api, postgres = columns(done.stdout, row)
        assert float(rate) > 0
        assert 0 < float(p50) <= float(p99)
        assert errors == "0"
        assert float(api) > 0 and float(postgres) > 0
    assert float(columns(done.stdout, "limit, 8 backends")[0]) > 0
    assert "ratio, api with 16 clients to limit: " in done.stdout


def test_bookings_on_a_server_that_forgets_are_no_measure() -> None:
    with psycopg.connect(settings.ENVIRONMENT.database_url) as connection:
        if connection.execute("SHOW fsync").fetchone() == ("on",):
            pytest.skip("this server writes to disk")

    done = run("booking", "--seconds", "0.3", "--rounds", "1")

    assert done.returncode == 1
    assert "fsync or synchronous_commit is off" in done.stderr


def test_a_profile_tells_where_the_time_goes() -> None:
    done = run("booking", "--profile", "--seconds", "0.3", "--volatile")

    assert done.returncode == 0, done.stderr
    assert "(waiting for PostgreSQL)" in done.stdout
    assert "book_appointment" in done.stdout


def test_a_race_has_exactly_one_winner_a_slot() -> None:
    done = run("race", "--clients", "8", "--slots", "5", "--racers", "4")

    assert done.returncode == 0, done.stderr
    assert columns(done.stdout, "answers 201") == ["5"]
    assert columns(done.stdout, "answers 409") == ["15"]
    assert columns(done.stdout, "appointments") == ["5"]
    assert done.stdout.rstrip().endswith("exact")


def test_of_all_who_say_yes_at_once_each_time_has_one_and_the_others_are_told() -> None:
    done = run("waitlist", "--times", "4", "--waiting", "24", "--clients", "4")

    assert done.returncode == 0, done.stdout + done.stderr
    assert columns(done.stdout, "times given to one of the list") == ["4", "4"]
    assert columns(done.stdout, "asked, and told that it is taken") == ["8", "8"]
    assert columns(done.stdout, "offered or texted at night") == ["0", "0"]


def test_reads_ask_for_the_data_that_their_figures_are_promised_for(here: Here) -> None:
    done = here(reads, "--seconds", "0.3", "--rounds", "1")

    assert done.returncode == 1
    assert "manage.py load --practices 500" in done.stdout


def test_reads_are_measured_and_explained_on_what_is_there(here: Here) -> None:
    call_command("load", practices=2, patients=60, slots_per_practice=300, stdout=io.StringIO())

    done = here(reads, "--any-size", "--seconds", "0.3", "--rounds", "1")
    plans = here(reads, "--any-size", "--plans")

    assert done.returncode == 0, done.stderr
    for row in ("next slots of a type", "day of 200 appointments", "patient by what is typed"):
        clients, rate, *_ = columns(done.stdout, row)
        assert clients == "1"
        assert float(rate) > 0
    assert plans.returncode == 0, plans.stderr
    assert plans.stdout.count("Execution Time:") >= 6


def test_searches_are_measured_and_explained_on_what_is_there(here: Here) -> None:
    call_command("load", practices=2, patients=60, practitioners=2, days=7, stdout=io.StringIO())

    done = here(searches, "--any-size", "--practitioners", "2", "--seconds", "0.3", "--rounds", "1")
    plans = here(searches, "--any-size", "--practitioners", "2", "--plans")
    refused = here(searches)

    assert done.returncode == 0, done.stdout + done.stderr
    for row in ("next slots", "next slots, alternatives", "next slots, Sundays: none", "why not", "workspace, known"):
        clients, rate, *_ = columns(done.stdout, f"{row} ")
        assert clients == "1"
        assert float(rate) > 0
    assert plans.returncode == 0, plans.stderr
    assert plans.stdout.count("Execution Time:") >= 12
    assert (refused.returncode, "manage.py load --practices 484" in refused.stdout) == (1, True)


def test_the_cost_of_the_fence_is_told_for_each_request(here: Here) -> None:
    done = here(tenancy, "--seconds", "0.3")

    assert done.returncode == 0, done.stderr
    for row in ("one patient", "day of 200", "booking"):
        assert columns(done.stdout, row)[-1] == "0"


def test_the_cost_of_the_gateway_is_told_over_the_view_alone() -> None:
    done = run("gateway", "--requests", "20", "--rounds", "1")

    whole, alone, added = (
        float(columns(done.stdout, row)[0])
        for row in ("request of a known caller", "view and transaction alone", "gateway")
    )
    assert abs(whole - alone - added) < 0.002
    assert "scripts run by Redis a request: 1.00" in done.stdout


def test_a_bulk_job_is_accepted_and_sent_whole() -> None:
    done = run("bulk", "--messages", "1500")

    assert done.returncode == 0, done.stderr
    assert float(columns(done.stdout, "accepted, s")[0]) > 0
    assert float(columns(done.stdout, "sent a second")[0]) > 0
    assert float(columns(done.stdout, "worker's memory at its highest, MB")[0]) > 0
    assert columns(done.stdout, "processed, failed, of")[:3] == ["1500,", "0,", "1500"]


def test_sockets_hear_everything_and_it_is_told_what_they_cost() -> None:
    done = run("live", "--sockets", "20", "--seconds", "1", "--burst", "20", "--visits", "10")

    # Whether the limits are met is no question to a machine that runs tests.
    assert done.returncode in (0, 1), done.stderr
    assert "frames of those sent: 200 of 200 (all)" in done.stdout, done.stdout + done.stderr
    for figure in ("commit → frame", "KiB a socket", "frames a second, ours / a bare server's", "device → watcher"):
        assert figure in done.stdout
