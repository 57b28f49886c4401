"""Ending all sessions of a person at once, wherever they are signed in, and saying so in each of their practices."""

from datetime import datetime
from uuid import UUID

from django.db.models import Q

from mybcat.operators import sessions as operators_sessions
from practices import sign_in
from practices.models import RefreshFamily, User
from practices.sign_in import living, memberships_of


def sign_out(*, session_id: UUID | None, user_id: UUID | None, now: datetime) -> None:
    """End every session of whoever has this one, itself too. In platform scope: sessions belong to no practice.

    Raises SessionEnded where the session is over: who has been signed out signs nobody out.
    """
    if user_id is not None:
        _lock(user_id)
    user = living(session_id=session_id, user_id=user_id, now=now).user
    end_all(user=user, because="everywhere", now=now)
    record(user=user, action="member.signed_out_everywhere", now=now)


def end_all(*, user: User, because: str, now: datetime) -> None:
    """Revoke every family of this person: refresh tokens and access tokens, at once. In platform scope.

    An operator's sessions of the admin end as well, and what they look at as a member.
    """
    RefreshFamily.objects.filter(id__in=_lock(user.id)).update(revoked_at=now, revoked_because=because)
    if user.is_staff:
        operators_sessions.end_all_of(user.id, now=now)


def end_views(*, operator: User, now: datetime) -> None:
    """Whoever is no operator any more sees no more of what members see. In platform scope."""
    rows = RefreshFamily.objects.filter(viewed_by=operator, revoked_at__isnull=True)
    rows.update(revoked_at=now, revoked_because="operator_left")


def record(*, user: User, action: str, now: datetime, by_platform: bool = False) -> None:
    """An audit row in each practice that the person works for: what is done to their account holds in all of them."""
    for member in memberships_of(user):
        sign_in.record(action=action, member=member, now=now, by_platform=by_platform)


def _lock(user_id: UUID) -> list[UUID]:
    """The person's families, in the order that signing out has as well: of two at once, one waits for the other."""
    rows = RefreshFamily.objects.filter(Q(user_id=user_id) | Q(viewed_by_id=user_id), revoked_at__isnull=True)
    rows = rows.order_by("id")
    return list(rows.select_for_update(no_key=True).values_list("id", flat=True))
