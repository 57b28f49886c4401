"""Whether Stripe sent this: its signature over the bytes as they came.

Not the SDK's own check: that looks for what is too old but not for what is of the future, and fails on
bytes that are no UTF-8.
"""

import hmac
import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256

from mybcat.errors import DomainError

TOLERANCE = timedelta(seconds=300)
# Two secrets sign during a rotation, and an old scheme may stand beside; more is no signature of Stripe's.
MOST_PARTS = 10
_TIME = re.compile(r"[0-9]{1,12}", re.ASCII)
_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)


class BadSignature(DomainError):
    """Missing, forged, or too far from now: one sentence for all, no hints for forgers."""

    code = "bad_signature"
    status = 400
    sentence = "The signature is not valid"


def verify(*, body: bytes, header: str, secrets: Sequence[str], now: datetime) -> None:
    """Accept `body` if one of its v1 signatures was made with one of `secrets` at most 300 s from `now`.

    Raises BadSignature. Without a secret nothing is accepted.
    """
    parts = [part.partition("=") for part in header.split(",", MOST_PARTS)]
    times = [value for name, _, value in parts if name.strip() == "t"]
    signatures = [value for name, _, value in parts if name.strip() == "v1" and _DIGEST.fullmatch(value)]
    if len(times) != 1 or not _TIME.fullmatch(times[0]) or abs(int(times[0]) - now.timestamp()) > TOLERANCE.seconds:
        raise BadSignature
    signed = times[0].encode() + b"." + body
    # The whole secret is the key, "whsec_" included; Standard Webhooks would decode it.
    expected = [hmac.new(secret.encode(), signed, sha256).hexdigest() for secret in secrets]
    if not any(hmac.compare_digest(one, other) for one in expected for other in signatures):
        raise BadSignature
