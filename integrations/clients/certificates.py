"""Certificates that bind an API client: what it sends must come over a connection that shows one of them."""

from datetime import datetime
from typing import TypedDict

from cryptography import x509

from integrations.clients.models import ApiClient, ApiClientCertificate
from mybcat.errors import DomainError, InvalidInput, UnknownId
from mybcat.gateway.certificates import thumbprint

# One in use, and the one that replaces it.
AT_ONCE = 2


class TooManyCertificates(DomainError):
    code = "too_many_certificates"
    status = 409
    sentence = "The client has two certificates in force. Revoke one first."


class CertificateRevoked(DomainError):
    code = "certificate_revoked"
    status = 409
    sentence = "This certificate was revoked. Have a new one issued."


class Described(TypedDict):
    """What is kept of a certificate."""

    thumbprint: str
    subject: str
    not_after: datetime


def described(pem: str, *, now: datetime) -> Described:
    """What is kept of the first certificate in `pem`. Raises InvalidInput for none, and for one that has ended."""
    try:
        certificate = x509.load_pem_x509_certificate(pem.encode())
        subject = certificate.subject.rfc4514_string()
    except ValueError as error:
        raise InvalidInput(fields={"certificate": ["Send one certificate as PEM"]}) from error
    if certificate.not_valid_after_utc <= now:
        raise InvalidInput(fields={"certificate": ["The certificate has expired"]})
    return {
        "thumbprint": thumbprint(certificate),
        "subject": subject[:250],
        "not_after": certificate.not_valid_after_utc,
    }


def bind(client: ApiClient, certificate: Described, *, now: datetime) -> bool:
    """Add the certificate; whether it is new. Call with the client's row locked.

    Raises TooManyCertificates, CertificateRevoked.
    """
    rows = ApiClientCertificate.objects.filter(client=client)
    same = rows.filter(thumbprint=certificate["thumbprint"]).first()
    if same is not None:
        if same.revoked_at is not None:
            raise CertificateRevoked
        return False
    if rows.filter(revoked_at__isnull=True, not_after__gt=now).count() >= AT_ONCE:
        raise TooManyCertificates
    ApiClientCertificate.objects.create(client=client, created_at=now, **certificate)
    return True


def accepts(client: ApiClient, thumbprint: str | None, *, now: datetime) -> bool:
    """Whether `client` may come with this certificate, or with none; `is_bound` tells which."""
    rows = ApiClientCertificate.objects.filter(client=client)
    in_force = rows.filter(thumbprint=thumbprint or "", revoked_at__isnull=True, not_after__gt=now)
    return in_force.exists() if rows.exists() else True


def is_bound(client: ApiClient) -> bool:
    """Whether the client has ever had a certificate."""
    return ApiClientCertificate.objects.filter(client=client).exists()


def unbind(client: ApiClient, *, thumbprint: str, now: datetime) -> bool:
    """Revoke one of the client's certificates; whether it was in force.

    The client stays bound: without another certificate it is shut out. Raises UnknownId.
    """
    rows = ApiClientCertificate.objects.filter(client=client, thumbprint=thumbprint)
    if not rows.exists():
        raise UnknownId(prefix="", value=None)
    return rows.filter(revoked_at__isnull=True).update(revoked_at=now) > 0
