"""How long an operator's session lasts, and how fresh its second factor is.

Django ends a session that has been idle (settings.SESSION_COOKIE_AGE); here is what no activity can prolong.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.http import HttpRequest
from django.utils import timezone

# From the password on.
LONGEST = timedelta(hours=12)
# Acts such as viewing as a member ask for the second factor again after this.
FRESH = timedelta(minutes=10)

# What applications end together with an operator's session; called in platform scope.
endings: list[Callable[[HttpRequest], None]] = []

_BEGUN, _VERIFIED, _VIEWING = "signed_in_at", "verified_at", "viewing"


def begin(request: HttpRequest, *, now: datetime) -> None:
    """The password was right; the second factor is still missing."""
    request.session[_BEGUN] = now.timestamp()


def verified(request: HttpRequest, *, now: datetime) -> None:
    """The second factor was right: another session key, in case somebody knew the first."""
    request.session.cycle_key()
    request.session[_VERIFIED] = now.timestamp()


def stands(request: HttpRequest) -> bool:
    """Whether the session began, and no more than LONGEST ago."""
    return _within(request, _BEGUN, LONGEST)


def is_fresh(request: HttpRequest) -> bool:
    """Whether the second factor was shown no more than FRESH ago."""
    return _within(request, _VERIFIED, FRESH)


def end_all_of(user_id: UUID, *, now: datetime) -> None:
    """End every session of this operator, wherever they are signed in. There are few: operators' alone are kept."""
    living = Session.objects.filter(expire_date__gt=now)
    theirs = [each.pk for each in living if each.get_decoded().get(SESSION_KEY) == str(user_id)]
    Session.objects.filter(pk__in=theirs).delete()


def forget_expired(*, now: datetime) -> None:
    """Delete sessions that are over: Django leaves them where nobody signs out."""
    Session.objects.filter(expire_date__lte=now).delete()


def view(request: HttpRequest, *, member: str, practice: str, reason: str, family: UUID, until: datetime) -> None:
    """The operator begins to look at what a member sees; every page says so until the end."""
    told = {"member": member, "practice": practice, "reason": reason, "family": str(family)}
    request.session[_VIEWING] = {**told, "until": until.timestamp()}


def viewing(request: HttpRequest) -> dict[str, Any] | None:
    """As `view` was told, with `until` as an instant; None when nobody is viewed any more."""
    told = request.session.get(_VIEWING)
    if told is None:
        return None
    until = datetime.fromtimestamp(told["until"], tz=UTC)
    return {**told, "until": until} if timezone.now() < until else None


def end_view(request: HttpRequest) -> UUID | None:
    """The sign-in that was viewed through, for its end; None where there was none."""
    told = request.session.pop(_VIEWING, None)
    return UUID(told["family"]) if told else None


def _within(request: HttpRequest, key: str, longest: timedelta) -> bool:
    at = request.session.get(key)
    return at is not None and timedelta() <= timezone.now() - datetime.fromtimestamp(at, tz=UTC) < longest
