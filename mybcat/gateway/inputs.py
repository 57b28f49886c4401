"""What requests may hold: fields and serializers that refuse what they do not know."""

import re
from collections.abc import Mapping
from datetime import date, datetime, time
from functools import cache
from typing import Any
from uuid import UUID

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request

from mybcat.ids import internal_id, public_id

# What calendars of clinics hold; beyond, sums of dates overflow.
YEARS = range(1880, 2201)
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)", re.ASCII | re.IGNORECASE)


class Input(serializers.Serializer[Any]):
    """A body or query: unknown members are refused by name, and a number is no text."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            if unknown := set(data) - set(self.fields):
                raise serializers.ValidationError({name[:60]: ["Unknown member"] for name in sorted(unknown)[:10]})
            # DRF would read 5 as "5".
            texts = [name for name, field in self.fields.items() if isinstance(field, serializers.CharField)]
            if others := [name for name in texts if not isinstance(data.get(name), str | None)]:
                raise serializers.ValidationError({name: ["Not a valid string."] for name in others})
        return super().to_internal_value(data)


def read_body(kind: type[Input], request: Request, *, partial: bool = False) -> Any:
    """The body as `kind` has it; `partial`: only what was sent. Raises ValidationError naming what is wrong."""
    return read(kind, request.data, partial=partial)


def read(kind: type[Input], data: Any, *, partial: bool = False) -> Any:
    """`data` as `kind` has it. Raises ValidationError naming what is wrong."""
    if data is None:
        raise serializers.ValidationError({"body": ["No data provided"]})
    return _reader(kind, partial).run_validation(data)


@cache
def _reader(kind: type[Input], partial: bool) -> Input:
    """One for all requests: making a serializer copies all its fields, which costs more than reading a booking.

    run_validation() keeps nothing in it; is_valid() would.
    """
    return kind(partial=partial)


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
        # Python reads far more forms than the standard has, a NUL at the end among them.
        if not isinstance(data, str) or not _INSTANT.fullmatch(data):
            self.fail("invalid")
        try:
            value = datetime.fromisoformat(data.upper())
        except ValueError:
            self.fail("invalid")
        if value.year not in YEARS:
            self.fail("invalid")
        return value

    def to_representation(self, value: datetime) -> str:
        return value.isoformat()


class FlagField(serializers.BooleanField):
    """JSON's true and false, and none of the words and numbers that DRF takes for them."""

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class DayField(serializers.DateField):
    """`YYYY-MM-DD` and nothing else."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(input_formats=["%Y-%m-%d"], **kwargs)

    def to_internal_value(self, value: Any) -> date:
        day = super().to_internal_value(value)
        # strptime, which DRF asks, also takes 2024-1-5 and digits of other scripts.
        if day.isoformat() != value or day.year not in YEARS:
            self.fail("invalid", format="YYYY-MM-DD")
        return day


@extend_schema_field({"type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$"})
class ClockField(serializers.TimeField):
    """`HH:MM`, as a clock on the wall shows it, and nothing else."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(format="%H:%M", input_formats=["%H:%M"], **kwargs)

    def to_internal_value(self, value: Any) -> time:
        clock: time = super().to_internal_value(value)
        if f"{clock:%H:%M}" != value:
            self.fail("invalid", format="HH:MM")
        return clock
