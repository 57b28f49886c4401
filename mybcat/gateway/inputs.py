"""What requests may hold: fields and serializers that refuse what they do not know."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.utils.dateparse import parse_datetime
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request

from mybcat.ids import internal_id, public_id


class Input(serializers.Serializer[Any]):
    """A body or query: unknown members are refused by name."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping) and (unknown := set(data) - set(self.fields)):
            raise serializers.ValidationError({name[:60]: ["Unknown member"] for name in sorted(unknown)[:10]})
        return super().to_internal_value(data)


def read_body(kind: type[Input], request: Request, *, partial: bool = False) -> Any:
    """The body as `kind` has it; `partial`: only what was sent. Raises ValidationError naming what is wrong."""
    body = kind(data=request.data, partial=partial)
    body.is_valid(raise_exception=True)
    return body.validated_data


@extend_schema_field(OpenApiTypes.STR)
class IdField(serializers.Field[UUID, Any, str, Any]):
    """A public id; one that is malformed is as unknown as one that nobody has."""

    def __init__(self, prefix: str, **kwargs: Any) -> None:
        self.prefix = prefix
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> UUID:
        if not isinstance(data, str):
            self.fail("invalid")
        return internal_id(self.prefix, data)

    def to_representation(self, value: UUID) -> str:
        return public_id(self.prefix, value)

    default_error_messages = {"invalid": "An id is a string"}


class IdListField(IdField):
    """Public ids in a query, apart by commas."""

    def to_internal_value(self, data: Any) -> Any:
        return [internal_id(self.prefix, part) for part in str(data).split(",") if part]


@extend_schema_field(OpenApiTypes.DATETIME)
class InstantField(serializers.Field[datetime, Any, str, Any]):
    """An RFC 3339 instant. Its offset is required: without one, nobody knows when it is."""

    default_error_messages = {"invalid": "Give an RFC 3339 instant with its offset, such as 2026-04-24T10:00:00-04:00"}

    def to_internal_value(self, data: Any) -> datetime:
        try:
            value = parse_datetime(data) if isinstance(data, str) else None
        except ValueError:
            value = None
        if value is None or value.tzinfo is None:
            self.fail("invalid")
        return value

    def to_representation(self, value: datetime) -> str:
        return value.isoformat()


class DayField(serializers.DateField):
    """`YYYY-MM-DD` and nothing else; years that calendars of clinics hold."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(input_formats=["%Y-%m-%d"], **kwargs)

    def to_internal_value(self, value: Any) -> date:
        day = super().to_internal_value(value)
        if not 1880 <= day.year <= 2200:
            self.fail("invalid", format="YYYY-MM-DD")
        return day
