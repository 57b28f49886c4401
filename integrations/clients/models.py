"""Programs that call the API for a practice, and their credentials."""

from datetime import datetime
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from mybcat.tenancy import PracticeForeignKey, PracticeManager, PracticeQuerySet, TenantModel
from practices.models import Practice


class ApiClient(TenantModel):
    """A partner's program inside one practice. Its public id is its OAuth `client_id`."""

    name = models.CharField(max_length=120)
    # Codes of `Permission`.
    scopes = ArrayField(models.CharField(max_length=40))
    # How much it may ask for; null: as the practice.
    plan = models.CharField(max_length=20, choices=Practice.Plan.choices, null=True, blank=True)
    # Public keys (RFC 7517) for `private_key_jwt`; null: it has none.
    jwks = models.JSONField(null=True, blank=True)
    created_at = models.DateTimeField(editable=False)
    revoked_at = models.DateTimeField(null=True, editable=False)

    class Meta(TenantModel.Meta):
        verbose_name = "API client"
        constraints = (models.UniqueConstraint(fields=("practice", "id"), name="api_client_practice_id"),)

    def __str__(self) -> str:
        return self.name


class SecretQuerySet(PracticeQuerySet[Any]):
    def valid(self, *, now: datetime) -> "SecretQuerySet":
        """Those that still prove something."""
        return self.filter(Q(expires_at__isnull=True) | Q(expires_at__gt=now))


class ApiClientSecret(TenantModel):
    """A secret's digest. The secret has 256 random bits: SHA-256 is as good as any slow hash for it."""

    client = PracticeForeignKey(ApiClient, models.CASCADE, related_name="secrets")
    digest = models.BinaryField()
    # Its last characters, so that people can tell two secrets apart.
    hint = models.CharField(max_length=4)
    created_at = models.DateTimeField()
    # Set once a newer one is there: until then both are good.
    expires_at = models.DateTimeField(null=True)

    objects = PracticeManager.of(SecretQuerySet)

    class Meta(TenantModel.Meta):
        constraints = (
            models.UniqueConstraint(fields=("practice", "id"), name="api_client_secret_practice_id"),
            models.UniqueConstraint(fields=("practice", "client", "digest"), name="api_client_secret_once"),
        )

    def __str__(self) -> str:
        return f"…{self.hint}"


class ApiClientCertificate(TenantModel):
    """A certificate that a client must come with. Whoever has had one is bound for ever."""

    client = PracticeForeignKey(ApiClient, models.CASCADE, related_name="certificates")
    # `x5t#S256` of RFC 8705: SHA-256 of the DER form, base64url without padding.
    thumbprint = models.CharField(max_length=43)
    subject = models.CharField(max_length=250)
    not_after = models.DateTimeField()
    created_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        constraints = (
            models.UniqueConstraint(fields=("practice", "id"), name="api_client_certificate_practice_id"),
            models.UniqueConstraint(fields=("practice", "client", "thumbprint"), name="api_client_certificate_once"),
        )

    def __str__(self) -> str:
        return self.subject


class ClientAssertion(TenantModel):
    """A `jti` that a client has used up; kept until its assertion would be refused for its age."""

    client = PracticeForeignKey(ApiClient, models.CASCADE, related_name="assertions")
    # SHA-256: a `jti` may be any text.
    jti = models.BinaryField()
    expires_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        constraints = (
            models.UniqueConstraint(fields=("practice", "id"), name="client_assertion_practice_id"),
            models.UniqueConstraint(fields=("practice", "client", "jti"), name="client_assertion_once"),
        )
        indexes = (models.Index(fields=("expires_at",), name="client_assertion_expires_at"),)

    def __str__(self) -> str:
        return str(self.id)
