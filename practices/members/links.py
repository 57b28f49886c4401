"""The links by which a person chooses a password: an invitation's, and that of whoever forgot theirs.

Both are Django's own for passwords: signed, and, because the password is part of what is signed, good once. They are
made when the mail is sent and kept nowhere. In the address they stand behind `#`, which browsers send to nobody: no log
has them.
"""

from datetime import datetime, timedelta
from uuid import UUID

from django.contrib.auth.password_validation import validate_password
from django.contrib.auth.tokens import PasswordResetTokenGenerator, default_token_generator
from django.core.exceptions import ValidationError
from django.utils.http import base36_to_int

from mybcat.correlation import remote_address
from mybcat.errors import DomainError, InvalidInput
from mybcat.lockout import Attempt
from practices import everywhere
from practices.models import User
from practices.sign_in import memberships_of

# A mailbox may be open to others later; an invitation, behind which there is nothing yet, is good for three days
# (PASSWORD_RESET_TIMEOUT).
FORGOTTEN_GOOD = timedelta(hours=1)


class InvalidLink(DomainError):
    code = "invalid_link"
    status = 410
    sentence = "This link is over, or was used already. Ask for another on the page where you sign in."


class _ForgottenTokens(PasswordResetTokenGenerator):
    """Of their own kind: an invitation's token never resets a password."""

    key_salt = "mybcat.forgotten_password"

    def check_token(self, user: User | None, token: str | None) -> bool:
        if not token or not super().check_token(user, token):
            return False
        age = self._num_seconds(self._now()) - base36_to_int(token.partition("-")[0])
        return bool(age < FORGOTTEN_GOOD.total_seconds())


_FORGOTTEN = _ForgottenTokens()


def token_of(user: User) -> str:
    """What stands in an invitation's link."""
    return f"{user.id}.{default_token_generator.make_token(user)}"


def forgotten_token_of(user: User) -> str:
    """What stands in the link of whoever forgot their password."""
    return f"{user.id}.{_FORGOTTEN.make_token(user)}"


def may_choose(user: User) -> bool:
    """Whether a link may give this person a password. In platform scope.

    Not who works nowhere any more; nor operators, whom a mailbox alone must not let in; nor who signs in elsewhere.
    """
    known = user.has_usable_password()
    if not user.is_active or (known and user.is_staff) or (not known and user.external_subject is not None):
        return False
    return bool(memberships_of(user))


def choose_password(*, token: str, password: str, now: datetime) -> None:
    """The password of whoever has the link, from now on; every session that began with another ends.

    In platform scope: nobody is in a practice yet. Raises InvalidLink, and InvalidInput where the password is too weak.
    """
    user = _holder(token)
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise InvalidInput(fields={"password": list(error.messages)}) from error
    action = "member.password_reset" if user.has_usable_password() else "member.password_chosen"
    # Before the password: whoever signs out has the sessions first and the epoch last as well.
    everywhere.end_all(user=user, because="new_password", now=now)
    user.set_password(password)
    user.save(update_fields=("password",))
    everywhere.record(user=user, action=action, now=now)
    # Who mistyped the old one until they were locked has shown by now who they are.
    Attempt.of(account=user.email, address=remote_address()).succeeded()


def _holder(token: str) -> User:
    identifier, _, secret = token.partition(".")
    try:
        user_id = UUID(identifier)
    except ValueError:
        raise InvalidLink from None
    # Alone: of two at once, the second finds another password.
    user = User.objects.select_for_update().filter(id=user_id).first()
    if user is None or not _is_good(secret, user) or not may_choose(user):
        raise InvalidLink
    return user


def _is_good(secret: str, user: User) -> bool:
    if _FORGOTTEN.check_token(user, secret):
        return True
    return not user.has_usable_password() and default_token_generator.check_token(user, secret)
