"""Telling new members by e-mail, and the link by which whoever has no password chooses one.

The link is Django's own for passwords: signed, good for three days (PASSWORD_RESET_TIMEOUT), and, because the password
is part of what is signed, good once. It is made when the mail is sent and kept nowhere. In the address it stands behind
`#`, which browsers send to nobody, so that no log has it.
"""

from datetime import datetime, timedelta
from smtplib import SMTPException
from uuid import UUID

import structlog
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.contrib.auth.tokens import default_token_generator
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage

from mybcat.errors import DomainError, InvalidInput
from mybcat.tenancy import platform_scope
from practices import everywhere
from practices.members.services import is_pending
from practices.models import Membership, User
from practices.sign_in import memberships_of

logger = structlog.get_logger(__name__)

# Where mail cannot be sent for so long, a manager sends it again.
_TRIED_FOR = timedelta(days=1)

_NEW = """You were added to {practice} on MyBCAT. Choose your password here:
{link}
The link works once, within three days. After that, ask a manager of the practice for another.

Le han añadido a {practice} en MyBCAT. Elija aquí su contraseña:
{link}
El enlace sirve una vez, durante tres días. Después, pida otro a un responsable de la consulta.
"""
_KNOWN = """You were added to {practice} on MyBCAT. Sign in as before, and choose the practice there:
{link}

Le han añadido a {practice} en MyBCAT. Entre como siempre y elija allí la consulta:
{link}
"""


class InvalidLink(DomainError):
    code = "invalid_link"
    status = 410
    sentence = "This link is over, or was used already. Ask a manager of your practice for another."


def mail_invitations(*, now: datetime) -> int:
    """Send what new members have not been mailed yet; how many. What cannot be sent is tried again for a day."""
    with platform_scope(reason="invitations to mail"):
        rows = Membership.objects.filter(
            invited_at__gt=now - _TRIED_FOR, invitation_mailed_at__isnull=True, is_active=True
        )
        waiting = list(rows.select_related("practice", "user").order_by("invited_at"))
    sent = [member.id for member in waiting if _mail(member)]
    with platform_scope(reason="invitations mailed"):
        Membership.objects.filter(id__in=sent).update(invitation_mailed_at=now)
    return len(sent)


def token_of(user: User) -> str:
    """What stands in the link."""
    return f"{user.id}.{default_token_generator.make_token(user)}"


def choose_password(*, token: str, password: str, now: datetime) -> None:
    """The password of whoever has the link, from now on. In platform scope: nobody is in a practice yet.

    Raises InvalidLink, and InvalidInput where the password is too weak.
    """
    user = _invited(token)
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise InvalidInput(fields={"password": list(error.messages)}) from error
    user.set_password(password)
    user.save(update_fields=("password",))
    everywhere.record(user=user, action="member.password_chosen", now=now)


def _invited(token: str) -> User:
    identifier, _, secret = token.partition(".")
    try:
        user_id = UUID(identifier)
    except ValueError:
        raise InvalidLink from None
    # Alone: of two at once, the second finds a password.
    user = User.objects.select_for_update().filter(id=user_id, is_active=True).first()
    if user is None or user.has_usable_password() or not default_token_generator.check_token(user, secret):
        raise InvalidLink
    if not memberships_of(user):
        raise InvalidLink
    return user


def _mail(member: Membership) -> bool:
    pending = is_pending(member)
    link = f"{settings.PUBLIC_URL}/welcome#{token_of(member.user)}" if pending else f"{settings.PUBLIC_URL}/"
    message = EmailMessage(
        subject=f"{member.practice.name}: MyBCAT",
        body=(_NEW if pending else _KNOWN).format(practice=member.practice.name, link=link),
        to=[member.user.email],
    )
    try:
        message.send()
    except (SMTPException, OSError) as error:
        logger.error("Invitation could not be mailed", memberId=str(member.id), exc_info=error)
        return False
    return True
