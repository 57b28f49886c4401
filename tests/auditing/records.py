"""Entries to seal, a sealer's round, and somebody who can do everything behind the product's back."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from django.conf import settings
from django.db import connection
from psycopg.conninfo import make_conninfo

from mybcat import audit
from mybcat.auditing import checkpoints, sealer
from mybcat.auditing.verification import verify
from mybcat.tenancy import platform_scope, practice_scope
from tests.factories import Clinic

NOW = datetime(2026, 4, 1, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def audit_home(tmp_path: Path, settings: Any) -> Iterator[Path]:
    """Checkpoints and their key lie where nothing else does."""
    settings.AUDIT_HOME, settings.MYBCAT_HOME = tmp_path / "audit", tmp_path
    checkpoints._keys.cache_clear()
    yield tmp_path / "audit"
    checkpoints._keys.cache_clear()


@pytest.fixture
def intruder() -> Iterator[psycopg.Connection]:
    """A superuser, whom neither grants nor triggers stop."""
    address = make_conninfo(os.environ["MYBCAT_TEST_ADMIN_URL"], dbname=settings.DATABASES["default"]["NAME"])
    with psycopg.connect(address, autocommit=True) as superuser:
        superuser.execute("SET session_replication_role = replica")
        yield superuser


def write(clinic: Clinic, count: int = 1, *, at: datetime = NOW, **fields: Any) -> None:
    """`count` acts, each in a transaction of its own."""
    for number in range(count):
        with practice_scope(clinic.practice.id):
            audit.record(
                principal=clinic.principal,
                action="patient.read",
                object_kind="pat",
                object_ids=[clinic.patient.id],
                now=at + timedelta(seconds=number),
                **fields,
            )


def sealed(clinic: Clinic, count: int = 6) -> None:
    """As many entries, sealed and checkpointed."""
    write(clinic, count)
    while sealer.seal()[0]:
        pass
    sealer.checkpoint(practices=None, now=NOW)


def findings(practice: UUID | None = None, *, now: datetime = NOW) -> list[str]:
    return [str(finding) for finding in verify(practice_id=practice, now=now)]


def chain(clinic: Clinic) -> list[tuple[int, bytes, bytes, UUID]]:
    """Number, previous, hash and entry of each seal."""
    with platform_scope(reason="test"), connection.cursor() as cursor:
        cursor.execute(
            "SELECT seq, previous, hash, entry_id FROM mybcat_auditseal WHERE practice_id = %s ORDER BY seq",
            [clinic.practice.id],
        )
        return [(seq, bytes(previous), bytes(digest), entry) for seq, previous, digest, entry in cursor.fetchall()]
