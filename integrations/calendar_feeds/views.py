"""Managers make feeds, give them other addresses, and take them back."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from integrations.calendar_feeds import services
from integrations.calendar_feeds.links import address_of
from integrations.calendar_feeds.models import CalendarFeed
from mybcat.gateway.endpoint import Endpoint
from mybcat.gateway.inputs import FlagField, IdField, Input, read_body
from mybcat.gateway.lists import each, listed, page_of, read_query
from mybcat.gateway.tiers import Tier
from mybcat.ids import internal_id, public_id
from mybcat.principal import Permission


class CalendarFeedInput(Input):
    practitionerId = IdField("pract")
    showPatients = FlagField(required=False, help_text="name patients to whoever has the address; default: no")


class CalendarFeedOutput(serializers.Serializer[Any]):
    calendarFeedId = serializers.CharField()
    practitionerId = serializers.CharField()
    showPatients = serializers.BooleanField()
    createdAt = serializers.DateTimeField()


class NewCalendarFeedOutput(CalendarFeedOutput):
    url = serializers.CharField(help_text="the secret address, told this once")


def show_feed(feed: CalendarFeed) -> dict[str, Any]:
    """Without its address."""
    return {
        "calendarFeedId": public_id("feed", feed.id),
        "practitionerId": public_id("pract", feed.practitioner_id),
        "showPatients": feed.shows_patients,
        "createdAt": feed.created_at.isoformat(),
    }


class CalendarFeeds(Endpoint):
    permissions = {"GET": Permission.PRACTICE_MANAGE, "POST": Permission.PRACTICE_MANAGE}
    tiers = {"GET": Tier.T4, "POST": Tier.T3}

    @listed("listCalendarFeeds", v1=CalendarFeedOutput, v2=CalendarFeedOutput)
    def get(self, request: Request) -> Response:
        """Feeds that were not taken back."""
        rows = CalendarFeed.objects.filter(revoked_at=None)
        return page_of(rows, request=request, query=read_query(request), order=("id",), show_all=each(show_feed))

    @extend_schema(operation_id="createCalendarFeed", request=CalendarFeedInput, responses={201: NewCalendarFeedOutput})
    def post(self, request: Request) -> Response:
        """A secret address to which a practitioner's calendar program subscribes."""
        wish = read_body(CalendarFeedInput, request)
        feed = services.create_feed(
            practitioner_id=wish["practitionerId"],
            shows_patients=wish.get("showPatients", False),
            by=self.principal,
            now=self.now,
        )
        return Response({**show_feed(feed), "url": address_of(feed)}, status=201)


class CalendarFeedDetail(Endpoint):
    permissions = {"DELETE": Permission.PRACTICE_MANAGE}
    tiers = {"DELETE": Tier.T3}

    @extend_schema(operation_id="revokeCalendarFeed", responses={204: None})
    def delete(self, request: Request, feed_id: str) -> Response:
        """Its address shows nothing from now on."""
        feed = services.get_feed(internal_id("feed", feed_id), lock=True)
        services.revoke_feed(feed=feed, by=self.principal, now=self.now)
        return Response(status=204)


class CalendarFeedRotate(Endpoint):
    permissions = {"POST": Permission.PRACTICE_MANAGE}
    tiers = {"POST": Tier.T3}

    @extend_schema(operation_id="rotateCalendarFeed", request=None, responses=NewCalendarFeedOutput)
    def post(self, request: Request, feed_id: str) -> Response:
        """Another secret address; the one before shows nothing from now on."""
        if request.data:
            read_body(Input, request)
        feed = services.get_feed(internal_id("feed", feed_id), lock=True)
        services.rotate_feed(feed=feed, by=self.principal, now=self.now)
        return Response({**show_feed(feed), "url": address_of(feed)})
