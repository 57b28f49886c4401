"""API clients for operators: what managers see, a plan of the client's own, and the same acts."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from integrations.clients import services
from integrations.clients.models import ApiClient
from integrations.clients.scopes import CLIENT_SCOPES
from integrations.clients.secrets import OVERLAP
from mybcat.operators import trace
from mybcat.operators.filters import PracticeFilter
from mybcat.operators.tenant_admin import TenantAdmin, TenantForm


class ApiClientForm(TenantForm):
    scopes = forms.MultipleChoiceField(
        choices=[(scope.value, f"{scope.value}: {allows}") for scope, allows in CLIENT_SCOPES.items()],
        widget=forms.CheckboxSelectMultiple,
    )


@admin.register(ApiClient)
class ApiClientAdmin(TenantAdmin):
    """A secret is shown once, on the page that follows its making."""

    form = ApiClientForm
    list_display = ("name", "public_id", "practice", "plan", "created_at", "revoked_at")
    list_filter = (PracticeFilter,)
    search_fields = ("name",)
    fields = ("practice", "public_id", "name", "scopes", "plan", "jwks", "certificates", "created_at", "revoked_at")
    readonly_fields = ("public_id", "jwks", "certificates", "created_at", "revoked_at")
    actions = ("rotate_secret", "revoke")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and (obj is None or obj.revoked_at is None)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """By the services, which look after records and caches."""
        fields: Any = {name: form.cleaned_data[name] for name in ("name", "scopes")}
        fields["plan"] = form.cleaned_data["plan"] or None
        if change:
            services.update_client(client_id=obj.id, fields=fields, **_acting(request))
            return
        made, obj.secret = services.create_client(fields=fields, practice_id=obj.practice_id, **_acting(request))
        obj.id = made.id

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: Any = None) -> HttpResponse:
        return self._with_secret(request, obj, obj.secret)

    @admin.action(description="Make a new secret; the last one stays good for 24 hours")
    def rotate_secret(self, request: HttpRequest, queryset: QuerySet) -> HttpResponse | None:
        """Of one client: its secret is shown on the page that follows."""
        chosen = list(queryset[:2])
        if len(chosen) != 1 or chosen[0].revoked_at is not None:
            self.message_user(request, "Choose one client that is not revoked.", messages.WARNING)
            return None
        client, secret = services.rotate_secret(client_id=chosen[0].id, overlap=OVERLAP, **_acting(request))
        return self._with_secret(request, client, secret)

    @admin.action(description="Revoke: shut out at once and for ever")
    def revoke(self, request: HttpRequest, queryset: QuerySet) -> None:
        """Ends the chosen clients that still stand."""
        standing = list(queryset.filter(revoked_at__isnull=True))
        for client in standing:
            services.revoke_client(client_id=client.id, **_acting(request))
        self.message_user(request, f"{len(standing)} revoked.", messages.SUCCESS if standing else messages.WARNING)

    @admin.display
    def certificates(self, client: ApiClient) -> str:
        rows = sorted(client.certificates.all(), key=lambda row: row.id)
        return ", ".join(f"{row.subject} {row.thumbprint}{' (revoked)' if row.revoked_at else ''}" for row in rows)

    def _with_secret(self, request: HttpRequest, client: ApiClient, secret: str) -> HttpResponse:
        # In this answer alone: a message of Django's would travel in a cookie.
        context = {
            **self.admin_site.each_context(request),
            "title": f"Secret of {client.name}",
            "opts": self.opts,
            "client_id": self.public_id(client),
            "secret": secret,
        }
        return render(request, "operators/client_secret.html", context)


def _acting(request: HttpRequest) -> dict[str, Any]:
    return {"by": trace.operator(request), "now": timezone.now()}
