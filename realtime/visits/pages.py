"""The patient's page, and the same told to a program that polls. The link is all that anybody needs, and shows."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from mybcat.errors import UnknownId
from mybcat.tenancy import practice_scope
from patients.models import Language
from realtime.models import Visit
from realtime.visits.links import BadLink, Link, read_link
from realtime.visits.positions import Located, located
from realtime.visits.words import WORDS


@require_GET
def page(request: HttpRequest, token: str) -> HttpResponse:
    """Where the clinician is, drawn and said in the patient's language."""
    try:
        link = read_link(token, now=timezone.now())
        seen = _seen(link)
    except (BadLink, UnknownId):
        # Nobody knows whose it is.
        over = [(language, words["over"]) for language, words in WORDS.items()]
        return _kept_by_nobody(render(request, "realtime/no_visit.html", {"over": over}, status=404))
    language = _language(link)
    words = WORDS[language]
    told = {"state": _state(seen), "live": settings.LIVE_URL, "token": token, "tiles": settings.VISIT_TILE_URL}
    context = {"told": told | {"words": words, "language": language}, "words": words, "language": language}
    return _kept_by_nobody(render(request, "realtime/visit.html", context | {"nonce": request.csp_nonce}))  # type: ignore[attr-defined]


@require_GET
def state(request: HttpRequest, token: str) -> HttpResponse:
    """The page's data, for when its socket cannot be opened."""
    try:
        return _kept_by_nobody(JsonResponse(_state(_seen(read_link(token, now=timezone.now())))))
    except (BadLink, UnknownId):
        return _kept_by_nobody(JsonResponse({"error": "Not found"}, status=404))


def _seen(link: Link) -> Located:
    """Raises BadLink where the appointment was called off: whoever did so is not shown where a clinician is."""
    seen = located(practice_id=link.practice_id, visit_id=link.visit_id)
    if seen.over and seen.status != Visit.Status.DONE:
        raise BadLink
    return seen


def _language(link: Link) -> Language:
    with practice_scope(link.practice_id):
        return Language(Visit.objects.values_list("appointment__patient__language", flat=True).get(id=link.visit_id))


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
