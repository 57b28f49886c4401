"""What the platform leaves behind, for operators to read: events, deliveries, keys, audit and security records."""

from contextlib import suppress
from datetime import timedelta
from typing import Any, ClassVar
from uuid import UUID

from django.apps import apps
from django.contrib import admin, messages
from django.contrib.auth import get_user_model
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery, Sum
from django.http import HttpRequest
from django.utils import timezone
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice

from mybcat import deliveries
from mybcat.listeners import registered
from mybcat.models import (
    AuditEntry,
    Delivery,
    DeliveryAttempt,
    Event,
    IdempotencyKey,
    SecurityEvent,
    VersionCall,
)
from mybcat.operators import identifiers, trace
from mybcat.operators.filters import PracticeFilter, RecordedFilter
from mybcat.operators.model_admin import ReadOnlyAdmin

# Their pages show secrets. Operators keep their own under "How you sign in".
admin.site.unregister((TOTPDevice, StaticDevice))

# One transaction holds its rows' locks until its end, so it must be short.
MOST_REPLAYED = 500


class RecordAdmin(ReadOnlyAdmin):
    """A row that knows its practice, and who acted, by id alone."""

    list_filter: ClassVar[Any] = (PracticeFilter, RecordedFilter)
    id_columns: ClassVar[dict[str, str]] = {"prac": "practice_id"}

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        rows: QuerySet = super().get_queryset(request)
        practices = apps.get_model("practices", "Practice").objects.filter(id=OuterRef("practice_id"))
        rows = rows.annotate(practice_name=Subquery(practices.values("name")))
        if hasattr(self.model, "principal_id"):
            users = get_user_model()._default_manager.filter(id=OuterRef("principal_id"))
            rows = rows.annotate(principal_email=Subquery(users.values("email")))
        return rows

    @admin.display
    def practice(self, row: Any) -> str:
        return row.practice_name or "-"

    @admin.display(description="who")
    def principal(self, row: Any) -> str:
        return row.principal_email or f"{row.principal_kind} {row.principal_id or ''}"


class CorrelatedAdmin(RecordAdmin):
    """A row that can be found by the correlation id of its request."""

    search_help_text = "An id as the API shows it, or a correlation id. Choose days as well where the record is long."

    def get_search_results(self, request: HttpRequest, queryset: QuerySet, search_term: str) -> tuple[QuerySet, bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        found = identifiers.understood(term)
        return queryset.filter(Q(correlation_id=term) | (self.having_id(*found) if found else Q(pk__in=()))), False


@admin.register(Event)
class EventAdmin(CorrelatedAdmin):
    list_display = ("public_id", "practice", "type", "seq", "occurred_at", "relayed_at", "correlation_id")
    list_filter = (*RecordAdmin.list_filter, "relayed_at")
    fields = (
        "public_id", "practice", "type", "subject_id", "data", "seq", "occurred_at", "relayed_at",
        "principal", "correlation_id",
    )  # fmt: skip


class ListenerFilter(admin.SimpleListFilter):
    title = parameter_name = "listener"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(listener.name, listener.name) for listener in registered()]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        return queryset.filter(listener=self.value()) if self.value() else queryset


@admin.register(Delivery)
class DeliveryAdmin(RecordAdmin):
    list_display = ("public_id", "practice", "listener", "status", "attempts", "next_attempt_at", "last_error")
    list_filter = ("status", ListenerFilter, *RecordAdmin.list_filter)
    id_columns = {**RecordAdmin.id_columns, "evt": "event_id"}
    fields = (
        "public_id", "practice", "event", "listener", "status", "attempts", "next_attempt_at", "leased_until",
        "last_error", "history", "created_at", "delivered_at", "replayed_at", "discarded_because",
    )  # fmt: skip
    actions = ("replay", "discard")

    @admin.display(description="attempts on record")
    def history(self, delivery: Delivery) -> str:
        """Of all listeners those that failed, of webhooks every one."""
        rows = DeliveryAttempt.objects.filter(practice_id=delivery.practice_id, delivery_id=delivery.id).order_by("id")
        return "\n".join(f"{row.started_at:%Y-%m-%d %H:%M:%S} {row.attempt}: {row.error or 'arrived'}" for row in rows)

    @admin.action(description="Discard dead deliveries: nobody wants them any more")
    def discard(self, request: HttpRequest, queryset: QuerySet) -> None:
        """Takes the dead ones among `queryset` out of the way; the engine leaves the trace of each."""
        discarded = 0
        for delivery in queryset.filter(status=Delivery.Status.DEAD)[:MOST_REPLAYED]:
            with suppress(deliveries.NotDead):
                deliveries.discard(
                    delivery=delivery, because="by an operator", by=trace.operator(request), now=timezone.now()
                )
                discarded += 1
        self.message_user(request, f"{discarded} discarded; only dead ones can be, at most {MOST_REPLAYED} at once.")

    @admin.action(description="Replay dead deliveries")
    def replay(self, request: HttpRequest, queryset: QuerySet) -> None:
        """Owes the dead ones among `queryset` anew; the engine leaves the trace of each."""
        rows = list(queryset.filter(status=Delivery.Status.DEAD)[:MOST_REPLAYED])
        replayed = deliveries.replay_together(deliveries=rows, by=trace.operator(request), now=timezone.now())
        level = messages.SUCCESS if replayed else messages.WARNING
        self.message_user(
            request, f"{replayed} replayed; only dead ones can be, at most {MOST_REPLAYED} at once.", level
        )


