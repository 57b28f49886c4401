"""Who forgot their password is mailed a link, and nobody learns from the asking who has an account.

Asking leaves a mark and does no more. Whether somebody is mailed is decided afterwards, by a sweep: nobody waits for an
answer that could come later or sooner.
"""

from datetime import datetime, timedelta
from functools import partial

from django.conf import settings
from django.core.mail import EmailMessage
from django.db.models import F, Q

from mybcat import mailing
from mybcat.tenancy import platform_scope
from practices import everywhere
from practices.members.links import forgotten_token_of, may_choose
from practices.models import User

# Whoever waits longer asks again.
_TRIED_FOR = timedelta(minutes=30)
# Nobody fills a mailbox by asking: within this time after a mail, asking sends no other.
AGAIN = timedelta(minutes=5)

_TEXT = """Somebody, probably you, has forgotten the password of this address on MyBCAT. Choose a new one here:
{link}
The link works once, within an hour, and signs you out everywhere.
If it was not you, do nothing: your password stays as it is.

Alguien, probablemente usted, ha olvidado la contraseña de esta dirección en MyBCAT. Elija aquí otra:
{link}
El enlace sirve una vez, durante una hora, y cierra todas sus sesiones.
Si no fue usted, no haga nada: su contraseña sigue igual.
"""


def ask(*, email: str, now: datetime) -> None:
    """Mark that whoever has this address, if anybody, wants a link. The same statement for all; in platform scope."""
    User.objects.filter(email=email.strip().lower(), is_active=True).update(forgotten_at=now)


def mail_links(*, now: datetime) -> int:
    """Send a link to all who asked and may have one; how many. What cannot be sent is tried again for half an hour."""
    with platform_scope(reason="forgotten passwords to mail"):
        unmailed = Q(forgotten_mailed_at__isnull=True) | Q(forgotten_mailed_at__lt=F("forgotten_at") - AGAIN)
        asked = User.objects.filter(unmailed, forgotten_at__gt=now - _TRIED_FOR).order_by("forgotten_at")
        waiting = [user for user in asked if may_choose(user)]
    return mailing.send_each(
        waiting,
        written=_message,
        sent=partial(_mailed, now=now),
        failure="Password link could not be mailed",
        named="userId",
    )


def _mailed(user: User, *, now: datetime) -> None:
    with platform_scope(reason="password link mailed"):
        User.objects.filter(id=user.id).update(forgotten_mailed_at=now)
        everywhere.record(user=user, action="member.password_link_mailed", now=now, by_platform=True)


def _message(user: User) -> EmailMessage:
    link = f"{settings.PUBLIC_URL}/welcome#{forgotten_token_of(user)}"
    return EmailMessage(subject="MyBCAT", body=_TEXT.format(link=link), to=[user.email])
