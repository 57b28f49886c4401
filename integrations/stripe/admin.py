"""What Stripe has told us, for operators: to read, and to have handled anew."""

from contextlib import suppress

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from integrations.stripe import inbound
from integrations.stripe.models import InboundEvent
from mybcat.operators import trace
from mybcat.operators.filters import RecordedFilter
from mybcat.operators.model_admin import ReadOnlyAdmin

# One transaction holds its rows' locks until its end, so it must be short.
MOST_REPLAYED = 500


@admin.register(InboundEvent)
class InboundEventAdmin(ReadOnlyAdmin):
    list_display = ("stripe_id", "type", "occurred_at", "status", "outcome", "attempts", "last_error")
    list_filter = ("status", "type", "outcome", RecordedFilter)
    search_fields = ("stripe_id",)
    search_help_text = "Stripe's id of the event, evt_…"
    fields = (
        "stripe_id", "type", "occurred_at", "received_at", "status", "outcome", "attempts", "next_attempt_at",
        "last_error", "handled_at", "correlation_id", "sent",
    )  # fmt: skip
    actions = ("replay",)

    @admin.display(description="body")
    def sent(self, event: InboundEvent) -> str:
        return bytes(event.body).decode()

    @admin.action(description="Replay: have them handled anew")
    def replay(self, request: HttpRequest, queryset: QuerySet) -> None:
        """Those that are handled or dead; what waits is handled anyway."""
        replayed = 0
        for event in queryset[:MOST_REPLAYED]:
            with suppress(inbound.StillPending):
                inbound.replay(event=event, by=trace.operator(request), now=timezone.now())
                replayed += 1
        level = messages.SUCCESS if replayed else messages.WARNING
        self.message_user(request, f"{replayed} will be handled anew, at most {MOST_REPLAYED} at once.", level)
