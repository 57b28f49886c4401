"""Endpoints as managers make them, receivers that answer as told, and time that moves by hand."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.conf import LazySettings as Settings
from django.db.models import F

from integrations.listeners import WEBHOOKS
from integrations.webhooks.models import WebhookEndpoint
from mybcat import working
from mybcat.claims import claim
from mybcat.models import Delivery, Event, TargetPause
from mybcat.principal import Role
from mybcat.relay import relay_events
from mybcat.settling import settle
from mybcat.tenancy import platform_scope, practice_scope
from tests.callers import Caller
from tests.factories import Clinic, make_member
from tests.mybcat.engine import NOW, patient_updated
from tests.receivers import Receiver, receiver


@pytest.fixture
def customer(settings: Settings) -> Iterator[Receiver]:
    """The practice's own program."""
    with receiver() as running:
        settings.OUTBOUND_EXCEPTIONS = frozenset({running.place})
        yield running


@pytest.fixture
def manager(clinic: Clinic) -> Caller:
    return Caller(make_member(practice=clinic.practice, role=Role.PRACTICE_MANAGER), clinic.practice)


@pytest.fixture
def register(manager: Caller, customer: Receiver) -> Callable[..., dict[str, Any]]:
    """Registers an endpoint at the customer's; the answer, with its secret."""

    def register(**body: Any) -> dict[str, Any]:
        wanted = {"url": f"{customer.url}/in", "enabledEvents": ["*"], **body}
        answer = manager.post("/api/v2/webhook-endpoints", wanted)
        assert answer.status_code == 201, answer.content
        made: dict[str, Any] = answer.json()
        return made

    return register


@dataclass
class Pipeline:
    """From the event to the endpoint, with a clock of its own: PostgreSQL's idea of time is moved along."""

    clinic: Clinic
    now: datetime = field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0))

    def happen(self, *, count: int = 1, subject: UUID | None = None) -> list[Event]:
        """Events of the clinic, relayed."""
        events = [patient_updated(self.clinic, patient_id=subject) for _ in range(count)]
        self.relay()
        return events

    def relay(self) -> None:
        relay_events(now=NOW)

    def work(self) -> int:
        """Attempt all that is due, once each; how many."""
        claimed = claim(listener=WEBHOOKS, limit=60).deliveries
        attempted = [working.attempt(delivery=row, listener=WEBHOOKS, clock=lambda: self.now) for row in claimed]
        if attempted:
            settle(listener=WEBHOOKS, attempted=attempted)
        return len(claimed)

    def deliver(self) -> None:
        while self.work():
            pass

    def pass_time(self, time: timedelta) -> None:
        """All that is written down as a time of the database moves so far into the past."""
        self.now += time
        with platform_scope(reason="test"):
            for row in Delivery.objects.all():
                row.next_attempt_at -= time
                row.first_attempt_at = row.first_attempt_at and row.first_attempt_at - time
                row.save(update_fields=("next_attempt_at", "first_attempt_at"))
            TargetPause.objects.update(until=F("until") - time)

    def deliveries(self) -> list[Delivery]:
        with platform_scope(reason="test"):
            return list(Delivery.objects.filter(listener="webhooks").order_by("seq", "target_id"))

    def endpoint(self) -> WebhookEndpoint:
        with practice_scope(self.clinic.practice.id):
            endpoint: WebhookEndpoint = WebhookEndpoint.objects.get()
            return endpoint


@pytest.fixture
def pipeline(clinic: Clinic) -> Pipeline:
    return Pipeline(clinic)
