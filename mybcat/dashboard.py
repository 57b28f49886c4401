"""The dashboard's one page. All else of it are static files, whose names change with their content."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_safe

_NO_NONCE = '<meta name="csp-nonce" content="" />'
_NONCE = '<meta name="csp-nonce" content="{nonce}" />'


@require_safe
def dashboard(request: HttpRequest, rest: str = "") -> HttpResponse:
    """The page, whatever of its own addresses is asked for; the documentation where it was not built."""
    try:
        page = (settings.STATIC_ROOT / "dashboard" / "index.html").read_text(encoding="utf-8")
    except FileNotFoundError:
        return HttpResponseRedirect("/api/docs")
    # Styles that its scripts make are let in by this alone.
    nonce: str = request.csp_nonce  # type: ignore[attr-defined]
    response = HttpResponse(page.replace(_NO_NONCE, _NONCE.format(nonce=nonce)))
    response["Cache-Control"] = "no-store"
    return response
