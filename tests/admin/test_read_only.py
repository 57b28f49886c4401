"""What the platform writes is looked at here, and changed nowhere."""

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.db.models import Model
from django.forms import model_to_dict
from django.test import Client

from appointments.models import Appointment, Schedule, Slot
from integrations.models import CrmConnection, InboundEvent, Message
from mybcat.models import AuditEntry, Delivery, Event, IdempotencyKey, SecurityEvent
from mybcat.tenancy import platform_scope
from patients.models import Patient
from practices.models import RefreshFamily, Subscription
from tests.admin.conftest import Trail
from tests.admin.rows import Rows
from tests.admin.test_pages import page

READ_ONLY: list[type[Model]] = [
    Patient, Slot, Appointment, Schedule, Message, Event, Delivery, IdempotencyKey, AuditEntry, SecurityEvent,
    RefreshFamily, Subscription, InboundEvent, CrmConnection,
]  # fmt: skip


def content(model: type[Any]) -> list[dict[str, Any]]:
    with platform_scope(reason="test"):
        return list(model.objects.order_by("id").values())


@pytest.mark.parametrize("model", READ_ONLY, ids=lambda model: model.__name__)
def test_it_is_neither_added_nor_changed_nor_deleted(
    desk: Client, rows: Rows, trail: Trail, model: type[Model]
) -> None:
    row = rows[model]
    before, on_record = content(model), len(trail.entries())
    sent = {**{name: str(value) for name, value in model_to_dict(row).items()}, "status": "free", "_save": "Save"}
    for path in (page(model, "add"), page(model, "change", row.pk), page(model, "delete", row.pk)):
        assert desk.post(path, sent).status_code == 403
        assert desk.post(path, {"post": "yes"}).status_code == 403
    assert content(model) == before
    assert len(trail.entries()) == on_record
    assert LogEntry.objects.count() == 0


@pytest.mark.parametrize("model", READ_ONLY, ids=lambda model: model.__name__)
def test_its_page_offers_nothing_to_save(desk: Client, rows: Rows, model: type[Model]) -> None:
    shown = desk.get(page(model, "change", rows[model].pk)).content.decode()
    assert 'name="_save"' not in shown
    assert "deletelink" not in shown
    assert "addlink" not in desk.get(page(model, "changelist")).content.decode().split('id="content"')[1]
