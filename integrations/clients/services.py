"""What managers and operators do with API clients. Each change is on record."""

from datetime import datetime, timedelta
from typing import Any, TypedDict
from uuid import UUID

from integrations.clients import certificates, secrets
from integrations.clients.keys import checked_jwks
from integrations.clients.models import ApiClient
from integrations.clients.scopes import granted
from mybcat import audit
from mybcat.errors import DomainError, UnknownId
from mybcat.principal import Actor


class ClientRevoked(DomainError):
    code = "client_revoked"
    status = 409
    sentence = "The client is revoked. Create another one."


class ClientFields(TypedDict, total=False):
    """What a manager may set."""

    name: str
    scopes: list[str]
    jwks: dict[str, Any] | None
    # Operators only.
    plan: str | None


def create_client(
    *, fields: ClientFields, by: Actor, now: datetime, practice_id: UUID | None = None
) -> tuple[ApiClient, str | None]:
    """A new client of the practice in scope (in platform scope: of `practice_id`), and its secret, which
    nobody can show again.

    One with public keys gets no secret: it proves itself by signing. Raises InvalidInput, NotYours.
    """
    client = ApiClient(created_at=now)
    if practice_id is not None:
        client.practice_id = practice_id
    _assign(client, fields, by=by)
    client.save(force_insert=True)
    secret = None if client.jwks else secrets.add_secret(client, overlap=secrets.OVERLAP, now=now)
    _tell(client, "created", by=by, now=now)
    return client, secret


def update_client(*, client_id: UUID, fields: ClientFields, by: Actor, now: datetime) -> ApiClient:
    """Change the given fields and no others. Raises UnknownId, ClientRevoked, InvalidInput, NotYours."""
    client = _standing(client_id)
    _assign(client, fields, by=by)
    client.save()
    _tell(client, "updated", by=by, now=now)
    return client


def rotate_secret(*, client_id: UUID, overlap: timedelta, by: Actor, now: datetime) -> tuple[ApiClient, str]:
    """A new secret; the last one stays good for `overlap`. Raises UnknownId, ClientRevoked."""
    client = _standing(client_id)
    secret = secrets.add_secret(client, overlap=overlap, now=now)
    _tell(client, "secret_rotated", by=by, now=now)
    return client, secret


def revoke_client(*, client_id: UUID, by: Actor, now: datetime) -> ApiClient:
    """End the client and its tokens, at once and for ever. Again: no effect. Raises UnknownId."""
    client = get_client(client_id, lock=True)
    if client.revoked_at is None:
        client.revoked_at = now
        client.save(update_fields=("revoked_at",))
        _tell(client, "revoked", by=by, now=now)
    return client


def add_certificate(*, client_id: UUID, pem: str, by: Actor, now: datetime) -> ApiClient:
    """Bind the client to a certificate; the same again: no effect.

    Raises UnknownId, ClientRevoked, InvalidInput, TooManyCertificates, CertificateRevoked.
    """
    certificate = certificates.described(pem, now=now)
    client = _standing(client_id)
    if certificates.bind(client, certificate, now=now):
        _tell(client, "certificate_added", by=by, now=now)
    return client


def revoke_certificate(*, client_id: UUID, thumbprint: str, by: Actor, now: datetime) -> ApiClient:
    """Shut the certificate out at once. Again: no effect. Raises UnknownId for a client or thumbprint that is none."""
    client = get_client(client_id, lock=True)
    if certificates.unbind(client, thumbprint=thumbprint, now=now):
        _tell(client, "certificate_revoked", by=by, now=now)
    return client


def get_client(client_id: UUID, *, lock: bool = False) -> ApiClient:
    """The client of the practice in scope. Raises UnknownId."""
    rows = ApiClient.objects.select_for_update(no_key=True) if lock else ApiClient.objects
    client = rows.filter(id=client_id).first()
    if client is None:
        raise UnknownId(prefix="appc", value=client_id)
    return client


def _standing(client_id: UUID) -> ApiClient:
    client = get_client(client_id, lock=True)
    if client.revoked_at is not None:
        raise ClientRevoked
    return client


def _assign(client: ApiClient, fields: ClientFields, *, by: Actor) -> None:
    if "name" in fields:
        client.name = fields["name"]
    if "scopes" in fields:
        client.scopes = granted(fields["scopes"], besides=client.scopes or (), by=by)
    if "plan" in fields:
        client.plan = fields["plan"]
    if "jwks" in fields:
        client.jwks = None if fields["jwks"] is None else checked_jwks(fields["jwks"])


def _tell(client: ApiClient, act: str, *, by: Actor, now: datetime) -> None:
    audit.record(
        principal=by,
        action=f"api_client.{act}",
        object_kind="appc",
        object_ids=[client.id],
        now=now,
        practice_id=client.practice_id,
    )
