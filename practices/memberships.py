"""The member behind a token, as the database knows them now."""

from datetime import datetime
from uuid import UUID

from django.db import connection

from mybcat.gateway.authoriser import Known
from mybcat.gateway.tokens import Claims, InvalidToken
from mybcat.principal import Principal, Role
from practices import sign_in
from practices.models import Membership

# One statement, so that epochs and rights are of one moment.
_MEMBER = """
    SELECT m.user_id, m.role, p.plan, p.entitled_until, p.time_zone,
           mybcat_epoch_of(m.user_id), mybcat_epoch_of(m.practice_id), {ends_at}, m.joined_at
    FROM practices_membership m
    JOIN practices_user u ON u.id = m.user_id AND u.is_active
    JOIN practices_practice p ON p.id = m.practice_id
    {session}
    WHERE m.practice_id = %s AND m.is_active
"""
# A token of ours lives no longer than its sign-in, nor than the password it began with; nor does an operator who was
# dismissed go on looking.
_SESSION = """
    JOIN practices_refreshfamily f ON f.id = %s AND f.user_id = m.user_id AND f.revoked_at IS NULL
     AND f.expires_at > %s AND f.credentials = encode(sha256(convert_to(u.password, 'UTF8')), 'hex')
     AND (f.viewed_by_id IS NULL
          OR EXISTS (SELECT FROM practices_user o WHERE o.id = f.viewed_by_id AND o.is_active AND o.is_staff))
"""
_BY_SESSION = _MEMBER.format(ends_at="f.expires_at", session=_SESSION) + "AND m.user_id = %s"
_BY_SUBJECT = _MEMBER.format(ends_at="NULL", session="") + "AND u.external_subject = %s"


def load_principal(*, claims: Claims, now: datetime) -> Known:
    """Who calls, inside the practice in scope.

    Raises InvalidToken when the member has left, the user is disabled or the sign-in has ended.
    """
    with connection.cursor() as cursor:
        if claims.external_subject is None:
            cursor.execute(_BY_SESSION, [claims.session_id, now, claims.practice_id, claims.user_id])
        else:
            cursor.execute(_BY_SUBJECT, [claims.practice_id, claims.external_subject])
        row = cursor.fetchone()
    if row is None:
        raise InvalidToken
    user_id, role, plan, entitled_until, time_zone, of_user, of_practice, ends_at, joined_at = row
    # Who signs in elsewhere, by an external issuer, comes in by using the token.
    if claims.external_subject is not None and joined_at is None:
        sign_in.come_in(user_id=user_id, practice_id=claims.practice_id, now=now)
    principal = Principal.member(
        user_id=user_id,
        practice_id=claims.practice_id,
        role=Role(role),
        plan=plan,
        entitled_until=entitled_until,
        time_zone=time_zone,
        session_id=claims.session_id,
    )
    if claims.operator_id:
        principal = principal.viewed_by(claims.operator_id)
    return Known(principal, (of_user, of_practice), ends_at)


def member_now(*, user_id: UUID) -> Principal | None:
    """A member of the practice in scope, for what they left a worker to do; None when they have left since."""
    rows = Membership.objects.select_related("practice").filter(user_id=user_id, user__is_active=True, is_active=True)
    membership = rows.first()
    if membership is None:
        return None
    practice = membership.practice
    return Principal.member(
        user_id=user_id,
        practice_id=practice.id,
        role=Role(membership.role),
        plan=practice.plan,
        entitled_until=practice.entitled_until,
        time_zone=practice.time_zone,
        session_id=None,
    )
