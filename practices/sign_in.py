"""Signing in, staying signed in, changing practice, signing out.

Refresh tokens rotate at each use (RFC 9700, section 4.14): one that comes back after its successor
was used has been stolen, and ends the whole family.
"""

import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from hashlib import sha256
from uuid import UUID

import structlog
from django.conf import settings
from django.contrib.auth.hashers import check_password, make_password

from mybcat import audit
from mybcat.correlation import correlation_id, remote_address
from mybcat.errors import DomainError, UnknownId
from mybcat.gateway.tokens import issue_access_token
from mybcat.models import SecurityEvent
from mybcat.principal import Behalf, Operator, Principal, Role
from mybcat.security import SecurityKind
from practices.models import Membership, RefreshFamily, User

logger = structlog.get_logger(__name__)

# A browser that lost the answer sends the old token once more: not yet a theft.
GRACE = timedelta(seconds=10)


class WrongCredentials(DomainError):
    code = "wrong_credentials"
    status = 401
    sentence = "Invalid email or password"


class NoMembership(DomainError):
    code = "no_membership"
    status = 403
    sentence = "You are not a member of a practice"


class NotAMember(UnknownId):
    """The user asked for a practice that is not theirs. The edge judges whose it is, as with any id."""

    def __init__(self, membership: Membership, practice_id: UUID) -> None:
        super().__init__(prefix="prac", value=practice_id)
        self.principal = Principal.member(
            user_id=membership.user_id,
            practice_id=membership.practice_id,
            role=Role(membership.role),
            plan=membership.practice.plan,
            entitled_until=membership.practice.entitled_until,
            time_zone=membership.practice.time_zone,
            session_id=None,
        )


class SessionEnded(DomainError):
    code = "session_ended"
    status = 401
    sentence = "Your session has ended. Sign in again."


@dataclass(frozen=True, slots=True)
class SignedIn:
    """What a client gets: an access token for one practice, and the refresh token for the cookie."""

    access_token: str
    refresh_token: str | None
    membership: Membership
    memberships: list[Membership]
    # Seconds until signing in anew, however often it is refreshed.
    ends_in: int


def sign_in(*, email: str, password: str, practice_id: UUID | None, client: bytes, now: datetime) -> SignedIn:
    """Start a family. Runs in platform scope: nobody is in a practice yet.

    Raises WrongCredentials, in the same time whether or not the user exists; NoMembership;
    NotAMember of the practice named.
    """
    user = User.objects.filter(email=email.strip().lower(), is_active=True).first()
    if not check_password(password, user.password if user else _nobodys_password()) or user is None:
        raise WrongCredentials
    memberships = memberships_of(user)
    membership = _chosen(memberships, practice_id)
    come_in(user_id=user.id, practice_id=membership.practice_id, now=now)
    family = RefreshFamily(
        user=user,
        current_practice_id=membership.practice_id,
        client=client,
        credentials=_credentials(user),
        rotated_at=now,
        expires_at=now + settings.REFRESH_LIFETIME,
    )
    token = _encode(family.id, secrets.token_bytes(16))
    family.current = _digest(token)
    family.save()
    record(action="member.signed_in", member=membership, now=now)
    return _signed_in(family, membership, memberships, token, now=now)


def view_as(*, membership: Membership, operator_id: UUID, now: datetime) -> tuple[str, RefreshFamily]:
    """An access token with which an operator sees what the member sees; it ends with the family, or by itself.

    Nobody gets the family's refresh token. In platform scope.
    """
    family = RefreshFamily.objects.create(
        user=membership.user,
        current_practice_id=membership.practice_id,
        viewed_by_id=operator_id,
        client=b"",
        credentials=_credentials(membership.user),
        current=secrets.token_bytes(32),
        rotated_at=now,
        expires_at=now + settings.JWT_LIFETIME,
    )
    token = issue_access_token(
        user_id=membership.user_id,
        practice_id=membership.practice_id,
        role=membership.role,
        plan=membership.practice.plan,
        session_id=family.id,
        now=now,
        operator_id=operator_id,
    )
    return token, family


