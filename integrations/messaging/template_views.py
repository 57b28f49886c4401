"""Managers word what their practice says to patients."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from appointments.models import Appointment
from integrations.messaging import templates
from integrations.messaging.models import MessageTemplate
from integrations.messaging.segments import length_of
from integrations.messaging.templates import NAMES, Name, Wording
from integrations.self_service.links import link_to
from mybcat.errors import UnknownId
from mybcat.gateway import output_guard
from mybcat.gateway.endpoint import Endpoint
from mybcat.gateway.inputs import IdField, Input, read_body
from mybcat.gateway.lists import listed, read_query
from mybcat.gateway.tiers import Tier
from mybcat.principal import Permission
from patients.models import Language
from practices.models import Location, Practice, Practitioner

# Ten messages in a row are more than anybody reads.
_LONGEST = 1500
_PRINTABLE = r"^[^\x00-\x09\x0b-\x1f\x7f]*\Z"
_UNPRINTABLE: dict[str, Any] = {"invalid": "Control characters are not allowed"}


class TemplatesQuery(Input):
    language = serializers.ChoiceField(
        choices=Language.choices, required=False, error_messages={"invalid_choice": "en or es"}
    )


class TemplateInput(Input):
    subject = serializers.RegexField(
        r"^[^\x00-\x1f\x7f]*\Z", max_length=120, required=False, allow_blank=True, error_messages=_UNPRINTABLE
    )
    body = serializers.RegexField(_PRINTABLE, max_length=_LONGEST, error_messages=_UNPRINTABLE)


class TemplatePreviewInput(TemplateInput):
    body = serializers.RegexField(_PRINTABLE, max_length=_LONGEST, required=False, error_messages=_UNPRINTABLE)
    appointmentId = IdField("appt", required=False, help_text="left out: a time next week")


class TemplateOutput(serializers.Serializer[Any]):
    name = serializers.CharField(help_text="kind.channel.language")
    kind = serializers.CharField()
    channel = serializers.CharField()
    language = serializers.CharField()
    subject = serializers.CharField(allow_blank=True)
    body = serializers.CharField()
    isDefault = serializers.BooleanField(help_text="the platform's wording")
    variables = serializers.ListField(child=serializers.CharField())
    changedAt = serializers.DateTimeField(allow_null=True)


class TemplatePreviewOutput(serializers.Serializer[Any]):
    subject = serializers.CharField(allow_blank=True)
    body = serializers.CharField()
    encoding = serializers.ChoiceField(choices=["GSM-7", "UCS-2"])
    length = serializers.IntegerField(help_text="in the encoding's units")
    segments = serializers.IntegerField(help_text="how many text messages it is")


class Templates(Endpoint):
    permissions = {"GET": Permission.MESSAGE_MANAGE}
    tiers = {"GET": Tier.T4}

    @listed("listMessageTemplates", v1=TemplateOutput, v2=TemplateOutput, query=TemplatesQuery, paged=False)
    def get(self, request: Request) -> Response:
        """Every message, channel and language, with what the practice says or the platform for it."""
        language = read_query(request, TemplatesQuery, paged=False).get("language")
        own = {(row.kind, row.channel, row.language): row for row in MessageTemplate.objects.all()}
        rows = [
            _shown(name, own.get((name.kind, name.channel, name.language)))
            for name in NAMES
            if language in (None, name.language)
        ]
        return Response({"data": rows, "nextCursor": None})


class Template(Endpoint):
    permissions = {"PUT": Permission.MESSAGE_MANAGE, "DELETE": Permission.MESSAGE_MANAGE}
    tiers = {"PUT": Tier.T3, "DELETE": Tier.T3}

    @extend_schema(operation_id="putMessageTemplate", request=TemplateInput, responses=TemplateOutput)
    def put(self, request: Request, template_name: str) -> Response:
        """Say it in the practice's own words."""
        name, body = Name.read(template_name), read_body(TemplateInput, request)
        wording = Wording(subject=body.get("subject", ""), body=body["body"])
        return Response(_shown(name, templates.put(name=name, wording=wording, by=self.principal, now=self.now)))

    @extend_schema(operation_id="deleteMessageTemplate", responses={204: None})
    def delete(self, request: Request, template_name: str) -> Response:
        """Back to the platform's wording."""
        templates.remove(name=Name.read(template_name), by=self.principal, now=self.now)
        return Response(status=204)


class TemplatePreview(Endpoint):
    permissions = {"POST": Permission.MESSAGE_MANAGE}
    tiers = {"POST": Tier.T3}

    @extend_schema(operation_id="previewMessageTemplate", request=TemplatePreviewInput, responses=TemplatePreviewOutput)
    def post(self, request: Request, template_name: str) -> Response:
        """How a wording reads, for an appointment or a time next week; without a body, the one in force."""
        name, body = Name.read(template_name), read_body(TemplatePreviewInput, request)
        wording = templates.wording_of(name)
        if "body" in body:
            wording = Wording(subject=body.get("subject", wording.subject), body=body["body"])
            templates.check(name, wording)
        filled = templates.fill(wording, _values(name, body.get("appointmentId"), now=self.now))
        length = length_of(filled.body)
        return Response(
            {
                "subject": filled.subject,
                "body": filled.body,
                "encoding": length.encoding,
                "length": length.units,
                "segments": length.segments,
            }
        )


def _values(name: Name, appointment_id: UUID | None, *, now: datetime) -> Mapping[str, str]:
    if appointment_id is None:
        return _sample(name, now=now)
    appointment: Appointment | None = (
        Appointment.objects.select_related("practice", "location", "practitioner").filter(id=appointment_id).first()
    )
    if appointment is None:
        raise UnknownId(prefix="appt", value=appointment_id)
    # The words that come of it name no id that could be looked at on the way out.
    output_guard.check_rows([appointment])
    return templates.values_of(
        practice=appointment.practice, location=appointment.location, practitioner=appointment.practitioner,
        starts_at=appointment.starts_at, language=name.language, link=_sample_link(),
    )  # fmt: skip


def _sample(name: Name, *, now: datetime) -> Mapping[str, str]:
    practice = Practice.objects.get()
    # A practice that is being set up has neither yet.
    location = Location.objects.order_by("id").first() or Location(name="Main Street", time_zone=practice.time_zone)
    practitioner = Practitioner.objects.order_by("id").first() or Practitioner(name="Dr Rivera")
    day = (now + timedelta(days=7)).astimezone(ZoneInfo(location.time_zone))
    starts_at = day.replace(hour=10, minute=0, second=0, microsecond=0)
    return templates.values_of(
        practice=practice, location=location, practitioner=practitioner, starts_at=starts_at, language=name.language,
        link=_sample_link(),
    )  # fmt: skip


def _sample_link() -> str:
    """As long as a patient's, and of no use: theirs is theirs alone."""
    nobody = UUID(int=0)
    return link_to(practice_id=nobody, appointment_id=nobody)


def _shown(name: Name, own: MessageTemplate | None) -> dict[str, Any]:
    wording = Wording(subject=own.subject, body=own.body) if own else templates.default_wording(name)
    return {
        "name": str(name),
        "kind": name.kind,
        "channel": name.channel,
        "language": name.language,
        "subject": wording.subject,
        "body": wording.body,
        "isDefault": own is None,
        "variables": list(templates.VARIABLES),
        "changedAt": own.changed_at.isoformat() if own else None,
    }
