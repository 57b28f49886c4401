"""Metrics: depths as PostgreSQL has them, counters of all processes together."""

import os
import subprocess
import sys
import textwrap
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event as Signal
from typing import Any

import pytest
from django.db import OperationalError

from mybcat import metrics
from mybcat.bounded import Question
from mybcat.environment import CHECKOUT
from mybcat.listeners import DeliveryFailed, DeliveryRefused
from mybcat.metrics import exposition
from mybcat.models import Event
from mybcat.relay import relay_events
from mybcat.tenancy import platform_scope
from mybcat.working import work_off
from tests.factories import Clinic
from tests.mybcat.engine import NOW, all_events, change, make_listener, owed, patient_updated, settle_one


def value(sample: str) -> float | None:
    """The value of one sample, such as `name{label="x"}`."""
    lines = [line for line in exposition().decode().splitlines() if line.startswith(sample + " ")]
    return float(lines[0].split()[-1]) if lines else None


def test_depths_are_those_of_the_database(clinic: Clinic) -> None:
    assert value("mybcat_events_unrelayed") == value("mybcat_events_oldest_unrelayed_seconds") == 0
    assert value('mybcat_deliveries_oldest_pending_seconds{listener="probe"}') is None

    listener = make_listener()
    failing, dead = owed(clinic, listener), owed(clinic, listener)
    change(failing, created_at=datetime.now(UTC) - timedelta(hours=1), next_attempt_at=datetime(2100, 1, 1, tzinfo=UTC))
    change(dead, status="dead")
    with platform_scope(reason="test"):
        Event.objects.update(occurred_at=datetime.now(UTC) - timedelta(hours=2))

    assert value("mybcat_events_unrelayed") == 2
    oldest = value("mybcat_events_oldest_unrelayed_seconds")
    assert oldest is not None
    assert oldest == pytest.approx(7200, abs=60)
    assert value('mybcat_deliveries_pending{listener="probe"}') == 1
    age = value('mybcat_deliveries_oldest_pending_seconds{listener="probe"}')
    assert age is not None
    assert age == pytest.approx(3600, abs=60)
    assert value('mybcat_deliveries_dead{listener="probe"}') == 1


def test_connections_are_counted_against_their_limit() -> None:
    ours, limit = value('mybcat_database_connections{state="ours"}'), value("mybcat_database_connections_limit")
    assert ours is not None
    assert limit is not None
    assert 1 <= ours < limit


def test_postgresql_that_hangs_does_not_hold_up_the_counters(monkeypatch: pytest.MonkeyPatch) -> None:
    over = Signal()
    monkeypatch.setattr(metrics, "_QUESTION", Question(lambda: over.wait(60)))
    monkeypatch.setattr(metrics, "DEPTHS_SECONDS", 0.1)
    try:
        assert value("mybcat_cross_practice_attempts_total") is not None
        assert value("mybcat_events_unrelayed") is None
    finally:
        over.set()


def test_relayed_events_are_counted(clinic: Clinic) -> None:
    before = value("mybcat_events_relayed_total") or 0
    patient_updated(clinic)
    relay_events(now=NOW)
    assert value("mybcat_events_relayed_total") == before + 1


@pytest.mark.parametrize(
    ("error", "outcome"),
    [(None, "delivered"), (DeliveryFailed("http_503"), "retried"), (DeliveryRefused("gone"), "dead")],
)
def test_attempts_are_counted_by_how_they_ended(clinic: Clinic, error: Exception | None, outcome: str) -> None:
    def handler(**kwargs: Any) -> None:
        if error:
            raise error

    listener = make_listener(name=f"counted-{outcome}", handler=handler, schedule=(timedelta(hours=1),))
    delivery = owed(clinic, listener)
    work_off(listener=listener, clock=lambda: NOW)
    assert value(f'mybcat_deliveries_settled_total{{listener="{listener.name}",outcome="{outcome}"}}') == 1

    delivery.event = all_events()[0]
    assert settle_one(delivery, listener) == "lost"
    assert value(f'mybcat_deliveries_settled_total{{listener="{listener.name}",outcome="lost"}}') == 1


def test_without_postgresql_the_counters_remain(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(**kwargs: Any) -> Any:
        raise OperationalError("connection refused")

    monkeypatch.setattr(metrics, "platform_scope", away)
    assert value("mybcat_cross_practice_attempts_total") is not None
    assert value("mybcat_events_unrelayed") is None


COUNTED_BY_THREE = """
    import os
    import django
    django.setup()
    from mybcat.metrics import cross_practice_attempts, exposition

    for _ in range(2):
        if os.fork() == 0:
            cross_practice_attempts.inc()
            os._exit(0)
    os.wait(), os.wait()
    cross_practice_attempts.inc()
    print(exposition().decode())
"""


@pytest.mark.processes
def test_counters_of_all_processes_add_up(tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "mybcat.settings",
        "PROMETHEUS_MULTIPROC_DIR": str(tmp_path / "metrics"),
    }
    program = [sys.executable, "-c", textwrap.dedent(COUNTED_BY_THREE)]
    printed = subprocess.run(program, cwd=CHECKOUT, env=environment, check=True, capture_output=True, text=True).stdout
    assert "mybcat_cross_practice_attempts_total 3.0" in printed
    assert "mybcat_events_unrelayed 0.0" in printed
