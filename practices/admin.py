"""Practices' people and places, for operators.

What decides which slots exist (practices, locations, practitioners, hours) stands in `appointments/admin`.
"""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html

from mybcat.operators import second_factor, sessions
from mybcat.operators.filters import PracticeFilter, RecordedFilter
from mybcat.operators.model_admin import OperatorAdmin, ReadOnlyAdmin
from mybcat.operators.sign_in_views import freshly_verified
from mybcat.operators.tenant_admin import TenantAdmin
from practices import everywhere, sign_in, viewing
from practices.models import AppointmentType, Membership, RefreshFamily, Subscription, User
from practices.resources.models import Resource
from practices.workspace.models import FrontDesk

# Operators may do what this site offers, or they are no operators: there are no permissions in between.
admin.site.unregister(Group)
sessions.endings.append(viewing.leave)


class _LowerCaseEmail(forms.Form):
    def clean_email(self) -> str:
        return str(self.cleaned_data["email"]).lower()


class NewUserForm(_LowerCaseEmail, AdminUserCreationForm):
    class Meta:
        model = User
        fields = ("email", "name")


class UserForm(_LowerCaseEmail, UserChangeForm):
    class Meta:
        model = User
        fields = "__all__"  # `fieldsets` below chooses


class AccessAdmin(admin.ModelAdmin):
    """Decides who gets in: whoever may change it shows the second factor again when that is some minutes ago."""

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        view = super().changeform_view
        return (freshly_verified(view) if self.has_change_permission(request) else view)(
            request, object_id, form_url, extra_context
        )


@admin.register(User)
class UserAdmin(AccessAdmin, OperatorAdmin, DjangoUserAdmin):
    """Operators look at users; superusers among them change users, and so who is an operator."""

    form = UserForm
    add_form = NewUserForm
    ordering = OperatorAdmin.ordering
    list_display = ("email", "name", "is_active", "is_staff", "is_superuser", "last_login", "created_at")
    list_filter = ("is_active", "is_staff", "is_superuser")
    search_fields = ("email", "name")
    filter_horizontal = ()
    readonly_fields = ("public_id", "last_login", "created_at")
    fieldsets = (
        (None, {"fields": ("public_id", "email", "name", "password", "external_subject")}),
        ("Access", {"fields": ("is_active", "is_staff", "is_superuser")}),
        ("Times", {"fields": ("last_login", "created_at")}),
    )
    add_fieldsets = (
        (None, {"classes": ("wide",), "fields": ("email", "name", "usable_password", "password1", "password2")}),
    )

    actions = ("reset_second_factor",)

    @admin.action(description="Reset second factor: the operator sets up another at the next sign-in")
    def reset_second_factor(self, request: HttpRequest, queryset: QuerySet) -> None:
        """For operators who have lost authenticator and recovery codes; by superusers, and not for themselves."""
        users = list(queryset.filter(is_staff=True).exclude(pk=request.user.pk)) if request.user.is_superuser else []
        for user in users:
            second_factor.forget(user.pk)
        self.record(request, "reset_second_factor", users)
        self.message_user(request, f"{len(users)} reset.", messages.SUCCESS if users else messages.WARNING)

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:  # noqa: A002
        return freshly_verified(super().user_change_password)(request, id, form_url)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if not (obj.is_active and obj.is_staff):
            everywhere.end_views(operator=obj, now=timezone.now())

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_change_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and request.user.is_superuser


@admin.register(Membership)
class MembershipAdmin(AccessAdmin, TenantAdmin):
    """Superusers alone change these: who joins a practice sees its patients unmasked."""

    list_display = ("user", "practice", "role", "is_active", "created_at", "view_as")
    list_filter = ("role", "is_active", PracticeFilter)
    list_select_related = ("practice", "user")
    search_fields = ("user__email", "user__name")
    autocomplete_fields = ("user",)
    fields = ("practice", "user", "role", "is_active")

    def get_urls(self) -> list[Any]:
        return [*viewing.urls(self), *super().get_urls()]

    @admin.display(description="")
    def view_as(self, row: Membership) -> str:
        return (
            format_html('<a href="{}">View as …</a>', reverse("admin:view_as", args=[row.pk])) if row.is_active else ""
        )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return super().has_add_permission(request) and request.user.is_superuser

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and request.user.is_superuser

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return (*super().get_readonly_fields(request, obj), *(("user",) if obj else ()))


@admin.register(AppointmentType)
class AppointmentTypeAdmin(TenantAdmin):
    list_display = ("name", "code", "practice", "duration_minutes", "audience", "is_active")
    list_filter = ("audience", "is_active", PracticeFilter)
    search_fields = ("name", "code")
    fields = (
        "practice", "code", "name", "duration_minutes", "buffer_before_minutes", "buffer_after_minutes",
        "audience", "resource_categories", "is_active",
    )  # fmt: skip


@admin.register(Resource)
class ResourceAdmin(TenantAdmin):
    list_display = ("name", "kind", "category", "practice", "location", "is_active")
    list_filter = ("kind", "is_active", PracticeFilter)
    list_select_related = ("practice", "location")
    search_fields = ("name", "category")
    fields = ("practice", "location", "kind", "category", "name", "is_active")


@admin.register(FrontDesk)
class FrontDeskAdmin(TenantAdmin):
    list_display = ("practice", "greeting")
    list_filter = (PracticeFilter,)
    list_select_related = ("practice",)
    fields = ("practice", "greeting", "script", "insurance")


@admin.register(Subscription)
class SubscriptionAdmin(ReadOnlyAdmin):
    """What Stripe has told of each; only Stripe changes it, by events."""

    list_display = ("stripe_id", "practice", "status", "plan", "grace_until", "current_period_end")
    list_filter = ("status", PracticeFilter)
    list_select_related = ("practice",)
    search_fields = ("stripe_id",)
    id_columns: ClassVar[dict[str, str]] = {"prac": "practice_id"}
    fields = (*list_display, "cancel_at_period_end")


class RevokedFilter(admin.SimpleListFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("standing", "standing"), ("ended", "ended")]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if self.value() not in ("standing", "ended"):
            return queryset
        standing = {"revoked_at__isnull": True, "expires_at__gt": timezone.now()}
        return queryset.filter(**standing) if self.value() == "standing" else queryset.exclude(**standing)


@admin.register(RefreshFamily)
class RefreshFamilyAdmin(ReadOnlyAdmin):
    """Sign-ins and when they end; never a token's digest."""

    list_display = ("user", "viewed_by", "created_at", "rotated_at", "expires_at", "revoked_at", "revoked_because")
    list_filter = (RevokedFilter, RecordedFilter)
    list_select_related = ("user", "viewed_by")
    search_fields = ("user__email",)
    fields = list_display
    actions = ("revoke",)

    @admin.action(description="Revoke: sign out at once")
    def revoke(self, request: HttpRequest, queryset: QuerySet) -> None:
        """Ends the chosen sign-ins that still stand."""
        standing = list(queryset.filter(revoked_at__isnull=True))
        now = timezone.now()
        for family in standing:
            sign_in.end(family_id=family.id, because="operator", now=now)
        self.record(request, "revoke", standing)
        self.message_user(request, f"{len(standing)} revoked.", messages.SUCCESS if standing else messages.WARNING)
