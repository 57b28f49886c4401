"""The patient's page, and the same told to a program that polls. The link is all that anybody needs, and shows."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from mybcat.errors import UnknownId
from realtime.visits.links import BadLink, Link, read_link
from realtime.visits.positions import Located, located


@require_GET
def page(request: HttpRequest, token: str) -> HttpResponse:
    """Where the clinician is, drawn and said."""
    try:
        seen = _seen(read_link(token, now=timezone.now()))
    except (BadLink, UnknownId):
        return _kept_by_nobody(render(request, "realtime/no_visit.html", status=404))
    told = {"state": _state(seen), "live": settings.LIVE_URL, "token": token, "tiles": settings.VISIT_TILE_URL}
    return _kept_by_nobody(render(request, "realtime/visit.html", {"told": told, "nonce": request.csp_nonce}))  # type: ignore[attr-defined]


@require_GET
def state(request: HttpRequest, token: str) -> HttpResponse:
    """The page's data, for when its socket cannot be opened."""
    try:
        return _kept_by_nobody(JsonResponse(_state(_seen(read_link(token, now=timezone.now())))))
    except (BadLink, UnknownId):
        return _kept_by_nobody(JsonResponse({"error": "Not found"}, status=404))


def _seen(link: Link) -> Located:
    return located(practice_id=link.practice_id, visit_id=link.visit_id)


def _state(seen: Located) -> dict[str, Any]:
    there = seen.destination
    return {
        "status": seen.status,
        "position": seen.frame() if seen.status != "done" else None,
        "destination": {"lat": there.latitude, "lng": there.longitude} if there else None,
    }


def _kept_by_nobody(response: HttpResponse) -> HttpResponse:
    response.headers["Cache-Control"] = "no-store"
    return response
