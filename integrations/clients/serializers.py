"""What goes in and out of the routes of API clients. Never out: a secret that was shown before, or its digest."""

from datetime import datetime, timedelta
from typing import Any

from rest_framework import serializers

from integrations.clients.models import ApiClient, ApiClientCertificate, ApiClientSecret
from integrations.clients.scopes import CLIENT_SCOPES
from integrations.clients.secrets import MAX_OVERLAP, OVERLAP
from mybcat.gateway.inputs import Input
from mybcat.ids import public_id
from practices.models import Practice


class ClientInput(Input):
    name = serializers.CharField(max_length=120)
    scopes = serializers.ListField(
        child=serializers.ChoiceField(choices=[str(scope) for scope in CLIENT_SCOPES]), min_length=1, max_length=40
    )
    jwks = serializers.JSONField(
        required=False, allow_null=True, help_text="public keys (RFC 7517) for private_key_jwt; no secret is made then"
    )


class RotationInput(Input):
    overlapSeconds = serializers.IntegerField(
        min_value=0,
        max_value=int(MAX_OVERLAP.total_seconds()),
        default=int(OVERLAP.total_seconds()),
        help_text="how long the last secret stays good",
    )


class CertificateInput(Input):
    certificate = serializers.CharField(max_length=16_384, help_text="PEM")


class ThumbprintInput(Input):
    thumbprint = serializers.CharField(max_length=43)


class SecretOutput(serializers.Serializer[Any]):
    hint = serializers.CharField(help_text="its last characters")
    createdAt = serializers.DateTimeField()
    expiresAt = serializers.DateTimeField(allow_null=True)


class CertificateOutput(serializers.Serializer[Any]):
    thumbprint = serializers.CharField(help_text="x5t#S256 of RFC 8705")
    subject = serializers.CharField()
    notAfter = serializers.DateTimeField()
    revokedAt = serializers.DateTimeField(allow_null=True)


class ClientOutput(serializers.Serializer[Any]):
    id = serializers.CharField(help_text="the OAuth client_id")
    name = serializers.CharField()
    scopes = serializers.ListField(child=serializers.CharField())
    plan = serializers.ChoiceField(choices=Practice.Plan.choices, allow_null=True, help_text="null: the practice's own")
    status = serializers.ChoiceField(choices=("active", "revoked"))
    jwks = serializers.JSONField(allow_null=True)
    secrets = SecretOutput(many=True, help_text="those in force")
    certificates = CertificateOutput(many=True)
    createdAt = serializers.DateTimeField()


class ClientWithSecretOutput(ClientOutput):
    secret = serializers.CharField(allow_null=True, help_text="shown this once; null where the client has public keys")


def show_client(client: ApiClient, *, now: datetime) -> dict[str, Any]:
    """An allow-list; asks for credentials that were not fetched before."""
    return {
        "id": public_id("appc", client.id),
        "name": client.name,
        "scopes": client.scopes,
        "plan": client.plan,
        "status": "active" if client.revoked_at is None else "revoked",
        "jwks": client.jwks,
        "secrets": [_secret(row) for row in _by_age(client.secrets) if row.expires_at is None or row.expires_at > now],
        "certificates": [_certificate(row) for row in _by_age(client.certificates)],
        "createdAt": client.created_at.isoformat(),
    }


def overlap(body: dict[str, Any]) -> timedelta:
    """Of a RotationInput."""
    return timedelta(seconds=body["overlapSeconds"])


def _by_age(rows: Any) -> list[Any]:
    return sorted(rows.all(), key=lambda row: row.id)


def _secret(row: ApiClientSecret) -> dict[str, Any]:
    return {"hint": row.hint, "createdAt": row.created_at.isoformat(), "expiresAt": _instant(row.expires_at)}


def _certificate(row: ApiClientCertificate) -> dict[str, Any]:
    return {
        "thumbprint": row.thumbprint,
        "subject": row.subject,
        "notAfter": row.not_after.isoformat(),
        "revokedAt": _instant(row.revoked_at),
    }


def _instant(value: datetime | None) -> str | None:
    return value.isoformat() if value else None
