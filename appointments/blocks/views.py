"""Blocks and caps: read by whoever books, managed by managers."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from appointments.blocks.models import AppointmentBlock, AppointmentCap
from appointments.blocks.serializers import (
    BlockChange,
    BlockInput,
    BlockOutput,
    CapInput,
    CapOutput,
    show_blocks,
    show_cap,
)
from appointments.blocks.services import add_block, add_cap, change_block, remove_block, remove_cap
from appointments.days import today
from mybcat.gateway.endpoint import Endpoint
from mybcat.gateway.inputs import read_body
from mybcat.gateway.lists import each, listed, page_of, read_query
from mybcat.gateway.tiers import Tier
from mybcat.ids import internal_id
from mybcat.principal import Permission


class AppointmentBlocks(Endpoint):
    permissions = {"GET": Permission.REFERENCE_READ, "POST": Permission.PRACTICE_MANAGE}
    tiers = {"GET": Tier.T4, "POST": Tier.T2}
    idempotent = {"POST": "accepted"}

    @listed("listAppointmentBlocks", v1=BlockOutput, v2=BlockOutput)
    def get(self, request: Request) -> Response:
        """Times that are reserved for some types of appointment, also those that are over."""
        query, rows = read_query(request), AppointmentBlock.objects.all()
        return page_of(rows, request=request, query=query, order=("starts", "id"), show_all=show_blocks)

    @extend_schema(operation_id="createAppointmentBlock", request=BlockInput, responses={201: BlockOutput})
    def post(self, request: Request) -> Response:
        """Reserve a part of some weekdays for some types of appointment; what is booked there stays."""
        fields = read_body(BlockInput, request)
        fields.setdefault("valid_from", today(now=self.now, time_zone=self.principal.time_zone))
        block = add_block(fields=fields, by=self.principal, now=self.now)
        return Response(show_blocks([block])[0], status=201)


class AppointmentBlockDetail(Endpoint):
    permissions = {"PATCH": Permission.PRACTICE_MANAGE, "DELETE": Permission.PRACTICE_MANAGE}
    tiers = {"PATCH": Tier.T2, "DELETE": Tier.T2}

    @extend_schema(operation_id="changeAppointmentBlock", request=BlockChange, responses=BlockOutput)
    def patch(self, request: Request, block_id: str) -> Response:
        """Change what is reserved from now on; what is booked stays."""
        fields, wanted = read_body(BlockChange, request), internal_id("blk", block_id)
        block = change_block(block_id=wanted, fields=fields, by=self.principal, now=self.now)
        return Response(show_blocks([block])[0])

    @extend_schema(operation_id="deleteAppointmentBlock", request=None, responses={204: None})
    def delete(self, request: Request, block_id: str) -> Response:
        """Let everybody have the time again."""
        remove_block(block_id=internal_id("blk", block_id), by=self.principal, now=self.now)
        return Response(status=204)


class AppointmentCaps(Endpoint):
    permissions = {"GET": Permission.REFERENCE_READ, "POST": Permission.PRACTICE_MANAGE}
    tiers = {"GET": Tier.T4, "POST": Tier.T2}
    idempotent = {"POST": "accepted"}

    @listed("listAppointmentCaps", v1=CapOutput, v2=CapOutput)
    def get(self, request: Request) -> Response:
        """How many of a type there may be a day."""
        query, rows = read_query(request), AppointmentCap.objects.select_related("appointment_type")
        return page_of(rows, request=request, query=query, order=("id",), show_all=each(show_cap))

    @extend_schema(operation_id="createAppointmentCap", request=CapInput, responses={201: CapOutput})
    def post(self, request: Request) -> Response:
        """Take no more than so many of a type a day: of a practitioner, at a location, or of all together."""
        cap = add_cap(**read_body(CapInput, request), by=self.principal, now=self.now)
        return Response(show_cap(cap), status=201)


class AppointmentCapDetail(Endpoint):
    permissions = {"DELETE": Permission.PRACTICE_MANAGE}
    tiers = {"DELETE": Tier.T2}

    @extend_schema(operation_id="deleteAppointmentCap", request=None, responses={204: None})
    def delete(self, request: Request, cap_id: str) -> Response:
        """Take any number a day again."""
        remove_cap(cap_id=internal_id("cap", cap_id), by=self.principal, now=self.now)
        return Response(status=204)
