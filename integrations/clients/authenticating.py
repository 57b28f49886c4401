"""Which API client sends a token request: by secret (RFC 6749, section 2.3.1) or by signature (RFC 7523)."""

import binascii
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from integrations.clients import assertions, certificates
from integrations.clients.models import ApiClient
from integrations.clients.refusals import InvalidClient, InvalidRequest
from integrations.clients.secrets import is_secret_of
from mybcat.errors import UnknownId
from mybcat.ids import internal_id


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who it says it is, and the one thing that is to prove it."""

    client_id: str
    secret: str = ""
    assertion: str = ""


def credentials_in(authorization: str, form: Mapping[str, str]) -> Credentials:
    """What came in the header or else in the form.

    Raises InvalidRequest for two ways at once, InvalidClient for none.
    """
    found = [each for each in (_basic(authorization), _post(form), _assertion(form)) if each is not None]
    if len(found) > 1:
        raise InvalidRequest("Authenticate in one way only")
    if not found:
        raise InvalidClient
    if form.get("client_id", found[0].client_id) != found[0].client_id:
        raise InvalidRequest("client_id is not the client that authenticates")
    return found[0]


def authenticate(credentials: Credentials, *, certificate: str | None, audience: str, now: datetime) -> ApiClient:
    """The client in force that these prove. In platform scope: the client tells the practice.

    An assertion is used up by this. Raises InvalidClient.
    """
    client = _named(credentials.client_id)
    if client is None or not certificates.accepts(client, certificate, now=now):
        raise InvalidClient
    if credentials.secret:
        proved = is_secret_of(client, credentials.secret, now=now)
    else:
        signature = assertions.verified(credentials.assertion, client=client, audience=audience, now=now)
        proved = signature is not None and assertions.use_up(signature, client=client)
    if not proved:
        raise InvalidClient
    return client


def _named(client_id: str) -> ApiClient | None:
    try:
        value = internal_id("appc", client_id)
    except UnknownId:
        return None
    return ApiClient.objects.filter(id=value, revoked_at__isnull=True).select_related("practice").first()


def _basic(authorization: str) -> Credentials | None:
    scheme, _, encoded = authorization.partition(" ")
    if not scheme:
        return None
    try:
        if scheme.lower() != "basic":
            raise InvalidClient
        # The standard has both parts form-encoded; ids and secrets of ours are the same either way.
        name, colon, secret = b64decode(encoded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, ValueError) as error:
        raise InvalidClient from error
    if not name or not colon or not secret:
        raise InvalidClient
    return Credentials(name, secret=secret)


def _post(form: Mapping[str, str]) -> Credentials | None:
    secret = form.get("client_secret")
    return Credentials(form.get("client_id", ""), secret=secret) if secret else None


def _assertion(form: Mapping[str, str]) -> Credentials | None:
    assertion, kind = form.get("client_assertion"), form.get("client_assertion_type")
    if assertion is None and kind is None:
        return None
    if not assertion or kind != assertions.TYPE:
        raise InvalidRequest(f"Send client_assertion with client_assertion_type {assertions.TYPE}")
    return Credentials(assertions.claimed_client(assertion), assertion=assertion)
