"""An operator at the desk, two practices with a row of every kind, and what was left on record."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from django_otp import DEVICE_ID_SESSION_KEY
from django_otp.plugins.otp_totp.models import TOTPDevice

from mybcat.models import AuditEntry
from mybcat.tenancy import platform_scope
from practices.models import User
from tests.admin.rows import Rows, make_rows
from tests.factories import Clinic, make_user


@pytest.fixture
def operator() -> User:
    return make_user(email="ops@mybcat.example", is_staff=True, is_superuser=True)


def at_desk(operator: User, *, verified: bool = True) -> Client:
    """A browser in which the operator has given the password and, if `verified`, the second factor."""
    browser = Client(raise_request_exception=False)
    browser.force_login(operator)
    now = timezone.now().timestamp()
    session = browser.session
    session["signed_in_at"] = now
    if verified:
        device, _ = TOTPDevice.objects.get_or_create(user=operator, confirmed=True)
        session.update({DEVICE_ID_SESSION_KEY: device.persistent_id, "verified_at": now})
    session.save()
    return browser


def tire(browser: Client) -> None:
    """The second factor was shown eleven minutes ago."""
    session = browser.session
    session["verified_at"] -= 11 * 60
    session.save()


@pytest.fixture
def desk(operator: User) -> Client:
    """A browser signed in as the operator."""
    return at_desk(operator)


@pytest.fixture
def rows(clinic: Clinic) -> Rows:
    return make_rows(clinic)


@pytest.fixture
def other_rows(other_clinic: Clinic) -> Rows:
    return make_rows(other_clinic)


class Trail:
    """Audit rows, oldest first."""

    def entries(self, **wanted: Any) -> list[AuditEntry]:
        with platform_scope(reason="test"):
            return list(AuditEntry.objects.filter(**wanted).order_by("id"))

    def actions(self, **wanted: Any) -> list[str]:
        return [entry.action for entry in self.entries(**wanted)]


@pytest.fixture
def trail() -> Trail:
    return Trail()
