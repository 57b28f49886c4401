"""The certificate that a caller showed to the proxy (RFC 9440), and its thumbprint (RFC 8705)."""

import re
from base64 import b64decode, urlsafe_b64encode
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256

from mybcat.errors import DomainError

# A byte sequence of RFC 8941; 16 KiB hold any certificate there is.
_BYTES = re.compile(r":[A-Za-z0-9+/]{1,16384}={0,2}:", re.ASCII)


class CertificateRefused(DomainError):
    """What the proxy handed on is no certificate, or not one of today."""

    code = "certificate_refused"
    status = 403
    sentence = "The client certificate is not acceptable"


def thumbprint(certificate: x509.Certificate) -> str:
    """`x5t#S256` (RFC 8705, section 3.1): 43 characters."""
    return urlsafe_b64encode(certificate.fingerprint(SHA256())).rstrip(b"=").decode()


def presented(header: str, *, now: datetime) -> str:
    """The thumbprint of the certificate in a `Client-Cert` header. Raises CertificateRefused."""
    if not _BYTES.fullmatch(header):
        raise CertificateRefused
    try:
        certificate = x509.load_der_x509_certificate(b64decode(header[1:-1], validate=True))
    except ValueError as error:
        raise CertificateRefused from error
    # The proxy has checked this, too; its clock and ours need not agree.
    if not certificate.not_valid_before_utc <= now < certificate.not_valid_after_utc:
        raise CertificateRefused
    return thumbprint(certificate)
