"""Whether the process lives, whether it can do its work, and what it counted."""

from typing import Any

import pytest
from django.test import Client

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


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_metrics_are_for_this_machine(client: Client, address: str) -> None:
    answer = client.get("/metrics", REMOTE_ADDR=address)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/plain; version=0.0.4; charset=utf-8")
    assert b"mybcat_cross_practice_attempts_total" in answer.content


@pytest.mark.parametrize("address", ["10.0.0.7", "203.0.113.9", "", "127.0.0.1.evil.example"])
def test_metrics_are_not_there_for_others(client: Client, address: str) -> None:
    answer = client.get("/metrics", REMOTE_ADDR=address, headers={"X-Forwarded-For": "127.0.0.1"})
    assert_not_found(answer)
