"""Managers see their practice's subscription, and are sent to Stripe to change it."""

from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import uuid4

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from integrations.outbound_endpoint import OutboundEndpoint
from integrations.stripe import billing
from mybcat import audit
from mybcat.gateway.endpoint import Endpoint
from mybcat.gateway.inputs import Input, read_body
from mybcat.gateway.tiers import Tier
from mybcat.principal import Permission
from practices.models import FOREVER, Practice, Subscription, User


class CheckoutInput(Input):
    plan = serializers.ChoiceField(choices=Practice.Plan.choices, error_messages={"invalid_choice": "No such plan"})


class PageOutput(serializers.Serializer[Any]):
    url = serializers.CharField(help_text="a page of Stripe's: send the browser there")


class SubscriptionOutput(serializers.Serializer[Any]):
    plan = serializers.CharField()
    status = serializers.CharField(help_text="Stripe's word; `none` before there was a subscription")
    bookingAllowed = serializers.BooleanField()
    bookingAllowedUntil = serializers.DateTimeField(allow_null=True, help_text="null: without end, or not at all")
    trialEndsAt = serializers.DateTimeField(allow_null=True)
    graceUntil = serializers.DateTimeField(allow_null=True)
    currentPeriodEnd = serializers.DateTimeField(allow_null=True)
    cancelAtPeriodEnd = serializers.BooleanField()


class BillingSubscription(Endpoint):
    permissions = {"GET": Permission.BILLING_MANAGE}
    tiers = {"GET": Tier.T4}

    @extend_schema(operation_id="getSubscription", responses=SubscriptionOutput)
    def get(self, request: Request) -> Response:
        """What the practice has subscribed to, and until when it may book."""
        practice = Practice.objects.get()
        until = practice.entitled_until
        return Response(
            {
                "plan": practice.plan,
                "bookingAllowed": until is not None and until > self.now,
                "bookingAllowedUntil": _or_null(until),
                "trialEndsAt": _or_null(practice.trial_ends_at),
                **_shown(billing.running(practice)),
            }
        )


class BillingCheckout(OutboundEndpoint):
    permissions = {"POST": Permission.BILLING_MANAGE}
    tiers = {"POST": Tier.T2}

    @extend_schema(operation_id="createCheckoutSession", request=CheckoutInput, responses={201: PageOutput})
    def post(self, request: Request) -> Response:
        """Begin to subscribe. The same X-Idempotency-Key again is the same page."""
        plan = read_body(CheckoutInput, request)["plan"]
        practice = Practice.objects.get()
        billing.refuse_second(practice=practice)
        _record(self, "billing.checkout", practice)
        email = User.objects.get(id=self.principal.id).email
        key = request.headers.get("X-Idempotency-Key") or str(uuid4())
        begin = partial(billing.checkout, practice=practice, plan=plan, email=email, key=key[:100])
        return self.afterwards(partial(_page, begin))


class BillingPortal(OutboundEndpoint):
    permissions = {"POST": Permission.BILLING_MANAGE}
    tiers = {"POST": Tier.T2}

    @extend_schema(operation_id="createPortalSession", request=None, responses={201: PageOutput})
    def post(self, request: Request) -> Response:
        """Change card or plan, see invoices, cancel."""
        practice = Practice.objects.get()
        if practice.stripe_customer_id is None:
            raise billing.NoBillingAccount
        _record(self, "billing.portal", practice)
        return self.afterwards(partial(_page, partial(billing.portal, customer=practice.stripe_customer_id)))


def _page(address: Callable[[], str]) -> Response:
    return Response({"url": address()}, status=201)


def _record(endpoint: Endpoint, action: str, practice: Practice) -> None:
    audit.record(
        principal=endpoint.principal, action=action, object_kind="prac", object_ids=[practice.id], now=endpoint.now
    )


def _or_null(moment: Any) -> Any:
    return None if moment == FOREVER else moment


def _shown(subscription: Subscription | None) -> dict[str, Any]:
    if subscription is None:
        return {"status": "none", "graceUntil": None, "currentPeriodEnd": None, "cancelAtPeriodEnd": False}
    return {
        "status": subscription.status,
        "graceUntil": subscription.grace_until,
        "currentPeriodEnd": subscription.current_period_end,
        "cancelAtPeriodEnd": subscription.cancel_at_period_end,
    }
