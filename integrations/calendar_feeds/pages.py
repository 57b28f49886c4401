"""What calendar programs fetch. The address is all that they need, and shows."""

from hashlib import sha256

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.utils import timezone
from django.utils.http import parse_etags
from django.views.decorators.http import require_safe

from integrations.calendar_feeds.links import BadLink, read_link
from integrations.calendar_feeds.reading import read_feed
from mybcat.errors import RateLimited, UnknownId
from mybcat.gateway.problems import problem_response
from mybcat.gateway.rate_limits import admit_address


@require_safe
def calendar(request: HttpRequest, token: str) -> HttpResponse:
    """The practitioner's appointments as iCalendar; 304 where the program has them already."""
    try:
        admit_address(request)
        content = read_feed(read_link(token), now=timezone.now())
    except RateLimited as refusal:
        return problem_response(refusal, request=request)
    except (BadLink, UnknownId):
        return problem_response(UnknownId(prefix="feed", value=None), request=request)
    return _answer(request, content)


def _answer(request: HttpRequest, content: bytes) -> HttpResponse:
    tag = f'"{sha256(content).hexdigest()[:32]}"'
    if tag in parse_etags(request.headers.get("If-None-Match", "")):
        response: HttpResponse = HttpResponseNotModified()
    else:
        response = HttpResponse(content, content_type="text/calendar; charset=utf-8")
        response.headers["Content-Disposition"] = 'inline; filename="appointments.ics"'
    response.headers["ETag"] = tag
    response.headers["Cache-Control"] = "private, no-cache"
    return response
