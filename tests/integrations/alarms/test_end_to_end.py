"""The relay's real process: an attempt over HTTP becomes mail, and its audit entry is sealed and checkpointed."""

from pathlib import Path

import pytest
from django.core.management import call_command

from integrations.alarms.models import Alarm
from mybcat.auditing import checkpoints
from mybcat.models import AuditSeal, SecurityEvent
from mybcat.tenancy import platform_scope
from tests.callers import Caller, public
from tests.factories import Clinic
from tests.mybcat.processes import relay, wait_for


@pytest.mark.processes
def test_an_attempt_reaches_operators_and_the_sealed_record(
    clinic: Clinic, other_clinic: Clinic, tmp_path: Path, settings: object, capsys: pytest.CaptureFixture[str]
) -> None:
    agent = Caller(clinic.agent, clinic.practice)
    with relay(MYBCAT_HOME=str(tmp_path), ALARM_EMAILS="ops@mybcat.example", ALARM_WEBHOOK_URL=""):
        assert agent.get(f"/api/v1/patients/{public('pat', other_clinic.patient.id)}").status_code == 403
        wait_for(lambda: list((tmp_path / "mail").glob("*.log")), what="the mail")
        wait_for(lambda: list((tmp_path / "audit").glob("*.jsonl")), what="the checkpoint")
    (mail,) = (tmp_path / "mail").glob("*.log")
    assert "cross practice access (1)" in mail.read_text()
    with platform_scope(reason="test"):
        alarm, event = Alarm.objects.get(), SecurityEvent.objects.get()
        assert AuditSeal.objects.filter(practice_id=clinic.practice.id).exists()
    assert event.alarm_id == alarm.id
    settings.MYBCAT_HOME, settings.AUDIT_HOME = tmp_path, tmp_path / "audit"  # type: ignore[attr-defined]
    checkpoints._keys.cache_clear()
    call_command("audit", "verify")
    checkpoints._keys.cache_clear()
    assert "The audit record is whole." in capsys.readouterr().out
