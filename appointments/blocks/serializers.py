"""What the routes of blocks and caps take in and show."""

from collections.abc import Sequence
from typing import Any

from rest_framework import serializers

from appointments.blocks.models import AppointmentBlock, AppointmentCap
from appointments.hours.serializers import WEEKDAYS, WeekdayField
from appointments.serializers import MAX_CODE
from mybcat.gateway.inputs import ClockField, DayField, FlagField, IdField, Input
from mybcat.ids import familiar_id, public_id
from practices.models import AppointmentType

MOST_TYPES = 20
# Ninety days, as the database has it.
LONGEST_RELEASE = 2160


class _BlockMembers(Input):
    """What can be changed, too."""

    name = serializers.CharField(max_length=120, help_text="what agents hear in a refusal: New patients")
    weekdays = serializers.ListField(child=WeekdayField(), min_length=1, max_length=7, help_text="monday to sunday")
    starts = ClockField(help_text="on the location's clock: 09:00")
    ends = ClockField(help_text="exclusive; 00:00 is the end of the day")
    types = serializers.ListField(
        child=serializers.CharField(max_length=MAX_CODE),
        max_length=MOST_TYPES,
        required=False,
        help_text="codes of the types that may be booked then",
    )
    newPatients = FlagField(
        source="for_new_patients",
        required=False,
        help_text="also all types whose audience is new patients, those to come as well",
    )
    releaseHours = serializers.IntegerField(
        source="release_hours",
        min_value=0,
        max_value=LONGEST_RELEASE,
        allow_null=True,
        required=False,
        help_text="so long before it begins it is anybody's; null: never",
    )
    validUntil = DayField(
        source="valid_until", allow_null=True, required=False, help_text="the first day without it; null: none"
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "weekdays" in attrs:
            attrs["weekdays"] = sorted(set(attrs["weekdays"]))
        return attrs


class BlockInput(_BlockMembers):
    practitionerId = IdField("pract", source="practitioner_id")
    locationId = IdField(
        "loc", source="location_id", required=False, allow_null=True, help_text="null: wherever the practitioner is"
    )
    validFrom = DayField(source="valid_from", required=False, help_text="default: today")


class BlockChange(_BlockMembers):
    validFrom = DayField(source="valid_from")

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        fields = super().get_fields()
        for field in fields.values():
            field.required = False
        return fields

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not attrs:
            raise serializers.ValidationError("Nothing to change")
        return super().validate(attrs)


class BlockOutput(serializers.Serializer[Any]):
    id = serializers.CharField()
    practitionerId = serializers.CharField()
    locationId = serializers.CharField(allow_null=True)
    name = serializers.CharField()
    weekdays = serializers.ListField(child=serializers.ChoiceField(choices=WEEKDAYS))
    starts = ClockField()
    ends = ClockField()
    types = serializers.ListField(child=serializers.CharField())
    newPatients = serializers.BooleanField()
    releaseHours = serializers.IntegerField(allow_null=True)
    validFrom = serializers.DateField()
    validUntil = serializers.DateField(allow_null=True)


class CapInput(Input):
    type = serializers.CharField(source="type_code", max_length=MAX_CODE, help_text="code of an appointment type")
    practitionerId = IdField(
        "pract", source="practitioner_id", default=None, allow_null=True, help_text="null: all together"
    )
    locationId = IdField("loc", source="location_id", default=None, allow_null=True, help_text="null: anywhere")
    most = serializers.IntegerField(min_value=1, max_value=1000, help_text="a day, on the location's clock")


class CapOutput(serializers.Serializer[Any]):
    id = serializers.CharField()
    type = serializers.CharField()
    practitionerId = serializers.CharField(allow_null=True)
    locationId = serializers.CharField(allow_null=True)
    most = serializers.IntegerField()


def show_blocks(rows: Sequence[AppointmentBlock]) -> list[dict[str, Any]]:
    """With the codes of their types, which are asked for once."""
    wanted = {each for row in rows for each in row.type_ids}
    codes = dict(AppointmentType.objects.filter(id__in=wanted).values_list("id", "code")) if wanted else {}
    return [
        {
            "id": public_id("blk", row.id),
            "practitionerId": familiar_id("pract", row.practitioner_id),
            "locationId": row.location_id and familiar_id("loc", row.location_id),
            "name": row.name,
            "weekdays": [WEEKDAYS[day] for day in row.weekdays],
            "starts": f"{row.starts:%H:%M}",
            "ends": f"{row.ends:%H:%M}",
            "types": sorted(codes[each] for each in row.type_ids if each in codes),
            "newPatients": row.for_new_patients,
            "releaseHours": row.release_hours,
            "validFrom": row.valid_from,
            "validUntil": row.valid_until,
        }
        for row in rows
    ]


def show_cap(row: AppointmentCap) -> dict[str, Any]:
    return {
        "id": public_id("cap", row.id),
        "type": row.appointment_type.code,
        "practitionerId": row.practitioner_id and familiar_id("pract", row.practitioner_id),
        "locationId": row.location_id and familiar_id("loc", row.location_id),
        "most": row.most,
    }
