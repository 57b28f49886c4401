"""Managers read what they should know."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from integrations.notices import services
from integrations.notices.models import Notice
from mybcat.gateway.endpoint import Endpoint
from mybcat.gateway.lists import each, listed, page_of, read_query
from mybcat.gateway.tiers import Tier
from mybcat.ids import internal_id, public_id
from mybcat.principal import Permission


class NoticeOutput(serializers.Serializer[Any]):
    noticeId = serializers.CharField()
    kind = serializers.ChoiceField(choices=sorted(services.TEXTS))
    title = serializers.CharField()
    text = serializers.CharField()
    webhookEndpointId = serializers.CharField()
    count = serializers.IntegerField()
    firstAt = serializers.DateTimeField()
    lastAt = serializers.DateTimeField()
    acknowledgedAt = serializers.DateTimeField(allow_null=True)


def show_notice(notice: Notice) -> dict[str, Any]:
    title, text = services.TEXTS[notice.kind]
    return {
        "noticeId": public_id("notc", notice.id),
        "kind": notice.kind,
        "title": title,
        "text": text,
        "webhookEndpointId": public_id("whep", notice.endpoint_id),
        "count": notice.count,
        "firstAt": notice.first_at,
        "lastAt": notice.last_at,
        "acknowledgedAt": notice.acknowledged_at,
    }


class Notices(Endpoint):
    permissions = {"GET": Permission.WEBHOOK_MANAGE}
    tiers = {"GET": Tier.T4}

    @listed("listNotices", v1=NoticeOutput, v2=NoticeOutput)
    def get(self, request: Request) -> Response:
        """What nobody has acknowledged yet, the oldest first."""
        rows = Notice.objects.filter(acknowledged_at__isnull=True)
        return page_of(rows, request=request, query=read_query(request), order=("id",), show_all=each(show_notice))


class NoticeAcknowledge(Endpoint):
    permissions = {"POST": Permission.WEBHOOK_MANAGE}
    tiers = {"POST": Tier.T3}

    @extend_schema(operation_id="acknowledgeNotice", request=None, responses=NoticeOutput)
    def post(self, request: Request, notice_id: str) -> Response:
        """Seen: it is listed no more, and the next trouble of its kind is told anew."""
        seen = services.acknowledge(notice_id=internal_id("notc", notice_id), by=self.principal, now=self.now)
        return Response(show_notice(seen))
