"""Operators look at what a member sees: for a reason, for a quarter of an hour, on record, and changing nothing."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from mybcat.operators import sessions, trace
from mybcat.operators.sign_in_views import freshly_verified
from practices import sign_in
from practices.models import Membership


class ViewForm(forms.Form):
    reason = forms.CharField(
        min_length=10,
        max_length=200,
        widget=forms.TextInput(attrs={"size": 80}),
        help_text="Such as a ticket's number and what it asks. Never a patient's name.",
    )


def urls(model_admin: admin.ModelAdmin) -> list[URLPattern]:
    """Pages of the memberships' admin."""
    site = model_admin.admin_site
    return [
        path("view/end/", site.admin_view(require_POST(end)), name="end_view"),
        path("<uuid:membership_id>/view/", freshly_verified(site.admin_view(begin)), name="view_as"),
    ]


def begin(request: HttpRequest, membership_id: Any) -> HttpResponse:
    """Ask for the reason, then show a token that reads what the member may read."""
    membership = Membership.objects.select_related("user", "practice").filter(pk=membership_id, is_active=True).first()
    if membership is None or not membership.user.is_active:
        raise Http404
    if membership.user_id == request.user.pk:
        raise PermissionDenied
    form = ViewForm(request.POST or None)
    context = {**admin.site.each_context(request), "title": f"View as {membership.user.email}", "form": form}
    if request.method == "POST" and form.is_valid():
        context |= _begun(request, membership, form.cleaned_data["reason"])
    return TemplateResponse(request, "operators/view_as.html", {**context, "membership": membership})


def leave(request: HttpRequest) -> None:
    """The token, if there is one, is good for nothing from now on."""
    family_id = sessions.end_view(request)
    if family_id:
        sign_in.end(family_id=family_id, because="operator", now=timezone.now())
        trace.of_oneself(request, "view_end")


def end(request: HttpRequest) -> HttpResponse:
    """The banner's button."""
    leave(request)
    messages.success(request, "You are yourself again.")
    return HttpResponseRedirect(reverse("admin:index"))


def _begun(request: HttpRequest, membership: Membership, reason: str) -> dict[str, Any]:
    now = timezone.now()
    leave(request)
    token, family = sign_in.view_as(membership=membership, operator_id=trace.operator(request).id, now=now)
    trace.record(request, model=Membership, act="view_as", rows=[membership], reason=reason)
    sessions.view(
        request,
        member=membership.user.email,
        practice=membership.practice.name,
        reason=reason,
        family=family.id,
        until=family.expires_at,
    )
    return {"token": token, "viewing": sessions.viewing(request)}
