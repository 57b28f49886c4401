"""Adding members, changing what they may do, letting them leave: a manager stays, and nobody manages themselves.

Whoever has no password yet is sent a link (`invitations.py`); whoever has one signs in as before, to one practice more.
"""

from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from mybcat import audit
from mybcat.errors import DomainError, Forbidden, UnknownId
from mybcat.principal import Principal, Role
from practices import sign_in
from practices.models import Membership, User


class AlreadyMember(DomainError):
    code = "already_member"
    status = 409
    sentence = "There is a member with this e-mail address already, active or not"


class CannotBeAdded(DomainError):
    """Of an account that an operator has disabled. Neither that nor that there is one is any practice's business."""

    code = "cannot_be_added"
    status = 409
    sentence = "This address cannot be added. Look how it is spelt, or ask MyBCAT's support."


class OwnMembership(DomainError):
    code = "own_membership"
    status = 409
    sentence = "Nobody changes their own role or access: ask another manager"


class LastManager(DomainError):
    code = "last_manager"
    status = 409
    sentence = "This is the practice's last manager: make somebody else one first"


class HasPassword(DomainError):
    code = "has_password"
    status = 409
    sentence = "This member signs in already, and needs no invitation"


def add_member(*, email: str, name: str, role: str, by: Principal, now: datetime) -> Membership:
    """Somebody with this address works here from now on; they are told by e-mail. Raises AlreadyMember, CannotBeAdded.

    A person who works elsewhere too keeps their own name and password.
    """
    user = _person(email, name)
    # In this order: what the list shows already tells nothing new.
    if Membership.objects.filter(user=user).exists():
        raise AlreadyMember
    if not user.is_active:
        raise CannotBeAdded
    try:
        with transaction.atomic():
            member: Membership = Membership.objects.create(user=user, role=role, invited_at=now, joined_at=None)
    except IntegrityError as error:
        raise AlreadyMember from error
    _record("member.added", member, by, now)
    return member


def change_member(
    *, member_id: UUID, role: str | None, active: bool | None, by: Principal, now: datetime
) -> Membership:
    """Another role from their next request on, or no access any more, which ends their sessions here.

    Raises UnknownId, OwnMembership, LastManager; Forbidden where `by` was let go while this waited.
    """
    # All managers are locked, in one order: of two who let each other go, the second finds no other left.
    managers = list(_managers().order_by("id").select_for_update(no_key=True, of=("self",)))
    member = get_member(member_id)
    if member.user_id == by.id:
        raise OwnMembership
    member.role = member.role if role is None else role
    member.is_active = member.is_active if active is None else active
    stays = member.is_active and member.role == Role.PRACTICE_MANAGER
    if not stays and not [each for each in managers if each.id != member.id and not is_pending(each)]:
        raise LastManager
    if by.id not in {each.user_id for each in managers}:
        raise Forbidden
    member.save(update_fields=("role", "is_active"))
    if not member.is_active:
        sign_in.end_in_practice(user_id=member.user_id, practice_id=by.practice_id, now=now)
    _record("member.changed", member, by, now)
    return member


def invite_again(*, member_id: UUID, by: Principal, now: datetime) -> Membership:
    """Another mail, for whoever lost the first or let its link run out. Raises UnknownId, HasPassword."""
    member = get_member(member_id)
    if not is_awaited(member) or not member.is_active:
        raise HasPassword
    member.invited_at, member.invitation_mailed_at = now, None
    member.save(update_fields=("invited_at", "invitation_mailed_at"))
    _record("member.invited", member, by, now)
    return member


def get_member(member_id: UUID) -> Membership:
    """With their person. Raises UnknownId."""
    rows = Membership.objects.select_related("user").select_for_update(no_key=True, of=("self",))
    found: Membership | None = rows.filter(id=member_id).first()
    if found is None:
        raise UnknownId(prefix="mem", value=member_id)
    return found


def is_pending(member: Membership) -> bool:
    """Whether they can sign in by nothing yet."""
    return member.user.external_subject is None and not member.user.has_usable_password()


def is_awaited(member: Membership) -> bool:
    """Whether they were invited and have not come in: until then nobody here learns whether they have an account."""
    return member.joined_at is None or is_pending(member)


def _managers() -> QuerySet[Membership]:
    rows: QuerySet[Membership] = Membership.objects.select_related("user").filter(
        role=Role.PRACTICE_MANAGER, is_active=True, user__is_active=True
    )
    return rows


def _person(email: str, name: str) -> User:
    address = email.strip().lower()
    try:
        with transaction.atomic():
            return User.objects.create_user(address, name=name)
    except IntegrityError:
        return User.objects.get(email=address)


def _record(action: str, member: Membership, by: Principal, now: datetime) -> None:
    audit.record(principal=by, action=action, object_kind="mem", object_ids=[member.id], now=now)