def refresh(*, token: str, client: bytes, now: datetime) -> SignedIn:
    """The next access token, and the refresh token that replaces `token`.

    The same token again within 10 s from the same client gets the same successor; later or from
    elsewhere raises TokenReused, upon which the edge calls `end_reused`. Raises SessionEnded else.
    """
    family = _locked(token)
    if family is None or not _alive(family, now=now):
        raise SessionEnded
    offered = _digest(token)
    if hmac.compare_digest(offered, bytes(family.current)):
        family.previous, family.current = family.current, _digest(_successor(token))
        family.rotated_at = now
        family.save(update_fields=("previous", "current", "rotated_at"))
    elif not _repeated(family, offered, client, now=now):
        raise TokenReused(family)
    memberships = memberships_of(family.user)
    for membership in memberships:
        if membership.practice_id == family.current_practice_id:
            return _signed_in(family, membership, memberships, _successor(token), now=now)
    raise SessionEnded


class TokenReused(SessionEnded):
    """A rotated token came back. The edge ends the family after the refusal's rollback."""

    def __init__(self, family: RefreshFamily) -> None:
        super().__init__()
        self.family = family


def end_reused(*, family: RefreshFamily, now: datetime) -> None:
    """Revoke the family and tell operators. In platform scope, in a transaction of its own."""
    end(family_id=family.id, because="reuse", now=now)
    SecurityEvent.objects.create(
        practice_id=family.current_practice_id,
        kind=SecurityKind.REFRESH_TOKEN_REUSED,
        at=now,
        principal_kind="member",
        principal_id=family.user_id,
        address=remote_address(),
        correlation_id=correlation_id(),
    )
    logger.warning("refresh token reused", userId=str(family.user_id), familyId=str(family.id))


def switch_practice(*, session_id: UUID | None, user_id: UUID | None, practice_id: UUID, now: datetime) -> SignedIn:
    """An access token for another practice of the same user; refreshing stays there. Raises as `sign_in` does."""
    # Before the session: whoever lets a member go has the membership first and the sessions last as well.
    come_in(user_id=user_id, practice_id=practice_id, now=now)
    family = living(session_id=session_id, user_id=user_id, now=now)
    memberships = memberships_of(family.user)
    membership = _chosen(memberships, practice_id, current=family.current_practice_id)
    family.current_practice_id = membership.practice_id
    family.save(update_fields=("current_practice_id",))
    # Where they are now, alone: the practice that they leave has no part in where else they work.
    record(action="member.practice_switched", member=membership, now=now)
    return _signed_in(family, membership, memberships, None, now=now)


def come_in(*, user_id: UUID | None, practice_id: UUID, now: datetime) -> None:
    """Whoever chose to be here is shown to its managers from now on."""
    rows = Membership.objects.filter(user_id=user_id, practice_id=practice_id, is_active=True, joined_at__isnull=True)
    rows.update(joined_at=now)


def living(*, session_id: UUID | None, user_id: UUID | None, now: datetime) -> RefreshFamily:
    """The family of an access token, locked. Raises SessionEnded where it is over."""
    rows = RefreshFamily.objects.select_for_update(no_key=True)
    # An external issuer's token has no session of ours.
    family: RefreshFamily | None = (
        rows.filter(id=session_id, user_id=user_id).first() if session_id and user_id else None
    )
    if family is None or not _alive(family, now=now):
        raise SessionEnded
    return family


def end(*, family_id: UUID, because: str, now: datetime) -> None:
    """Revoke a family: its refresh token and all its access tokens, at once. Again: no effect."""
    RefreshFamily.objects.filter(id=family_id, revoked_at__isnull=True).update(revoked_at=now, revoked_because=because)


def sign_out(*, family_ids: Collection[UUID], now: datetime) -> None:
    """End these families, each on record in the practice it was signed in to. Again: no effect, and no row."""
    rows = RefreshFamily.objects.filter(id__in=family_ids, revoked_at__isnull=True).order_by("id")
    for family in rows.select_for_update(no_key=True):
        end(family_id=family.id, because="logout", now=now)
        _record_sign_out(family, now=now)


def end_in_practice(*, user_id: UUID, practice_id: UUID, now: datetime) -> None:
    """Revoke the families that are signed in to this practice, as whoever is no member of it any more."""
    rows = RefreshFamily.objects.filter(user_id=user_id, current_practice_id=practice_id, revoked_at__isnull=True)
    rows.update(revoked_at=now, revoked_because="member_left")


def family_of(token: str) -> UUID | None:
    """The family of a refresh token that we issued, be it the current one or not; None for any other text."""
    try:
        raw = urlsafe_b64decode(token.encode("ascii") + b"=" * (-len(token) % 4))
    except (ValueError, UnicodeEncodeError):
        return None
    # The family's id is no secret (it is the `sid` of access tokens): the MAC says that we issued this.
    if len(raw) != 48 or not hmac.compare_digest(raw[32:], _mac(raw[:32])):
        return None
    return UUID(bytes=raw[:16])


