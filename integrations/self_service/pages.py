"""The page itself. It works without scripts; only its buttons change anything, for telephones preview links."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from appointments.models import Appointment
from integrations.messaging.answers import number_of, number_to_call
from integrations.messaging.wording import day_in_words, time_in_words
from integrations.self_service import services
from integrations.self_service.calendar import calendar_of
from integrations.self_service.links import BadLink, Link, read_link
from integrations.self_service.services import Seen
from integrations.self_service.words import WORDS
from mybcat.errors import Busy, DomainError, RateLimited
from mybcat.gateway.problems import translated
from mybcat.gateway.rate_limits import admit_address
from mybcat.ids import parsed, public_id
from mybcat.tenancy import practice_scope
from patients.models import Language

_WISHES = ("confirm", "cancel", "move")


# The link is the key: no cookie says who it is, so no other site can use one.
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def appointment_page(request: HttpRequest, token: str) -> HttpResponse:
    """GET shows, POST does what the button says and leads back."""
    try:
        admit_address(request)
        link = read_link(token)
        if request.method == "POST":
            return _done(request, link, token)
        return _page(request, link, token)
    except BadLink:
        return _told(request, "over", status=404)
    except RateLimited:
        return _told(request, "busy", status=429)
    except DatabaseError as error:
        # Whoever has it locked is done in a moment: the patient is told so in words, and not as programs are.
        if not isinstance(translated(error), Busy):
            raise
        return _told(request, "later", status=503)


@require_safe
def appointment_calendar(request: HttpRequest, token: str) -> HttpResponse:
    """The appointment as a file for the patient's own calendar."""
    now = timezone.now()
    try:
        admit_address(request)
        link = read_link(token)
        with practice_scope(link.practice_id):
            appointment = services.look(appointment_id=link.appointment_id, now=now).appointment
            content = calendar_of(appointment, address=f"{settings.PUBLIC_URL}/a/{token}", now=now)
    except BadLink:
        return _told(request, "over", status=404)
    except RateLimited:
        return _told(request, "busy", status=429)
    response = HttpResponse(content, content_type="text/calendar; charset=utf-8")
    response.headers["Content-Disposition"] = 'attachment; filename="appointment.ics"'
    return _kept_by_nobody(response)


def _done(request: HttpRequest, link: Link, token: str) -> HttpResponse:
    wish, slot = request.POST.get("wish", ""), parsed(request.POST.get("slot", ""))
    slot_id = slot[1] if slot and slot[0] == "slot" else None
    if wish not in _WISHES or (wish == "move" and slot_id is None):
        return _page(request, link, token, said="refused", status=400)
    try:
        with practice_scope(link.practice_id):
            services.act(appointment_id=link.appointment_id, wish=wish, slot_id=slot_id, now=timezone.now())
    except services.TooLate:
        return _page(request, link, token, said="too_late", status=409)
    except DomainError:
        return _page(request, link, token, said="refused", status=409)
    return _kept_by_nobody(HttpResponseRedirect(f"/a/{token}", status=303))


def _page(request: HttpRequest, link: Link, token: str, *, said: str = "", status: int = 200) -> HttpResponse:
    now = timezone.now()
    with practice_scope(link.practice_id):
        seen = services.look(appointment_id=link.appointment_id, now=now)
        choosing = "times" in request.GET and seen.changeable
        cancelling = "cancel" in request.GET and seen.changeable and not said
        shown = _shown(seen, token=token, said=said) | {"choosing": choosing, "cancelling": cancelling}
        if choosing:
            shown["offers"] = _offers(seen.appointment, now=now)
    return _kept_by_nobody(render(request, "integrations/appointment.html", shown | _nonce(request), status=status))


def _shown(seen: Seen, *, token: str, said: str) -> dict[str, Any]:
    appointment = seen.appointment
    practice, language = appointment.practice, Language(appointment.patient.language)
    words = WORDS[language]
    return {
        "words": words,
        "token": token,
        "language": language,
        "seen": seen,
        "practice": practice.name,
        "phone": number_to_call(appointment.location, practice),
        "phone_link": number_of(appointment.location, practice),
        "location": appointment.location,
        **_when(appointment.starts_at, appointment, language),
        "alert": words.get(said, ""),
        "state": words.get(_state(seen), ""),
    }


def _state(seen: Seen) -> str:
    if seen.appointment.status == Appointment.Status.CANCELLED:
        return "is_cancelled"
    if not seen.confirmable:
        return "is_closed"
    return "is_confirmed" if seen.appointment.confirmed_at else ""


def _offers(appointment: Appointment, *, now: datetime) -> list[dict[str, str]]:
    language = Language(appointment.patient.language)
    return [
        {"slot": public_id("slot", start.id), **_when(start.starts_at, appointment, language)}
        for start in services.offers(appointment, now=now)
    ]


def _when(instant: datetime, appointment: Appointment, language: Language) -> dict[str, str]:
    local = instant.astimezone(ZoneInfo(appointment.location.time_zone))
    return {"day": day_in_words(local, language=language), "time": time_in_words(local)}


def _told(request: HttpRequest, said: str, *, status: int) -> HttpResponse:
    """Without knowing whose it is: in both languages."""
    told = [(language, words[said]) for language, words in WORDS.items()]
    context = {"told": told} | _nonce(request)
    return _kept_by_nobody(render(request, "integrations/no_appointment.html", context, status=status))


def _nonce(request: HttpRequest) -> dict[str, Any]:
    return {"nonce": request.csp_nonce}  # type: ignore[attr-defined]


def _kept_by_nobody(response: HttpResponse) -> HttpResponse:
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    return response
