"""A certificate authority of the tests' own: good, expired and not yet valid certificates, and lists of the revoked."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Issued:
    """A certificate with its private key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.DER)

    @property
    def pem_with_key(self) -> str:
        """As HAProxy and OpenSSL want it."""
        kinds = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        return self.key.private_bytes(serialization.Encoding.PEM, *kinds).decode() + self.pem


@dataclass
class Authority:
    """Issues certificates, and revokes them."""

    name: str
    itself: Issued = field(init=False)
    revoked: list[x509.RevokedCertificate] = field(default_factory=list)

    def __post_init__(self) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        builder = _builder(self.name, self.name, key, valid_from=datetime.now(UTC) - 30 * DAY, days=365)
        usage = x509.KeyUsage(
            digital_signature=True, content_commitment=False, key_encipherment=False, data_encipherment=False,
            key_agreement=False, key_cert_sign=True, crl_sign=True, encipher_only=False, decipher_only=False,
        )  # fmt: skip
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        builder = builder.add_extension(usage, critical=True)
        builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        self.itself = Issued(builder.sign(key, hashes.SHA256()), key)

    def issue(self, name: str, *, valid_from: datetime | None = None, days: float = 30, host: str = "") -> Issued:
        """A client's certificate, or a server's where a `host` is named."""
        key = ec.generate_private_key(ec.SECP256R1())
        since = valid_from or datetime.now(UTC) - DAY
        builder = _builder(name, self.name, key, valid_from=since, days=days)
        use = ExtendedKeyUsageOID.SERVER_AUTH if host else ExtendedKeyUsageOID.CLIENT_AUTH
        builder = builder.add_extension(x509.ExtendedKeyUsage([use]), critical=False)
        authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.itself.key.public_key())
        builder = builder.add_extension(authority, critical=False)
        if host:
            builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        return Issued(builder.sign(self.itself.key, hashes.SHA256()), key)

    def revoke(self, issued: Issued) -> None:
        entry = x509.RevokedCertificateBuilder().serial_number(issued.certificate.serial_number)
        self.revoked.append(entry.revocation_date(datetime.now(UTC) - timedelta(hours=1)).build())

    def revocation_list(self) -> str:
        """As PEM."""
        now = datetime.now(UTC)
        builder = x509.CertificateRevocationListBuilder().issuer_name(_name(self.name))
        builder = builder.last_update(now - timedelta(hours=1)).next_update(now + DAY)
        for entry in self.revoked:
            builder = builder.add_revoked_certificate(entry)
        return builder.sign(self.itself.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


@cache
def authority() -> Authority:
    """The one that the product trusts in these tests; whoever revokes makes another."""
    return Authority("MyBCAT test CA")


@cache
def issued(name: str) -> Issued:
    """A good certificate, the same in the whole run."""
    return authority().issue(name)


def _builder(
    subject: str, issuer: str, key: ec.EllipticCurvePrivateKey, *, valid_from: datetime, days: float
) -> x509.CertificateBuilder:
    builder = x509.CertificateBuilder().subject_name(_name(subject)).issuer_name(_name(issuer))
    builder = builder.public_key(key.public_key()).serial_number(x509.random_serial_number())
    return builder.not_valid_before(valid_from).not_valid_after(valid_from + days * DAY)


def _name(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
