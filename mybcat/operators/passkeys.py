"""Operators' passkeys: WebAuthn ceremonies. A challenge is in the session, and good once."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

import structlog
from django.conf import settings
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.utils import timezone
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from mybcat.models import Passkey

logger = structlog.get_logger(__name__)

_CHALLENGE = "passkey_challenge"
# What a response that is no response makes of the library.
_REFUSED = (WebAuthnException, ValueError, KeyError, TypeError, AttributeError)


def registration_options(request: HttpRequest) -> str:
    """JSON for `navigator.credentials.create()`; authenticators that the operator has already are left out."""
    user: Any = request.user
    options = generate_registration_options(
        rp_id=_host(request),
        rp_name="MyBCAT operators",
        user_name=user.email,
        user_id=user.pk.bytes,
        exclude_credentials=_descriptors(user),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.PREFERRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
    )
    _remember(request, options.challenge)
    return options_to_json(options)


def register(request: HttpRequest, *, credential: Any, name: str) -> Passkey | None:
    """The operator's new passkey; None where the response does not answer the challenge."""
    user: Any = request.user
    try:
        verified = verify_registration_response(
            credential=credential,
            expected_challenge=_taken(request),
            expected_rp_id=_host(request),
            expected_origin=_origin(request),
            require_user_verification=True,
        )
        with transaction.atomic():
            return Passkey.objects.create(
                user_id=user.pk,
                name=name[:64] or "Passkey",
                credential_id=verified.credential_id,
                public_key=verified.credential_public_key,
                sign_count=verified.sign_count,
            )
    except (*_REFUSED, IntegrityError) as error:
        logger.warning("Passkey refused", userId=str(user.pk), because=type(error).__name__)
        return None


def authentication_options(request: HttpRequest) -> str:
    """JSON for `navigator.credentials.get()`."""
    options = generate_authentication_options(
        rp_id=_host(request),
        allow_credentials=_descriptors(request.user),
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    _remember(request, options.challenge)
    return options_to_json(options)


@transaction.atomic
def authenticate(request: HttpRequest, *, credential: Any) -> Passkey | None:
    """The operator's passkey that has signed the challenge; None for anything else."""
    user: Any = request.user
    challenge = _taken(request)
    try:
        wanted = _bytes(credential["rawId"])
        passkey = Passkey.objects.select_for_update().get(user_id=user.pk, confirmed=True, credential_id=wanted)
        verified = verify_authentication_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=_host(request),
            expected_origin=_origin(request),
            credential_public_key=bytes(passkey.public_key),
            credential_current_sign_count=passkey.sign_count,
            require_user_verification=True,
        )
    except (*_REFUSED, Passkey.DoesNotExist) as error:
        logger.warning("Passkey refused", userId=str(user.pk), because=type(error).__name__)
        return None
    passkey.sign_count, passkey.last_used_at = verified.new_sign_count, timezone.now()
    passkey.save(update_fields=("sign_count", "last_used_at"))
    return passkey


def _descriptors(user: Any) -> list[PublicKeyCredentialDescriptor]:
    ids = Passkey.objects.filter(user_id=user.pk, confirmed=True).values_list("credential_id", flat=True)
    return [PublicKeyCredentialDescriptor(id=bytes(each)) for each in ids]


def _host(request: HttpRequest) -> str:
    return request.get_host().partition(":")[0]


def _origin(request: HttpRequest) -> str:
    # In production TLS ends at a proxy, and no browser has passkeys without it.
    return f"{request.scheme if settings.DEVELOPMENT else 'https'}://{request.get_host()}"


def _remember(request: HttpRequest, challenge: bytes) -> None:
    request.session[_CHALLENGE] = urlsafe_b64encode(challenge).decode()


def _taken(request: HttpRequest) -> bytes:
    """The challenge, which is then no more; nothing that anyone could sign where there is none."""
    return _bytes(request.session.pop(_CHALLENGE, "")) or b"no challenge was given"


def _bytes(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
