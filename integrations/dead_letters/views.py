"""Managers decide what becomes of what was given up."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from integrations.dead_letters import services
from integrations.dead_letters.serializers import (
    DeadLetterOutput,
    DeadLettersInput,
    DeadLettersQuery,
    DiscardInput,
    HandledOutput,
    show_dead_letter,
)
from mybcat.gateway.endpoint import Endpoint
from mybcat.gateway.inputs import read_body
from mybcat.gateway.lists import each, listed, page_of, read_query
from mybcat.gateway.tiers import Tier
from mybcat.models import Delivery
from mybcat.principal import Permission


class DeadLetters(Endpoint):
    permissions = {"GET": Permission.DELIVERY_MANAGE}
    tiers = {"GET": Tier.T4}

    @listed("listDeadLetters", v1=DeadLetterOutput, v2=DeadLetterOutput, query=DeadLettersQuery)
    def get(self, request: Request) -> Response:
        """What was given up, of all listeners, the oldest first."""
        query = read_query(request, DeadLettersQuery)
        rows = Delivery.objects.filter(status=Delivery.Status.DEAD).select_related("event")
        if "listener" in query:
            rows = rows.filter(listener=query["listener"])
        return page_of(rows, request=request, query=query, order=("id",), show_all=each(show_dead_letter))


class DeadLettersReplay(Endpoint):
    permissions = {"POST": Permission.DELIVERY_MANAGE}
    tiers = {"POST": Tier.T3}

    @extend_schema(operation_id="replayDeadLetters", request=DeadLettersInput, responses={202: HandledOutput})
    def post(self, request: Request) -> Response:
        """Deliver them anew, with all their attempts; all of them or none."""
        count = services.replay(**read_body(DeadLettersInput, request), by=self.principal, now=self.now)
        return Response({"count": count}, status=202)


class DeadLettersDiscard(Endpoint):
    permissions = {"POST": Permission.DELIVERY_MANAGE}
    tiers = {"POST": Tier.T3}

    @extend_schema(operation_id="discardDeadLetters", request=DiscardInput, responses=HandledOutput)
    def post(self, request: Request) -> Response:
        """Want them no more; all of them or none."""
        count = services.discard(**read_body(DiscardInput, request), by=self.principal, now=self.now)
        return Response({"count": count})
