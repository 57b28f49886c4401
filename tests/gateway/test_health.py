"""Whether the process lives, whether it can do its work, and what it counted."""

import threading
import time
from typing import Any

import pytest
from django.test import Client

from mybcat.bounded import Question
from mybcat.gateway import health
from tests.api.refusals import assert_not_found

GOOD = {"database": "ok", "migrations": "ok", "redis": "ok", "broker": "ok"}


def test_a_process_that_lives_says_so(client: Client) -> None:
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_ready_means_all_parts_are_good(client: Client) -> None:
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok", "parts": GOOD})


def test_not_ready_names_the_part(client: Client, settings: Any) -> None:
    # Celery reads its settings at first use; that must not be while they are wrong.
    assert client.get("/readyz").status_code == 200
    settings.REDIS_URL = "redis://127.0.0.1:9/0"
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (
        503,
        {"status": "unavailable", "parts": {**GOOD, "redis": "unavailable"}},
    )


def test_a_part_that_hangs_is_named_in_time(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    client.get("/readyz")
    over, asked = threading.Event(), []

    def hang() -> bool:
        asked.append(threading.get_ident())
        return over.wait(60)

    monkeypatch.setattr(health, "QUESTIONS", {**health.QUESTIONS, "database": Question(hang)})
    monkeypatch.setattr(health, "READY_SECONDS", 0.2)
    try:
        for _ in range(3):
            begun = time.monotonic()
            answer = client.get("/readyz")
            assert time.monotonic() - begun < 30
            assert (answer.status_code, answer.json()["parts"]["database"]) == (503, "unavailable")
        # However often it is asked, one thread waits.
        assert len(asked) == 1
    finally:
        over.set()


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_metrics_are_for_this_machine(client: Client, address: str) -> None:
    answer = client.get("/metrics", REMOTE_ADDR=address)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/plain; version=0.0.4; charset=utf-8")
    assert b"mybcat_cross_practice_attempts_total" in answer.content


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "Via"])
def test_metrics_are_not_there_through_a_proxy_on_this_machine(client: Client, header: str) -> None:
    assert_not_found(client.get("/metrics", headers={header: "127.0.0.1"}))


@pytest.mark.parametrize("address", ["10.0.0.7", "203.0.113.9", "", "127.0.0.1.evil.example"])
def test_metrics_are_not_there_for_others(client: Client, address: str) -> None:
    answer = client.get("/metrics", REMOTE_ADDR=address, headers={"X-Forwarded-For": "127.0.0.1"})
    assert_not_found(answer)
