"""The demo practices' reports have something to show, and nobody hears of what never happened."""

from collections import Counter
from datetime import UTC, datetime
from io import StringIO

import pytest
import time_machine
from django.core.management import call_command

from appointments.calls.models import Call
from appointments.models import Appointment
from appointments.samples.places import PRACTICES
from integrations.analytics.models import DailyCount
from mybcat.models import Delivery, Event, EventSequence
from mybcat.relay import relay_events
from mybcat.tenancy import platform_scope, practice_scope

# A Monday, 10:10 in New York.
NOW = datetime(2027, 3, 8, 15, 10, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _loaded() -> object:
    with time_machine.travel(NOW, tick=False):
        call_command("demo", stdout=StringIO())
        yield


def counted() -> Counter[str]:
    totals: Counter[str] = Counter()
    for row in DailyCount.objects.all():
        totals[row.counter] += row.count
    return totals


def test_figures_are_those_of_the_calendar() -> None:
    for sample in PRACTICES:
        with practice_scope(sample.id):
            is_now = Counter(Appointment.objects.values_list("status", flat=True))
            figures = counted()
            assert figures["booked"] == is_now.total()
            assert figures["cancelled"] == is_now["cancelled"] > 0
            assert figures["fulfilled"] == is_now["fulfilled"] > 0
            assert figures["noShow"] == is_now["noshow"] > 0
            assert figures["arrived"] == is_now["fulfilled"] + is_now["arrived"]


def test_each_practices_history_is_dense_and_in_the_order_of_time() -> None:
    for sample in PRACTICES:
        with practice_scope(sample.id):
            rows = list(Event.objects.order_by("seq").values_list("seq", "occurred_at"))
            assert [seq for seq, _ in rows] == list(range(1, len(rows) + 1))
            assert [at for _, at in rows] == sorted(at for _, at in rows)
            assert rows[-1][1] <= NOW
            assert EventSequence.objects.get(practice_id=sample.id).last == len(rows)


def test_nobody_hears_of_it() -> None:
    assert relay_events(now=NOW) == 0
    with platform_scope(reason="test"):
        assert not Delivery.objects.exists()


def test_calls_have_ended_with_what_was_booked_or_why_not() -> None:
    for sample in PRACTICES:
        with practice_scope(sample.id):
            outcomes = Counter(Call.objects.values_list("outcome", flat=True))
            assert outcomes["booked"] > outcomes["not_booked"] > 0
            assert not Call.objects.filter(ended_at__gt=NOW).exists()
