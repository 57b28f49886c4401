"""What the socket needs over HTTP: a ticket to open one, and what was missed while there was none."""

from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from mybcat.gateway.authentication import bearer_token
from mybcat.gateway.endpoint import Endpoint
from mybcat.gateway.inputs import Input
from mybcat.gateway.lists import read_query
from mybcat.gateway.tiers import Tier
from mybcat.gateway.tokens import verify_access_token
from mybcat.principal import Permission
from realtime.frames import FAR_BEHIND, changes_after, latest
from realtime.tickets import issue_ticket

MOST_CHANGES = 500


class TicketOutput(serializers.Serializer[Any]):
    ticket = serializers.CharField(help_text="good once, within 30 s; sent as the subprotocol `ticket.<it>`")
    url = serializers.CharField()


class ChangesQuery(Input):
    after = serializers.IntegerField(min_value=0, max_value=2**63 - 1, help_text="the last number that you have seen")


class ChangeOutput(serializers.Serializer[Any]):
    stream = serializers.CharField()
    seq = serializers.IntegerField()
    type = serializers.CharField()
    id = serializers.CharField(allow_null=True, help_text="of what changed")
    date = serializers.DateField(allow_null=True, help_text="of an appointment, where it takes place")
    practitionerId = serializers.CharField(allow_null=True)
    previousDate = serializers.DateField(required=False, allow_null=True, help_text="of a move: the day left behind")
    previousPractitionerId = serializers.CharField(required=False, help_text="of a move")


class ChangesOutput(serializers.Serializer[Any]):
    data = ChangeOutput(many=True)  # type: ignore[assignment]
    seq = serializers.IntegerField(help_text="ask again after this")
    hasMore = serializers.BooleanField()
    resync = serializers.BooleanField(help_text="fetch everything again: too much has happened since")


class LiveTickets(Endpoint):
    permissions = {"POST": Permission.APPOINTMENT_READ}
    tiers = {"POST": Tier.T3}

    @extend_schema(operation_id="createLiveTicket", request=None, responses={201: TicketOutput})
    def post(self, request: Request) -> Response:
        """A ticket for one socket, which then tells what changes in the practice."""
        claims = verify_access_token(bearer_token(request), now=self.now)
        return Response({"ticket": issue_ticket(claims=claims), "url": settings.LIVE_URL}, status=201)


class Changes(Endpoint):
    permissions = {"GET": Permission.APPOINTMENT_READ}
    # Asked again and again where sockets cannot be opened.
    tiers = {"GET": Tier.BOOKING}

    @extend_schema(operation_id="listChanges", parameters=[ChangesQuery], responses=ChangesOutput)
    def get(self, request: Request) -> Response:
        """What changed in the practice after the change of that number, the oldest first."""
        after = read_query(request, ChangesQuery, paged=False)["after"]
        last = latest()
        if not 0 <= last - after <= FAR_BEHIND:
            # Also where the number is of the future: the database was put back to an earlier day.
            return Response({"data": [], "seq": last, "hasMore": False, "resync": True})
        frames = changes_after(after, limit=MOST_CHANGES)
        if frames and frames[0]["seq"] != after + 1:
            # What was next is gone for good.
            return Response({"data": [], "seq": last, "hasMore": False, "resync": True})
        seq = frames[-1]["seq"] if frames else after
        return Response({"data": frames, "seq": seq, "hasMore": seq < last, "resync": False})
