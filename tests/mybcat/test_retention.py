"""What was delivered can be looked at for a month, and is then forgotten; nothing else is."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from mybcat import retention
from mybcat.ids import earliest_uuid, new_uuid
from mybcat.models import Delivery, DeliveryAttempt, Event
from mybcat.tenancy import platform_scope
from tests.factories import Clinic
from tests.mybcat.engine import patient_updated

MONTH = timedelta(days=30)


def owed(clinic: Clinic, *, status: str, at: datetime) -> UUID:
    """A delivery of that age, with an attempt."""
    event = patient_updated(clinic)
    made = UUID(int=earliest_uuid(at=at).int | new_uuid().int & 0xFFFF)
    leased = {"lease": new_uuid(), "leased_until": at} if status == "leased" else {}
    with platform_scope(reason="test"):
        Delivery.objects.create(
            id=made,
            practice_id=clinic.practice.id,
            event_id=event.id,
            subject_id=event.subject_id,
            seq=1,
            listener="probe",
            status=status,
            next_attempt_at=at,
            created_at=at,
            delivered_at=at if status == "delivered" else None,
            **leased,
        )
        DeliveryAttempt.objects.create(
            practice_id=clinic.practice.id,
            delivery_id=made,
            attempt=1,
            trigger="scheduled",
            succeeded=True,
            started_at=at,
            duration_ms=1,
        )
    return made


def kept() -> tuple[set[UUID], set[UUID]]:
    with platform_scope(reason="test"):
        deliveries = set(Delivery.objects.values_list("id", flat=True))
        return deliveries, set(DeliveryAttempt.objects.values_list("delivery_id", flat=True))


def test_what_has_ended_is_forgotten_with_its_attempts_after_a_month(clinic: Clinic, other_clinic: Clinic) -> None:
    now = datetime.now(UTC)
    before, after = now - MONTH - timedelta(seconds=1), now - MONTH + timedelta(seconds=1)
    for status in ("delivered", "discarded"):
        owed(clinic, status=status, at=before)
        owed(other_clinic, status=status, at=before)
    young = {owed(clinic, status=status, at=after) for status in ("delivered", "discarded")}
    # However old: someone still has to decide, or it is still to arrive.
    open_ = {owed(clinic, status=status, at=before) for status in ("held", "pending", "leased", "dead")}
    assert retention.forget_old_deliveries(now=now) == 4
    assert kept() == (young | open_, young | open_)
    assert retention.forget_old_deliveries(now=now) == 0
    with platform_scope(reason="test"):
        assert Event.objects.count() == 10


def test_it_goes_batch_by_batch(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH", 2)
    now = datetime.now(UTC)
    for _ in range(5):
        owed(clinic, status="delivered", at=now - 2 * MONTH)
    assert retention.forget_old_deliveries(now=now) == 5
    assert kept() == (set(), set())


def test_ids_sort_by_when_they_were_made() -> None:
    at = datetime.now(UTC)
    assert earliest_uuid(at=at - timedelta(milliseconds=1)) < earliest_uuid(at=at) < new_uuid()
    assert earliest_uuid(at=at + timedelta(seconds=1)) > new_uuid()
    assert earliest_uuid(at=at).version == 7
