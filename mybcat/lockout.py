"""Failed sign-ins, counted for account and address, and the lock that follows; so are links for forgotten passwords.

In PostgreSQL, unlike other limits: who makes Redis fall must not win any number of guesses, and agents
must be able to sign in while Redis is away. Accounts that do not exist are counted like those that do.
"""

import hmac
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Any, Self

from django.conf import settings
from django.contrib.auth.backends import ModelBackend
from django.db import connection
from django.http import HttpRequest
from django.utils import timezone

from mybcat.correlation import remote_address
from mybcat.errors import RateLimited
from mybcat.gateway.addresses import neighbourhood
from mybcat.models import FailedSignIns
from mybcat.tenancy import platform_scope

# From the first failure on.
WINDOW = timedelta(minutes=15)
# One account from one address: who mistypes. An account from anywhere: guessing by many machines, which locks
# out its owner as well and so comes later. An address for all accounts: a clinic has one, and many forget.
HERE, ACCOUNT, ADDRESS = 5, 50, 100

_LOCKED = """
    SELECT max(until) FROM mybcat_failedsignins f
    JOIN unnest(%s::text[], %s::int[]) AS limits (key, most) ON f.key = limits.key
    WHERE f.failures >= limits.most AND f.until > %s
"""
# In one order, so that two who fail together do not wait for each other.
_FAILED = """
    INSERT INTO mybcat_failedsignins AS known (key, failures, until)
    SELECT key, 1, %(until)s FROM unnest(%(keys)s::text[]) AS key ORDER BY key
    ON CONFLICT (key) DO UPDATE SET
        failures = CASE WHEN known.until <= %(now)s THEN 1 ELSE known.failures + 1 END,
        until = CASE WHEN known.until <= %(now)s THEN EXCLUDED.until ELSE known.until END
"""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to sign in, by the digests of whom it counts against."""

    here: str
    account: str
    address: str

    @classmethod
    def of(cls, *, account: str, address: str | None, at: str = "sign in") -> Self:
        """`account` as typed: all ways to write one address are one account. What is tried, `at`, is counted apart."""
        name = unicodedata.normalize("NFKC", account).strip().casefold()
        place = neighbourhood(address)
        return cls(_digest(at, "here", name, place), _digest(at, "account", name), _digest(at, "address", place))

    def refuse_if_locked(self, *, now: datetime) -> None:
        """Raises RateLimited, whether or not the password would have been right."""
        with connection.cursor() as cursor:
            cursor.execute(_LOCKED, [[self.here, self.account, self.address], [HERE, ACCOUNT, ADDRESS], now])
            (until,) = cursor.fetchone()
        if until is not None:
            raise RateLimited(retry_after=ceil((until - now).total_seconds()))

    def failed(self, *, now: datetime) -> None:
        """Count it. In a transaction that the refusal does not roll back."""
        with connection.cursor() as cursor:
            keys = [self.here, self.account, self.address]
            cursor.execute(_FAILED, {"keys": keys, "now": now, "until": now + WINDOW})

    def succeeded(self) -> None:
        """Forget what was mistyped here; what others tried elsewhere stays counted."""
        FailedSignIns.objects.filter(key=self.here).delete()


def _digest(*parts: str) -> str:
    """A table that says who could not sign in, and from where, to nobody."""
    return hmac.digest(settings.SECRET_KEY.encode(), "\0".join(parts).encode(), "sha256").hex()


class GuardedBackend(ModelBackend):
    """Django's own, for every form that signs operators in; raises RateLimited while locked."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **kwargs: Any
    ) -> Any:
        if username is None or password is None:
            return None
        attempt, now = Attempt.of(account=username, address=remote_address()), timezone.now()
        attempt.refuse_if_locked(now=now)
        user = super().authenticate(request, username=username, password=password, **kwargs)
        with platform_scope(reason="sign in"):
            if user is None:
                attempt.failed(now=now)
            else:
                attempt.succeeded()
        return user


def forget_expired(*, now: datetime) -> None:
    """Delete counts whose window has ended."""
    FailedSignIns.objects.filter(until__lte=now).delete()
