"""What browsers may do with our answers: the same headers on each of them, whoever gave it."""

import secrets
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from mybcat.gateway.correlation import GetResponse

# Of data nothing may be loaded or framed, whatever a browser takes it for.
DATA_POLICY = "default-src 'none'; frame-ancestors 'none'"
# Pages load our own files; an inline script or style needs the request's nonce (`request.csp_nonce`).
PAGE_POLICY = (
    "default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'nonce-{nonce}'; "
    "img-src 'self' data:{tiles}; font-src 'self'; connect-src 'self' {live}; form-action 'self'; "
    "base-uri 'none'; object-src 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-site",
}
# Pages whose forms must say where they come from set another.
REFERRER_POLICY = "no-referrer"
# A year (RFC 6797). In production TLS ends at a proxy, so this does not look at how the request came.
TRANSPORT_SECURITY = "max-age=31536000; includeSubDomains"


class HeadersMiddleware:
    """On every answer, over whatever a view of a library has set."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        self.headers = HEADERS if settings.DEVELOPMENT else {**HEADERS, "Strict-Transport-Security": TRANSPORT_SECURITY}

        tiles = f" {_origin(settings.VISIT_TILE_URL)}" if settings.VISIT_TILE_URL else ""
        # `live` may have another port, or host, than the page that opens a socket to it.
        self.page_policy = PAGE_POLICY.format(nonce="{nonce}", live=_origin(settings.LIVE_URL), tiles=tiles)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        nonce = request.csp_nonce = secrets.token_urlsafe(16)  # type: ignore[attr-defined]
        response = self.get_response(request)
        response.headers.setdefault("Referrer-Policy", REFERRER_POLICY)
        for name, value in self.headers.items():
            response.headers[name] = value
        policy = self.page_policy.replace("{nonce}", nonce) if _is_page(response) else DATA_POLICY
        response.headers["Content-Security-Policy"] = policy
        return response


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _is_page(response: HttpResponse) -> bool:
    """Django says text/html of an empty answer too, such as a redirect."""
    html = response.headers.get("Content-Type", "").startswith("text/html")
    return html and (response.streaming or bool(response.content))
