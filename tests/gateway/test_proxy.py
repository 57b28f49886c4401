"""What only the proxy may tell is believed of the trusted proxy, and of nobody else."""

from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from pydantic import ValidationError

from mybcat.correlation import remote_address
from mybcat.environment import Environment
from mybcat.gateway.certificates import thumbprint
from mybcat.gateway.proxy import ProxyMiddleware, certificate_of
from tests.api.refusals import assert_refused
from tests.api.rows import changes
from tests.certificates import authority, issued

SECRET = "s" * 40
NEAR = {"REMOTE_ADDR": "10.1.2.3"}
PROVED = {**NEAR, "HTTP_X_PROXY_SECRET": SECRET}
CERTIFICATE = f":{b64encode(issued('partner').der).decode()}:"
SENTENCE = "Client-Cert, Client-Cert-Chain and X-Proxy-Secret are not for callers to send"


@pytest.fixture(autouse=True)
def _behind_a_proxy(settings: Any) -> Iterator[None]:
    settings.TRUSTED_PROXIES = ["10.0.0.0/8", "::1"]
    settings.PROXY_SECRET = SECRET
    return iter(())


class Seen:
    """What a view behind the middleware sees of a request."""

    def __init__(self, **meta: Any) -> None:
        self.request: HttpRequest | None = None
        self.answer = ProxyMiddleware(self._view)(RequestFactory().get("/api/v1/locations", **meta))

    def _view(self, request: HttpRequest) -> HttpResponse:
        self.request, self.address, self.scheme = request, remote_address(), request.scheme
        self.certificate = certificate_of(request)
        return HttpResponse()

    @property
    def meta(self) -> dict[str, Any]:
        assert self.request is not None
        return {name: value for name, value in self.request.META.items() if name.startswith("HTTP_")}


def test_the_proxy_is_believed() -> None:
    told = {"HTTP_X_FORWARDED_FOR": "203.0.113.7", "HTTP_X_FORWARDED_PROTO": "https", "HTTP_CLIENT_CERT": CERTIFICATE}
    seen = Seen(**PROVED, **told)
    assert (seen.address, seen.scheme) == ("203.0.113.7", "https")
    assert seen.certificate == thumbprint(issued("partner").certificate)
    assert seen.request is not None and seen.request.META["REMOTE_ADDR"] == "203.0.113.7"
    # The secret goes no further, nor anything that somebody might read a second time.
    assert set(seen.meta) == {"HTTP_COOKIE"}


def test_the_thumbprint_is_that_of_rfc_8705() -> None:
    """Section 3.1's own example."""
    pem = """-----BEGIN CERTIFICATE-----
MIIBBjCBrAIBAjAKBggqhkjOPQQDAjAPMQ0wCwYDVQQDDARtdGxzMB4XDTE4MTAx
ODEyMzcwOVoXDTIyMDUwMjEyMzcwOVowDzENMAsGA1UEAwwEbXRsczBZMBMGByqG
SM49AgEGCCqGSM49AwEHA0IABNcnyxwqV6hY8QnhxxzFQ03C7HKW9OylMbnQZjjJ
/Au08/coZwxS7LfA4vOLS9WuneIXhbGGWvsDSb0tH6IxLm8wCgYIKoZIzj0EAwID
SQAwRgIhAP0RC1E+vwJD/D1AGHGzuri+hlV/PpQEKTWUVeORWz83AiEA5x2eXZOV
bUlJSGQgjwD5vaUaKlLR50Q2DmFfQj1L+SY=
-----END CERTIFICATE-----"""
    known = x509.load_pem_x509_certificate(pem.encode())
    assert thumbprint(known) == "A4DtL2JmUMhAsvJj5tKyn64SqzmuXbMrJa0n761y5v0"


@pytest.mark.parametrize(
    "told",
    [
        {"HTTP_X_FORWARDED_FOR": "203.0.113.7, 10.0.0.1"},
        {"HTTP_X_FORWARDED_FOR": "unknown"},
        {"HTTP_X_FORWARDED_FOR": ""},
        {"HTTP_X_FORWARDED_PROTO": "gopher"},
    ],
)
def test_nonsense_of_the_proxy_is_left_aside(told: dict[str, str]) -> None:
    seen = Seen(**PROVED, **told)
    assert (seen.address, seen.scheme, seen.certificate) == ("10.1.2.3", "http", None)