def record(*, action: str, member: Membership, now: datetime, by_platform: bool = False) -> None:
    """The audit row, in the member's practice, of what concerns their account. In platform scope."""
    by = Behalf(kind="member", id=member.user_id, practice_id=member.practice_id)
    audit.record(
        principal=None if by_platform else by,
        action=action,
        object_kind="mem",
        object_ids=[member.id],
        now=now,
        practice_id=member.practice_id,
    )


def memberships_of(user: User) -> list[Membership]:
    """The user's active memberships by the practice's name. In platform scope."""
    rows = Membership.objects.filter(user=user, is_active=True).select_related("practice")
    return list(rows.order_by("practice__name", "practice_id"))


def _record_sign_out(family: RefreshFamily, *, now: datetime) -> None:
    """Also of who is no member any more; an operator who looked is named beside whom they looked as."""
    practice_id = family.current_practice_id
    member = Behalf(kind="member", id=family.user_id, practice_id=practice_id)
    operator = Operator(family.viewed_by_id) if family.viewed_by_id else None
    memberships = Membership.objects.filter(user_id=family.user_id, practice_id=practice_id)
    audit.record(
        principal=operator or member,
        action="member.signed_out",
        object_kind="mem",
        object_ids=list(memberships.values_list("id", flat=True)),
        now=now,
        practice_id=practice_id,
        on_behalf_of=member if operator else None,
    )


def _locked(token: str) -> RefreshFamily | None:
    family_id = family_of(token)
    rows = RefreshFamily.objects.select_for_update(no_key=True, of=("self",)).select_related("user")
    return rows.filter(id=family_id).first() if family_id else None


def _alive(family: RefreshFamily, *, now: datetime) -> bool:
    return (
        family.revoked_at is None
        and now < family.expires_at
        and now < family.rotated_at + settings.REFRESH_IDLE
        and family.user.is_active
        and family.credentials == _credentials(family.user)
    )


def _repeated(family: RefreshFamily, offered: bytes, client: bytes, *, now: datetime) -> bool:
    return (
        family.previous is not None
        and hmac.compare_digest(offered, bytes(family.previous))
        and hmac.compare_digest(client, bytes(family.client))
        and now < family.rotated_at + GRACE
    )


def _chosen(memberships: list[Membership], practice_id: UUID | None, *, current: UUID | None = None) -> Membership:
    if not memberships:
        raise NoMembership
    by_practice = {membership.practice_id: membership for membership in memberships}
    if practice_id is None:
        # Nobody comes in by the order of names to where they were invited: they choose it.
        return next((each for each in memberships if each.joined_at), memberships[0])
    if practice_id not in by_practice:
        raise NotAMember(by_practice.get(current, memberships[0]), practice_id)  # type: ignore[arg-type]
    return by_practice[practice_id]


def _signed_in(
    family: RefreshFamily, membership: Membership, memberships: list[Membership], token: str | None, *, now: datetime
) -> SignedIn:
    access = issue_access_token(
        user_id=family.user_id,
        practice_id=membership.practice_id,
        role=membership.role,
        plan=membership.practice.plan,
        session_id=family.id,
        now=now,
    )
    ends_in = int((family.expires_at - now).total_seconds())
    return SignedIn(access, token, membership, memberships, ends_in)


def _encode(family_id: UUID, nonce: bytes) -> str:
    body = family_id.bytes + nonce
    return urlsafe_b64encode(body + _mac(body)).decode()


def _mac(body: bytes) -> bytes:
    return hmac.digest(settings.SECRET_KEY.encode(), b"refresh token:" + body, "sha256")[:16]


def _successor(token: str) -> str:
    """Computed, not drawn: a repeated refresh can be given the same one though only digests are kept."""
    family_id = family_of(token)
    if family_id is None:
        raise SessionEnded
    key = settings.SECRET_KEY.encode()
    return _encode(family_id, hmac.digest(key, b"refresh:" + token.encode(), "sha256")[:16])


def _digest(token: str) -> bytes:
    return sha256(token.encode()).digest()


def _credentials(user: User) -> str:
    return sha256(user.password.encode()).hexdigest()


@cache
def _nobodys_password() -> str:
    """A hash of nothing known, so that an unknown e-mail costs as much as a wrong password."""
    return make_password(secrets.token_urlsafe(32))
