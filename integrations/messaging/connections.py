"""A practice's own account and number at Twilio: kept, tried and given up by its managers.

Without one the practice sends from the platform's shared number.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings

from integrations.messaging.models import MessagingConnection
from mybcat import audit
from mybcat.errors import DomainError, InvalidInput
from mybcat.principal import Principal
from mybcat.tenancy import platform_glance, platform_scope, practice_scope


class NoConnection(DomainError):
    code = "no_messaging_connection"
    status = 404
    sentence = "The practice sends from the platform's number"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """From where texts go out, and whose word is believed about them. No practice: it is the platform's."""

    sid: str
    token: str
    number: str
    practice_id: UUID | None = None


def current() -> MessagingConnection:
    """The connection of the practice in scope. Raises NoConnection."""
    found: MessagingConnection | None = MessagingConnection.objects.first()
    if found is None:
        raise NoConnection
    return found


def account_of(practice_id: UUID) -> Account:
    """Where the practice sends from; outside any scope."""
    with practice_scope(practice_id):
        found: MessagingConnection | None = MessagingConnection.objects.first()
        return _account(found)


def account_with(number: str) -> Account:
    """Whose number it is; the platform's where it is no practice's. Outside any scope."""
    with platform_scope(reason="whose number it is"):
        found: MessagingConnection | None = MessagingConnection.objects.filter(number=number).first()
        return _account(found)


def put(*, account_sid: str, auth_token: str | None, number: str, by: Principal, now: datetime) -> MessagingConnection:
    """Send from there from now on; `auth_token` None keeps the one there is. Raises InvalidInput."""
    connection: MessagingConnection | None = MessagingConnection.objects.select_for_update(no_key=True).first()
    if auth_token is None and (connection is None or connection.account_sid != account_sid):
        raise InvalidInput(fields={"authToken": ["Another account needs its own"]})
    if number == settings.TWILIO_FROM or _is_another_s(number, practice_id=by.practice_id):
        raise InvalidInput(fields={"number": ["This number is used by somebody else"]})
    if connection is None:
        connection = MessagingConnection(created_at=now)
    if auth_token is not None:
        connection.auth_token = auth_token
    connection.account_sid, connection.number = account_sid, number
    # What was known of the account before says nothing.
    connection.checked_at, connection.last_error = None, ""
    connection.save()
    _record("messaging_connection.changed", connection, by=by, now=now)
    return connection


def remove(*, by: Principal, now: datetime) -> None:
    """Forget the credentials; from now on the platform's number serves. Raises NoConnection."""
    connection = current()
    _record("messaging_connection.removed", connection, by=by, now=now)
    connection.delete()


def note(*, practice_id: UUID, code: str, now: datetime) -> None:
    """What Twilio answered when it was asked: a code, empty if all is well; outside any scope."""
    with practice_scope(practice_id):
        MessagingConnection.objects.update(checked_at=now, last_error=code)


def _is_another_s(number: str, *, practice_id: UUID) -> bool:
    with platform_glance(reason="whose number it is"):
        return MessagingConnection.objects.filter(number=number).exclude(practice_id=practice_id).exists()


def _account(connection: MessagingConnection | None) -> Account:
    if connection is None:
        return Account(sid=settings.TWILIO_ACCOUNT_SID, token=settings.TWILIO_AUTH_TOKEN, number=settings.TWILIO_FROM)
    return Account(
        sid=connection.account_sid,
        token=connection.auth_token,
        number=connection.number,
        practice_id=connection.practice_id,
    )


def _record(action: str, connection: MessagingConnection, *, by: Principal, now: datetime) -> None:
    audit.record(principal=by, action=action, object_kind="messagingconnection", object_ids=[connection.id], now=now)
