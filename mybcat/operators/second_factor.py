"""Operators' second factor: codes of an authenticator, each good once, and recovery codes for when it is lost.

django-otp keeps the time step of the last code, and makes wrong ones wait longer each time.
"""

import re
import secrets
from base64 import b32encode
from hashlib import sha256
from io import BytesIO
from typing import Any
from uuid import UUID

import segno
from django.db import transaction
from django.db.models import QuerySet
from django_otp import verify_token
from django_otp.models import Device
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from mybcat.models import Passkey

RECOVERY_CODES = 10
_TOTP = re.compile(r"[0-9]{6}", re.ASCII)


def is_enrolled(user: Any) -> bool:
    """Whether the operator has an authenticator or a passkey."""
    owned = {"user_id": user.pk, "confirmed": True}
    return TOTPDevice.objects.filter(**owned).exists() or Passkey.objects.filter(**owned).exists()


def pending_totp(user: Any) -> TOTPDevice:
    """The authenticator that the operator is about to confirm; the same one until then."""
    # Two tabs may make one each: the first is the one that counts.
    pending: TOTPDevice | None = _pending(user).first()
    return pending or TOTPDevice.objects.create(user_id=user.pk, confirmed=False, name="Authenticator")


def secret_of(device: TOTPDevice) -> str:
    """What an operator types who cannot scan."""
    return b32encode(device.bin_key).decode().rstrip("=")


def qr_code(device: TOTPDevice) -> str:
    """The device's `otpauth` address as an SVG element."""
    drawn = BytesIO()
    segno.make(device.config_url, micro=False).save(
        drawn, kind="svg", scale=4, xmldecl=False, svgclass=None, lineclass=None, light="#fff"
    )
    return drawn.getvalue().decode()


@transaction.atomic
def confirm_totp(user: Any, *, code: str) -> TOTPDevice | None:
    """The pending authenticator, now the operator's only one, if `code` is its present one."""
    device = _pending(user).select_for_update().first()
    if device is None or not device.verify_token(code):
        return None
    TOTPDevice.objects.filter(user_id=user.pk).exclude(pk=device.pk).delete()
    device.confirmed = True
    device.save()
    return device


def verify(user: Any, *, code: str) -> Device | None:
    """The device that accepts `code`; each code is good once, whoever sends it twice and however fast."""
    code = re.sub(r"[\s-]", "", code).lower()
    totp = _TOTP.fullmatch(code) is not None
    kind, offered = (TOTPDevice, code) if totp else (StaticDevice, _digest(code))
    for device in kind.objects.filter(user_id=user.pk, confirmed=True):
        accepted: Device | None = verify_token(user, device.persistent_id, offered)
        if accepted is not None:
            return accepted
    return None


@transaction.atomic
def new_recovery_codes(user: Any) -> list[str]:
    """Codes to be shown once; those of before are void. Only digests are kept."""
    codes = [secrets.token_hex(8) for _ in range(RECOVERY_CODES)]
    StaticDevice.objects.filter(user_id=user.pk).delete()
    device = StaticDevice.objects.create(user_id=user.pk, name="Recovery codes")
    StaticToken.objects.bulk_create(StaticToken(device=device, token=_digest(code)) for code in codes)
    return ["-".join(code[start : start + 4] for start in range(0, 16, 4)) for code in codes]


def recovery_codes_left(user: Any) -> int:
    return StaticToken.objects.filter(device__user_id=user.pk).count()


@transaction.atomic
def forget(user_id: UUID) -> None:
    """The operator enrols anew at the next sign-in; sessions that rest on these devices end."""
    for kind in (TOTPDevice, StaticDevice, Passkey):
        kind.objects.filter(user_id=user_id).delete()


def _pending(user: Any) -> QuerySet[TOTPDevice]:
    return TOTPDevice.objects.filter(user_id=user.pk, confirmed=False).order_by("pk")


def _digest(code: str) -> str:
    """64 random bits need no slow hash; 16 characters is what the column holds."""
    return b32encode(sha256(b"recovery:" + code.encode()).digest()).decode()[:16]