@admin.register(IdempotencyKey)
class IdempotencyKeyAdmin(RecordAdmin):
    """Metadata only: the stored body is a patient's."""

    list_display = ("public_id", "practice", "operation", "status", "principal", "expires_at")
    fields = ("public_id", "practice", "principal", "operation", "key", "status", "expires_at")


@admin.register(VersionCall)
class VersionCallAdmin(RecordAdmin):
    """Who still calls a version that ends: a line per caller, its last day."""

    list_display = ("practice", "principal", "version", "calls_of_30_days", "last_at")
    list_filter = (PracticeFilter, "version")
    ordering = ("-last_at",)
    fields = ("practice", "principal", "version", "calls_of_30_days", "last_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        same = {name: OuterRef(name) for name in ("practice_id", "version", "principal_kind", "principal_id")}
        of_caller = VersionCall.objects.filter(**same)
        recent = of_caller.filter(day__gt=timezone.now().date() - timedelta(days=30))
        total = recent.values("principal_id").annotate(total=Sum("calls")).values("total")
        rows = super().get_queryset(request).filter(~Exists(of_caller.filter(day__gt=OuterRef("day"))))
        return rows.annotate(recent_calls=Subquery(total))

    @admin.display(description="calls in 30 days", ordering="recent_calls")
    def calls_of_30_days(self, row: Any) -> int:
        return row.recent_calls or 0


class PrincipalFilter(admin.SimpleListFilter):
    title = "who"
    parameter_name = "principal_kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(kind, kind) for kind in ("member", "operator", "platform")]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        return queryset.filter(principal_kind=self.value()) if self.value() else queryset


class OutcomeFilter(admin.SimpleListFilter):
    title = parameter_name = "outcome"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(outcome, outcome) for outcome in ("success", "not_modified", "refused", "denied")]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        return queryset.filter(outcome=self.value()) if self.value() else queryset


@admin.register(AuditEntry)
class AuditEntryAdmin(CorrelatedAdmin):
    list_display = ("at", "practice", "principal", "action", "outcome", "address", "objects")
    list_filter = (PrincipalFilter, OutcomeFilter, *RecordAdmin.list_filter)
    fields = (
        "at", "practice", "principal", "principal_kind", "principal_id", "on_behalf", "action", "all_objects",
        "outcome", "reason",
        "address", "correlation_id",
    )  # fmt: skip

    def having_id(self, prefix: str | None, value: UUID) -> Q:
        """Acts on the object; of a bare id, acts of that user as well."""
        touched = Q(object_ids__contains=[str(value)])
        if prefix == "prac":
            return Q(practice_id=value)
        by_user = Q(principal_id=value) | Q(on_behalf_id=value)
        return touched & Q(object_kind=prefix) if prefix else touched | by_user | Q(id=value)

    @admin.display(description="on behalf of")
    def on_behalf(self, row: AuditEntry) -> str:
        return f"{row.on_behalf_kind} {row.on_behalf_id}" if row.on_behalf_id else "-"

    @admin.display(description="on")
    def objects(self, row: AuditEntry) -> str:
        """The first; a list shows many at once."""
        names = _names(row)
        more = f" and {len(names) - 1} more" if len(names) > 1 else ""
        return names[0] + more if names else "nothing"

    @admin.display(description="on")
    def all_objects(self, row: AuditEntry) -> str:
        return "\n".join(_names(row))


def _names(row: AuditEntry) -> list[str]:
    return [identifiers.named(row.object_kind, UUID(value)) for value in row.object_ids]


@admin.register(SecurityEvent)
class SecurityEventAdmin(CorrelatedAdmin):
    list_display = ("at", "kind", "practice", "principal", "object_name", "address", "correlation_id")
    fields = (
        "at", "kind", "practice", "principal", "principal_kind", "principal_id", "object_name", "other_practice",
        "address", "correlation_id",
    )  # fmt: skip

    def having_id(self, prefix: str | None, value: UUID) -> Q:
        if prefix == "prac":
            return Q(practice_id=value) | Q(other_practice_id=value)
        return Q(object_id=value) | Q(principal_id=value) | Q(id=value)

    @admin.display(description="asked for")
    def object_name(self, row: SecurityEvent) -> str:
        return identifiers.named(row.object_kind, row.object_id) if row.object_id else "-"

    @admin.display(description="which belongs to")
    def other_practice(self, row: SecurityEvent) -> str:
        return identifiers.named("prac", row.other_practice_id) if row.other_practice_id else "-"
