"""The admin site: one platform transaction a page, for operators alone."""

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any, TypeVar, cast
from urllib.parse import unquote, urlencode

from django.contrib import admin
from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.core.exceptions import BadRequest
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.template.response import SimpleTemplateResponse, TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.views.decorators.csrf import csrf_protect

from mybcat import epochs
from mybcat.errors import RateLimited
from mybcat.gateway.problems import problem_response
from mybcat.operators import sessions, sign_in_views, trace
from mybcat.tenancy import platform_scope

Response = TypeVar("Response", bound=HttpResponseBase)
View = TypeVar("View", bound=Callable[..., HttpResponseBase])

# The index and the side bar, from what operators set up to what the platform leaves behind.
ORDER = (
    "practices.Practice",
    "practices.Location",
    "practices.Practitioner",
    "practices.AppointmentType",
    "practices.WorkingHours",
    "practices.TimeOff",
    "practices.User",
    "practices.Membership",
    "practices.RefreshFamily",
    "integrations.ApiClient",
    "practices.Subscription",
    "patients.Patient",
    "appointments.Appointment",
    "appointments.Slot",
    "appointments.Schedule",
    "integrations.Message",
    "integrations.InboundEvent",
    "integrations.CrmConnection",
    "mybcat.VersionCall",
    "mybcat.SecurityEvent",
    "mybcat.AuditEntry",
    "mybcat.Delivery",
    "mybcat.Event",
    "mybcat.IdempotencyKey",
)


class OperatorSite(admin.AdminSite):
    """Every view but the login's runs in platform scope: its answer is complete, or nothing happened."""

    site_title = site_header = "MyBCAT operators"
    index_title = "Platform"
    site_url = None
    # Lists need the width; every page leads to the index.
    enable_nav_sidebar = False

    def __init__(self, name: str = "admin") -> None:
        super().__init__(name)
        # Rows that others refer to are deactivated; what may be deleted is deleted one by one.
        self.disable_action("delete_selected")

    def admin_view(self, view: View, cacheable: bool = False) -> View:
        """`view` for operators; whoever is none is sent to the login before any scope is entered."""
        return super().admin_view(_in_platform(view), cacheable)

    def has_permission(self, request: HttpRequest) -> bool:
        """An active operator who has shown the second factor, in a session that is not too old."""
        return sign_in_views.has_password(request) and request.user.is_verified()  # type: ignore[union-attr]

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """With whom the operator is viewing as, which every page says."""
        return {**super().each_context(request), "viewing": sessions.viewing(request)}

    def get_urls(self) -> list[Any]:
        # Django's lets out only who is in; whoever has yet to show the second factor may leave, too.
        leave = path("logout/", csrf_protect(self.logout), name="logout")
        return [leave, *sign_in_views.urlpatterns, *super().get_urls()]

    def logout(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """End the session, and what began in it elsewhere."""
        if request.method == "POST":
            with platform_scope(reason="admin"):
                for ending in sessions.endings:
                    ending(request)
        return _with_origin(super().logout(request, extra_context))

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The first step: an active operator's e-mail and password."""
        if request.method == "GET" and sign_in_views.has_password(request):
            return HttpResponseRedirect(f"{reverse('admin:second_factor')}?{request.GET.urlencode()}")
        try:
            response = super().login(request, extra_context)
        except RateLimited as refusal:
            return problem_response(refusal, request=request)
        if request.method == "POST" and response.status_code == 302:
            sessions.begin(request, now=timezone.now())
            step = f"{reverse('admin:second_factor')}?{urlencode({'next': response.headers['Location']})}"
            return _with_origin(HttpResponseRedirect(step))
        return _with_origin(response)

    def autocomplete_view(self, request: HttpRequest) -> HttpResponse:
        return cast("HttpResponse", Choices.as_view(admin_site=self)(request))

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[dict[str, Any]]:
        sections = super().get_app_list(request, app_label)
        for section in sections:
            section["models"].sort(key=lambda entry: _rank([entry]))
        return sorted(sections, key=lambda section: _rank(section["models"]))


class Choices(AutocompleteJsonView):
    """What a picker offers; on record like any list."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        self.offered: list[Model] = []
        response = super().get(request, *args, **kwargs)
        trace.record(request, model=self.model_admin.model, act="search", rows=self.offered)
        return response

    def serialize_result(self, obj: Model, to_field_name: str) -> dict[str, str]:
        self.offered.append(obj)
        return super().serialize_result(obj, to_field_name)


def _in_platform(view: View) -> View:
    @wraps(view)
    def entered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        # PostgreSQL's text holds no NUL; a filter would fail on it in the middle of the page.
        if "\0" in unquote(request.META.get("QUERY_STRING", "")):
            raise BadRequest("NUL in the query")
        with platform_scope(reason="admin"):
            response = view(request, *args, **kwargs)
            if isinstance(response, SimpleTemplateResponse):
                # Templates read rows, which later is too late for.
                response.render()
        if request.method == "POST":
            # What an operator takes from somebody is gone at their next request.
            epochs.announce()
        return _with_origin(response)

    return cast("View", entered)


def _with_origin(response: Response) -> Response:
    """Under the API's "no-referrer" a browser's form says `Origin: null`, which the CSRF check must refuse."""
    response.headers["Referrer-Policy"] = "same-origin"
    return response


def _rank(entries: Iterable[dict[str, Any]]) -> int:
    labels = [entry["model"]._meta.label for entry in entries]
    return min(ORDER.index(label) if label in ORDER else len(ORDER) for label in labels)