@pytest.mark.parametrize(
    "who",
    [
        {},
        NEAR,
        {"HTTP_X_PROXY_SECRET": SECRET},
        {"REMOTE_ADDR": "192.0.2.1", "HTTP_X_PROXY_SECRET": SECRET},
        {**NEAR, "HTTP_X_PROXY_SECRET": SECRET[:-1]},
        {**NEAR, "HTTP_X_PROXY_SECRET": ""},
        {**NEAR, "HTTP_X_PROXY_SECRET": "\u00e9" * 40},
    ],
)
@pytest.mark.parametrize("header", ["HTTP_CLIENT_CERT", "HTTP_CLIENT_CERT_CHAIN"])
def test_nobody_else_speaks_of_certificates(who: dict[str, str], header: str) -> None:
    seen = Seen(**who, **{header: CERTIFICATE})
    assert (seen.answer.status_code, seen.request) == (400, None)


def test_without_a_secret_set_nobody_is_the_proxy(settings: Any) -> None:
    settings.PROXY_SECRET = ""
    assert Seen(**NEAR, HTTP_X_PROXY_SECRET="", HTTP_CLIENT_CERT=CERTIFICATE).answer.status_code == 400


def test_what_others_forward_is_taken_away() -> None:
    told = dict.fromkeys(
        ("HTTP_FORWARDED", "HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_HOST", "HTTP_X_FORWARDED_PROTO", "HTTP_X_REAL_IP"),
        "203.0.113.7",
    )
    seen = Seen(REMOTE_ADDR="192.0.2.1", **told)
    assert (seen.answer.status_code, seen.address, seen.scheme) == (200, "192.0.2.1", "http")
    assert set(seen.meta) == {"HTTP_COOKIE"}


@pytest.mark.parametrize(
    "header",
    [
        "",
        "x",
        b64encode(issued("partner").der).decode(),
        f'"{CERTIFICATE}"',
        CERTIFICATE + CERTIFICATE,
        f"{CERTIFICATE},{CERTIFICATE}",
        f"{CERTIFICATE};a=1",
        CERTIFICATE[:-9] + ":",
        ":AAAA:",
        "::",
        CERTIFICATE + "\n",
        "-----BEGIN CERTIFICATE-----",
        ":" + "A" * 20_000 + ":",
    ],
)
def test_what_is_no_certificate_is_refused(header: str) -> None:
    seen = Seen(**PROVED, HTTP_CLIENT_CERT=header)
    assert (seen.answer.status_code, seen.request) == (403, None)


def test_a_certificate_of_another_time_is_refused() -> None:
    now = datetime.now(UTC)
    for since, days in ((now - timedelta(days=3), 2), (now + timedelta(hours=1), 2)):
        other = authority().issue("partner", valid_from=since, days=days)
        seen = Seen(**PROVED, HTTP_CLIENT_CERT=f":{b64encode(other.der).decode()}:")
        assert (seen.answer.status_code, seen.request) == (403, None)


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_a_refusal_is_like_any_other(client: Client, version: str) -> None:
    with changes():
        answer = client.get(f"/api/{version}/locations", HTTP_CLIENT_CERT=CERTIFICATE)
    assert_refused(answer, status=400, code="proxy_header_refused", sentence=SENTENCE)
    assert ("Deprecation" in answer.headers) == (version == "v1")
    bad = client.get(f"/api/{version}/locations", **PROVED, HTTP_CLIENT_CERT="x")
    sentence = "The client certificate is not acceptable"
    assert_refused(bad, status=403, code="certificate_refused", sentence=sentence)


def test_proxies_without_a_proper_secret_stop_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRUSTED_PROXIES", "10.0.0.0/8")
    for secret in ("", "short"):
        monkeypatch.setenv("PROXY_SECRET", secret)
        with pytest.raises((ValidationError, ImproperlyConfigured)):
            Environment()
    monkeypatch.setenv("PROXY_SECRET", SECRET)
    assert Environment().trusted_proxies == "10.0.0.0/8"
    monkeypatch.setenv("TRUSTED_PROXIES", "everyone")
    with pytest.raises(ValidationError):
        Environment()
