"""Client credentials (RFC 6749, section 4.4): a token for the client itself."""

from datetime import datetime

from django.conf import settings

from integrations.clients.certificates import is_bound
from integrations.clients.models import ApiClient
from integrations.clients.refusals import InvalidScope
from integrations.clients.scopes import CLIENT_SCOPES
from mybcat import audit
from mybcat.gateway.tokens import issue_client_token
from mybcat.principal import Permission, Principal


def grant(client: ApiClient, *, scope: str | None, certificate: str | None, now: datetime) -> dict[str, object]:
    """The answer of RFC 6749, section 5.1, for all of the client's scopes or those that it asks for.

    Inside the client's practice. Raises InvalidScope for one that it does not have.
    """
    scopes = _chosen(client, scope)
    principal = _principal(client, scopes)
    audit.record(
        principal=principal, action="api_client.token_issued", object_kind="appc", object_ids=[client.id], now=now
    )
    token = issue_client_token(
        client_id=client.id,
        practice_id=client.practice_id,
        scopes=scopes,
        thumbprint=certificate if is_bound(client) else None,
        now=now,
    )
    lifetime = int(settings.CLIENT_TOKEN_LIFETIME.total_seconds())
    return {"access_token": token, "token_type": "Bearer", "expires_in": lifetime, "scope": " ".join(scopes)}


def _chosen(client: ApiClient, scope: str | None) -> list[Permission]:
    own = [each for each in CLIENT_SCOPES if each in client.scopes]
    asked = set(scope.split(" ")) if scope else set(own)
    if asked - set(own):
        raise InvalidScope
    return [each for each in own if each in asked]


def _principal(client: ApiClient, scopes: list[Permission]) -> Principal:
    return Principal(
        kind="client",
        id=client.id,
        practice_id=client.practice_id,
        role=None,
        scopes=frozenset(scopes),
        plan=client.plan or client.practice.plan,
        entitled_until=client.practice.entitled_until,
        time_zone=client.practice.time_zone,
        session_id=None,
    )
