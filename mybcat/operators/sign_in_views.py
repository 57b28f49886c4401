"""The steps after an operator's password: second factor, enrolment, and the page where both are kept."""

import json
from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

import django_otp
from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django_otp.models import Device

from mybcat.models import Passkey
from mybcat.operators import passkeys, second_factor, sessions, trace
from mybcat.tenancy import platform_scope

View = Callable[..., HttpResponse]


class CodeForm(forms.Form):
    code = forms.CharField(
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "autofocus": True}),
    )


class PasskeyForm(forms.Form):
    name = forms.CharField(max_length=64, initial="Passkey", help_text="such as “Laptop” or “YubiKey”")


def after_password(view: View) -> View:
    """For operators whose password was right, with or without the second factor; others are led to the login."""

    @wraps(view)
    def entered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not has_password(request):
            return _to("login", request)
        response = view(request, *args, **kwargs)
        response.headers["Referrer-Policy"] = "same-origin"
        return response

    return never_cache(csrf_protect(entered))


def freshly_verified(view: View) -> View:
    """For operators who have shown the second factor in the last minutes; others show it again."""

    @wraps(view)
    def entered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not admin.site.has_permission(request):
            return _to("second_factor" if has_password(request) else "login", request)
        if not sessions.is_fresh(request):
            return _to("second_factor", request)
        return view(request, *args, **kwargs)

    return entered


def has_password(request: HttpRequest) -> bool:
    """Whether the session is an active operator's, and not too old."""
    user: Any = request.user
    return bool(user.is_active and user.is_staff and sessions.stands(request))


@after_password
def verify(request: HttpRequest) -> HttpResponse:
    """Ask for a code, or a passkey."""
    if not second_factor.is_enrolled(request.user):
        return _to("enrol", request, keep_next=True)
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        device = second_factor.verify(request.user, code=form.cleaned_data["code"])
        if device is not None:
            return _verified(request, device)
        _refused(request)
        form.add_error("code", "This code is wrong or was used before. After wrong ones, wait a little.")
    has_passkeys = Passkey.objects.filter(user_id=request.user.pk, confirmed=True).exists()
    return _page(request, "second_factor.html", "Second factor", form=form, has_passkeys=has_passkeys)


@after_password
def enrol(request: HttpRequest) -> HttpResponse:
    """Set up an authenticator: at the first sign-in, or for another phone."""
    if second_factor.is_enrolled(request.user) and not (
        admin.site.has_permission(request) and sessions.is_fresh(request)
    ):
        return _to("second_factor", request)
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        device = second_factor.confirm_totp(request.user, code=form.cleaned_data["code"])
        if device is not None:
            _sign_in(request, device, act="enrol")
            return _show_recovery_codes(request)
        form.add_error("code", "This is not the present code. Check the clock of your phone.")
    device = second_factor.pending_totp(request.user)
    drawn = {"qr_code": second_factor.qr_code(device), "secret": second_factor.secret_of(device)}
    return _page(request, "enrol.html", "Set up your authenticator", form=form, **drawn)


@freshly_verified
@after_password
def security(request: HttpRequest) -> HttpResponse:
    """What the operator signs in with."""
    if request.method == "POST" and "recovery" in request.POST:
        _record(request, "recovery_codes")
        return _show_recovery_codes(request)
    if request.method == "POST" and "remove" in request.POST:
        wanted = request.POST["remove"]
        Passkey.objects.filter(user_id=request.user.pk, pk=wanted if wanted.isdecimal() else None).delete()
        _record(request, "passkey_removed")
        messages.success(request, "The passkey is removed.")
        return HttpResponseRedirect(reverse("admin:security"))
    owned = Passkey.objects.filter(user_id=request.user.pk).order_by("pk")
    left = second_factor.recovery_codes_left(request.user)
    return _page(request, "security.html", "How you sign in", passkeys=owned, form=PasskeyForm(), codes_left=left)


@freshly_verified
@after_password
def passkey_registration(request: HttpRequest) -> HttpResponse:
    """GET: options for the browser; POST: its answer."""
    if request.method != "POST":
        return HttpResponse(passkeys.registration_options(request), content_type="application/json")
    sent = _json(request)
    made = passkeys.register(request, credential=sent.get("credential"), name=str(sent.get("name", "")))
    if made is None:
        return JsonResponse({"error": "The passkey was not accepted"}, status=400)
    _record(request, "passkey_added")
    return JsonResponse({"next": reverse("admin:security")})


@after_password
def passkey_authentication(request: HttpRequest) -> HttpResponse:
    """GET: options for the browser; POST: its answer."""
    if request.method != "POST":
        return HttpResponse(passkeys.authentication_options(request), content_type="application/json")
    device = passkeys.authenticate(request, credential=_json(request).get("credential"))
    if device is None:
        _refused(request)
        return JsonResponse({"error": "The passkey was not accepted"}, status=400)
    return JsonResponse({"next": _verified(request, device).headers["Location"]})


urlpatterns = [
    path("second-factor/", verify, name="second_factor"),
    path("second-factor/enrol/", enrol, name="enrol"),
    path("second-factor/passkey/", passkey_authentication, name="passkey_authentication"),
    path("security/", security, name="security"),
    path("security/passkey/", passkey_registration, name="passkey_registration"),
]


def _verified(request: HttpRequest, device: Device) -> HttpResponse:
    _sign_in(request, device, act="sign_in")
    return HttpResponseRedirect(_next(request))


def _sign_in(request: HttpRequest, device: Device, *, act: str) -> None:
    django_otp.login(request, device)
    sessions.verified(request, now=timezone.now())
    _record(request, act)


def _refused(request: HttpRequest) -> None:
    _record(request, "second_factor", outcome="denied")


def _record(request: HttpRequest, act: str, *, outcome: str = "success") -> None:
    with platform_scope(reason="admin"):
        trace.of_oneself(request, act, outcome=outcome)


def _show_recovery_codes(request: HttpRequest) -> HttpResponse:
    codes = second_factor.new_recovery_codes(request.user)
    return _page(request, "recovery_codes.html", "Your recovery codes", codes=codes)


def _page(request: HttpRequest, template: str, title: str, **context: Any) -> HttpResponse:
    context |= {**admin.site.each_context(request), "title": title, "next": _next(request)}
    return TemplateResponse(request, f"operators/{template}", context).render()


def _next(request: HttpRequest) -> str:
    """Where the operator wanted to go, if that is here."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    here = url_has_allowed_host_and_scheme(wanted, allowed_hosts={request.get_host()})
    return wanted if here else reverse("admin:index")


def _to(name: str, request: HttpRequest, *, keep_next: bool = False) -> HttpResponse:
    wanted = _next(request) if keep_next else request.get_full_path()
    return HttpResponseRedirect(f"{reverse(f'admin:{name}')}?{urlencode({'next': wanted})}")


def _json(request: HttpRequest) -> dict[str, Any]:
    try:
        sent = json.loads(request.body)
    except (ValueError, RecursionError):
        return {}
    return sent if isinstance(sent, dict) else {}
