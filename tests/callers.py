"""Callers of the API, as the outside world is one."""

import threading
import uuid
from base64 import b64encode
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode

from django.db import connections
from django.test import Client
from django.utils import timezone

from mybcat.correlation import correlated
from mybcat.tenancy import platform_scope
from practices import sign_in
from practices.auth_views import cookie_name
from practices.models import Practice, User
from tests.factories import PASSWORD


class Caller:
    """Signed in; speaks JSON to one practice."""

    def __init__(self, user: User, practice: Practice, *, password: str | None = None) -> None:
        self.http = Client(raise_request_exception=False)
        self.token = self._let_in(user, practice) if password is None else self._sign_in(user, practice, password)
        self.headers = {"Authorization": f"Bearer {self.token}"}

    def _let_in(self, user: User, practice: Practice) -> str:
        """What signing in does, less its way through HTTP: half of what thousands of tests pay before they begin."""
        with correlated(str(uuid.uuid4()), address="127.0.0.1"), platform_scope(reason="sign in"):
            signed_in = sign_in.sign_in(
                email=user.email,
                password=PASSWORD,
                practice_id=practice.id,
                client=sha256().digest(),
                now=timezone.now(),
            )
        self.http.cookies[cookie_name()] = signed_in.refresh_token or ""
        return signed_in.access_token

    def _sign_in(self, user: User, practice: Practice, password: str) -> str:
        """Over HTTP, for tests of just that."""
        named = {"email": user.email, "password": password, "practice": public("prac", practice.id)}
        answer = self.http.post("/api/auth/token", named, content_type="application/json")
        assert answer.status_code == 200, answer.content
        token: str = answer.json()["accessToken"]
        return token

    def get(self, path: str, **query: Any) -> Any:
        return self.http.get(path, query, headers=self.headers)

    def post(self, path: str, body: Any, *, key: str | None = None, **headers: str) -> Any:
        sent = {**self.headers, **headers, **({"X-Idempotency-Key": key} if key else {})}
        return self.http.post(path, body, content_type="application/json", headers=sent)

    def patch(self, path: str, body: Any) -> Any:
        return self.http.patch(path, body, content_type="application/json", headers=self.headers)

    def delete(self, path: str) -> Any:
        return self.http.delete(path, headers=self.headers)

    def book(self, clinic: Any, *, slot: int = 0, key: str | None = None, version: str = "v1", **body: Any) -> Any:
        """Books the clinic's patient into one of its slots."""
        wanted = {
            "patientId": public("pat", clinic.patient.id),
            "slotId": public("slot", clinic.slots[slot].id),
            "type": clinic.exam.code,
            **body,
        }
        return self.post(f"/api/{version}/appointments", wanted, key=key or str(uuid.uuid4()))


class Partner(Caller):
    """A program with an API client's id and secret, and a token for all of its scopes or those in `scope`."""

    def __init__(self, client_id: str, secret: str, *, scope: str | None = None, **http: Any) -> None:
        self.http = Client(raise_request_exception=False, **http)
        self.client_id, self.secret = client_id, secret
        self.renew(scope=scope)

    def renew(self, *, scope: str | None = None) -> None:
        """Another token."""
        answer = ask_token(self.http, (self.client_id, self.secret), **({"scope": scope} if scope else {}))
        assert answer.status_code == 200, answer.content
        self.token = answer.json()["access_token"]
        self.headers = {"Authorization": f"Bearer {self.token}"}


def ask_token(http: Client, basic: tuple[str, str] | None = None, **form: str) -> Any:
    """What the token endpoint says to this form and, by HTTP Basic, these credentials."""
    encoded = b64encode(":".join(basic).encode()).decode() if basic else None
    headers = {"Authorization": f"Basic {encoded}"} if encoded else {}
    body = urlencode({"grant_type": "client_credentials", **form})
    return http.post("/api/oauth/token", body, content_type="application/x-www-form-urlencoded", headers=headers)


def together(count: int, call: Callable[[int], Any]) -> list[Any]:
    """The results of `count` calls that start at the same moment, each with a database connection of its own."""
    barrier = threading.Barrier(count)

    def one(number: int) -> Any:
        barrier.wait()
        try:
            return call(number)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


def public(prefix: str, value: Any) -> str:
    from mybcat.ids import public_id

    return public_id(prefix, value)
