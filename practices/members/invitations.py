"""Telling new members by e-mail that they are, with a link (`links.py`) where they have no password yet."""

from datetime import datetime, timedelta
from functools import partial

from django.conf import settings
from django.core.mail import EmailMessage

from mybcat import mailing
from mybcat.tenancy import platform_scope
from practices.members.links import token_of
from practices.members.services import is_pending
from practices.models import Membership

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


def mail_invitations(*, now: datetime) -> int:
    """Send what new members have not been mailed yet; how many. What cannot be sent is tried again for a day."""
    with platform_scope(reason="invitations to mail"):
        rows = Membership.objects.filter(
            invited_at__gt=now - _TRIED_FOR, invitation_mailed_at__isnull=True, is_active=True
        )
        waiting = list(rows.select_related("practice", "user").order_by("invited_at"))
    return mailing.send_each(
        waiting,
        written=_message,
        sent=partial(_mailed, now=now),
        failure="Invitation could not be mailed",
        named="memberId",
    )


def _mailed(member: Membership, *, now: datetime) -> None:
    with platform_scope(reason="invitation mailed"):
        # Who was invited again meanwhile is sent the later link, too.
        Membership.objects.filter(id=member.id, invited_at=member.invited_at).update(invitation_mailed_at=now)


def _message(member: Membership) -> EmailMessage:
    pending = is_pending(member)
    link = f"{settings.PUBLIC_URL}/welcome#{token_of(member.user)}" if pending else f"{settings.PUBLIC_URL}/"
    return EmailMessage(
        subject=f"{member.practice.name}: MyBCAT",
        body=(_NEW if pending else _KNOWN).format(practice=member.practice.name, link=link),
        to=[member.user.email],
    )
