"""The one way into the product: who, may they, once only, in one transaction; then the view."""

import random
import time
from collections.abc import Collection, Mapping
from functools import partial
from typing import Any, ClassVar, cast

import orjson
from django.db import DatabaseError
from django.http import HttpResponse
from django.utils import timezone
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.views import APIView

from mybcat import audit, epochs, idempotency_keys, ids
from mybcat.errors import DomainError, Forbidden
from mybcat.gateway import calls, idempotency, isolation, output_guard
from mybcat.gateway.authentication import bearer_token
from mybcat.gateway.authoriser import authorise
from mybcat.gateway.conditional import Validator
from mybcat.gateway.limits import limits_of
from mybcat.gateway.problems import RETRYABLE, sqlstate
from mybcat.gateway.proxy import certificate_of
from mybcat.gateway.rate_limits import admit
from mybcat.gateway.tiers import Tier
from mybcat.idempotency_keys import Answered, Key
from mybcat.principal import Permission, Principal
from mybcat.tenancy import practice_scope

MAX_ATTEMPTS = 3


class MissingScope(DomainError):
    """An API client's token lacks what the route asks for (RFC 6750, section 3.1)."""

    code = "insufficient_scope"
    status = 403

    def __init__(self, scope: Permission) -> None:
        super().__init__(f"Missing scope: {scope}")
        self.headers = {"WWW-Authenticate": f'Bearer error="insufficient_scope", scope="{scope}"'}


class Endpoint(APIView):
    """A view declares what it needs; the policy is carried out here, in this order:

    caller and limits (one trip to Redis), permission; then, in one transaction: practice scope,
    idempotency key, handler. A refusal rolls back everything; what must outlive it is written afterwards.

    `permissions` names one permission a method, `tiers` how often it may be asked: a test refuses a
    route that lacks either.
    `idempotent` says for a method whether its key is "required" or "accepted". Methods in `claiming` take
    and complete `key` themselves, in the statement that does their work.
    `etag` is the validator (`conditional.py`) of what GET answers.
    `call_acts` says for a method what it does for a caller on the phone: see `calls.py`.
    `changes_access`: what is written here changes what somebody may do, and holds at their next request.
    """

    http_method_names = ["get", "head", "post", "put", "patch", "delete"]

    permissions: ClassVar[Mapping[str, Permission]] = {}
    tiers: ClassVar[Mapping[str, Tier]] = {}
    idempotent: ClassVar[Mapping[str, str]] = {}
    claiming: ClassVar[Collection[str]] = ()
    etag: ClassVar[Validator | None] = None
    call_acts: ClassVar[Mapping[str, str]] = {}
    changes_access: ClassVar[bool] = False

    principal: Principal
    key: Key | None

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """DRF's order, with the transaction around the handler and nothing else."""
        self.args, self.kwargs = args, kwargs
        self.request = request = self.initialize_request(request, *args, **kwargs)
        self.headers = {}
        self.now = timezone.now()
        try:
            if (request.method or "").lower() not in self.http_method_names or not hasattr(
                self, request.method.lower()
            ):
                self.http_method_not_allowed(request)
            self.initial(request, *args, **kwargs)
            response = self._retried(request)
            if self.changes_access and _method(request) != "GET":
                epochs.announce()
        except Exception as error:  # noqa: BLE001 - what is not foreseen becomes a bare 500
            response = self.handle_exception(error)
        self.response = response = self.finalize_response(request, response, *args, **kwargs)
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    def perform_authentication(self, request: Request) -> None:
        """Who calls, and whether so often; before the transaction, since Redis may hang."""
        method = _method(request)
        token, certificate = bearer_token(request._request), certificate_of(request._request)
        operation = f"{type(self).__name__}.{method}"
        limits = partial(limits_of, operation=operation, tier=self.tiers[method], certificate=certificate)
        caller, admission = authorise(token, certificate=certificate, limits=limits, now=self.now)
        admit(request._request, admission)
        self.principal = request.user = caller  # type: ignore[assignment]

    def check_permissions(self, request: Request) -> None:
        """Later, where a refusal is judged and goes on record."""

    def check_throttles(self, request: Request) -> None:
        """Counted with the caller: DRF's throttles admit more than they say."""

    def replayed(self, answer: HttpResponse) -> HttpResponse:
        """A stored answer as it goes out again: a view that sets headers, or stored less than its answer, adds them."""
        return answer

    def _retried(self, request: Request) -> Any:
        """Deadlocks and serialisation failures are ours to repeat, not the caller's to see."""
        attempt = 1
        while True:
            try:
                return self._admitted(request)
            except DatabaseError as error:
                if attempt == MAX_ATTEMPTS or sqlstate(error) not in RETRYABLE:
                    raise
            time.sleep(random.uniform(0.005, 0.02) * attempt)
            attempt += 1

    def _admitted(self, request: Request) -> HttpResponse:
        key = None
        ids.watch_minting()
        try:
            self._refuse_without_permission(request)
            key = self._idempotency_key(request)
            with practice_scope(self.principal.practice_id):
                try:
                    return self._once(request, key)
                except Answered as answered:
                    audit.record(
                        principal=self.principal,
                        action="idempotent.replayed",
                        object_kind="",
                        object_ids=(),
                        now=self.now,
                    )
                    answer = self.replayed(idempotency.replay(answered, key=cast("Key", key)))
                    output_guard.check(answer, practice_id=self.principal.practice_id)
                    return answer
        except (DomainError, APIException) as error:
            refusal = isolation.judged(error, principal=self.principal, now=self.now, request=request)
            if refusal is not error:
                raise refusal from error
            if key is not None and isinstance(error, DomainError):
                idempotency.remember_refusal(
                    key=key, principal=self.principal, refusal=error, request=request._request, now=self.now
                )
            raise

    def _once(self, request: Request, key: Key | None) -> Any:
        if key is None or _method(request) in self.claiming:
            self.key = key
            return self._handled(request)
        idempotency_keys.claim(key=key, principal=self.principal, now=self.now)
        response = self._handled(request)
        body = orjson.dumps(response.data)
        idempotency_keys.complete(key=key, principal=self.principal, status=response.status_code, body=body)
        return response

    def _refuse_without_permission(self, request: Request) -> None:
        needed = self.permissions.get(_method(request))
        if needed is None or not self.principal.may(needed):
            raise MissingScope(needed) if needed and self.principal.kind == "client" else Forbidden

    def _idempotency_key(self, request: Request) -> Key | None:
        use = self.idempotent.get(_method(request))
        return None if use is None else idempotency.read_key(request, required=use == "required")

    def _handled(self, request: Request) -> Any:
        isolation.refuse_foreign_ids(request, principal=self.principal)
        response = self._answered(request)
        if act := self.call_acts.get(_method(request)):
            told = request.META.get("HTTP_X_CALL_ID")
            calls.keep(response, told=told, act=act, by=self.principal, now=self.now)
        output_guard.check(response, practice_id=self.principal.practice_id)
        return response

    def _answered(self, request: Request) -> Any:
        method = _method(request)
        handler = getattr(self, method.lower())
        validator = type(self).etag
        if method == "GET" and validator is not None:
            return validator(self, request, lambda: handler(request, *self.args, **self.kwargs))
        return handler(request, *self.args, **self.kwargs)


def _method(request: Request) -> str:
    method = request.method or ""
    return "GET" if method == "HEAD" else method
