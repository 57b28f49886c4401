"""The page behind the link in each e-mail; mail programs post to it without showing it (RFC 8058)."""

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from integrations.messaging.unsubscribing import unsubscribe

_PAGE = (
    '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    "<title>E-mail</title><main>{}</main></html>"
)
# Scanners of mail follow links: only a button changes anything.
_ASK = _PAGE.format(
    "<p>Stop e-mail about your appointments?</p><p lang=es>¿Dejar de recibir correos sobre sus citas?</p>"
    '<form method="post"><button>Stop / Dejar de recibir</button></form>'
)
_DONE = _PAGE.format("<p>Done: no more e-mail.</p><p lang=es>Listo: no recibirá más correos.</p>")
_NONE = _PAGE.format("<p>This link does not work.</p><p lang=es>Este enlace no funciona.</p>")


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe_page(request: HttpRequest, token: str) -> HttpResponse:
    """POST ends e-mail to whom the link was sent; a link of ours may be used again and again."""
    if request.method != "POST":
        return _answer(_ASK)
    return _answer(_DONE) if unsubscribe(token, now=timezone.now()) else _answer(_NONE, status=404)


def _answer(page: str, *, status: int = 200) -> HttpResponse:
    # The link is the key: it goes to no other site.
    return HttpResponse(page, status=status, headers={"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"})
