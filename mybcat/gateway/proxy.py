"""What only the proxy in front can know of a caller, taken from the trusted proxy and from nobody else.

That is the caller's address, the scheme, and the client's certificate (RFC 9440). The proxy is
trusted for its address and a secret together: other programs of its machine have the address, too.
"""

import hmac
from collections.abc import Callable
from ipaddress import ip_address, ip_network

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from mybcat.correlation import correlated, correlation_id
from mybcat.errors import DomainError
from mybcat.gateway.certificates import CertificateRefused, presented
from mybcat.gateway.problems import problem_response

logger = structlog.get_logger(__name__)

_CERTIFICATE = "HTTP_CLIENT_CERT"
_SECRET = "HTTP_X_PROXY_SECRET"  # noqa: S105 (a header's name)
# Nobody but a proxy has a reason to send these.
_RESERVED = (_CERTIFICATE, "HTTP_CLIENT_CERT_CHAIN", _SECRET)
# Taken away where the proxy did not send them: later layers and their libraries may believe them.
_FORWARDED = (
    "HTTP_FORWARDED",
    "HTTP_X_FORWARDED_FOR",
    "HTTP_X_FORWARDED_HOST",
    "HTTP_X_FORWARDED_PORT",
    "HTTP_X_FORWARDED_PROTO",
    "HTTP_X_REAL_IP",
)
# No header can set these: theirs begin with HTTP_.
_THUMBPRINT = "mybcat.certificate"
_THROUGH = "mybcat.through_a_proxy"


class ProxyHeaderRefused(DomainError):
    """Someone who is not the proxy says what only the proxy may say."""

    code = "proxy_header_refused"
    status = 400
    sentence = "Client-Cert, Client-Cert-Chain and X-Proxy-Secret are not for callers to send"


class ProxyMiddleware:
    """Before anything that asks for an address, a scheme or a certificate."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self._networks = [ip_network(each) for each in settings.TRUSTED_PROXIES]
        self._secret = settings.PROXY_SECRET.encode()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        told = {name: request.META.pop(name) for name in (*_RESERVED, *_FORWARDED) if name in request.META}
        request.META[_THROUGH] = bool(told) or "HTTP_VIA" in request.META
        try:
            if self._is_from_proxy(request, told.get(_SECRET, "")):
                _believe(request, told)
            elif any(name in told for name in _RESERVED):
                logger.warning("Proxy header from elsewhere", headers=sorted(set(_RESERVED) & set(told)))
                raise ProxyHeaderRefused
        except DomainError as refusal:
            return problem_response(refusal, request=request)
        with correlated(correlation_id(), address=request.META.get("REMOTE_ADDR") or None):
            response = self.get_response(request)
        if certificate_of(request) is not None:
            # RFC 9440: what may depend on a certificate is not for caches, which know nothing of it.
            response["Cache-Control"] = "no-store"
        return response

    def _is_from_proxy(self, request: HttpRequest, secret: str) -> bool:
        if not secret or not self._secret:
            return False
        address = _address(request.META.get("REMOTE_ADDR", ""))
        near = address is not None and any(address in network for network in self._networks)
        # Header values come as Latin-1.
        return hmac.compare_digest(secret.encode("latin-1", "replace"), self._secret) and near


def certificate_of(request: HttpRequest) -> str | None:
    """The thumbprint of the certificate that the caller showed to the proxy; None where there was none."""
    return request.META.get(_THUMBPRINT)


def came_through_a_proxy(request: HttpRequest) -> bool:
    """Whether the request says so, be the proxy ours or not: its address is then not its caller's."""
    return bool(request.META[_THROUGH])


def _believe(request: HttpRequest, told: dict[str, str]) -> None:
    address = _address(told.get("HTTP_X_FORWARDED_FOR", ""))
    if address is not None:
        request.META["REMOTE_ADDR"] = str(address)
    if told.get("HTTP_X_FORWARDED_PROTO") in ("http", "https"):
        request.META["wsgi.url_scheme"] = told["HTTP_X_FORWARDED_PROTO"]
    if _CERTIFICATE in told:
        try:
            request.META[_THUMBPRINT] = presented(told[_CERTIFICATE], now=timezone.now())
        except CertificateRefused:
            logger.warning("Certificate of the proxy is not acceptable")
            raise


def _address(text: str) -> object:
    try:
        return ip_address(text)
    except ValueError:
        return None
