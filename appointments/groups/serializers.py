"""What the routes of groups take in and show."""

from typing import Any

from rest_framework import serializers

from appointments import serializers_v2 as v2
from appointments.groups.models import AppointmentGroup
from appointments.groups.offers import Placed
from appointments.models import Appointment
from appointments.serializers import FOR_WHOM, MAX_CODE, BookingInput, of_one
from mybcat.gateway.inputs import IdListField, Input, InstantField
from mybcat.ids import familiar_id, public_id

# Steps of a visit, or people who come together.
MOST_ITEMS = 6
MOST_IN_SERIES = 26
MOST_WEEKS = 26
_TOGETHER = [(kind.value, kind.value) for kind in (AppointmentGroup.Kind.CHAIN, AppointmentGroup.Kind.FAMILY)]


class GroupInput(Input):
    kind = serializers.ChoiceField(choices=_TOGETHER)
    items = BookingInput(many=True)

    def validate_items(self, value: list[Any]) -> list[Any]:
        if not 2 <= len(value) <= MOST_ITEMS:
            raise serializers.ValidationError(f"From 2 to {MOST_ITEMS} appointments")
        return value


class SeriesInput(BookingInput):
    everyWeeks = serializers.IntegerField(source="every_weeks", min_value=1, max_value=MOST_WEEKS)
    count = serializers.IntegerField(min_value=2, max_value=MOST_IN_SERIES, help_text="with the first")


class GroupStepInput(Input):
    type = serializers.CharField(max_length=MAX_CODE, help_text="code of an appointment type")
    practitioner = IdListField("pract", required=False, help_text="ids, apart by commas")
    location = IdListField("loc", required=False, help_text="ids, apart by commas")
    patient = IdListField("pat", required=False, help_text=FOR_WHOM)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        return of_one(attrs, "patient")


class GroupSearchInput(Input):
    kind = serializers.ChoiceField(choices=_TOGETHER)
    items = GroupStepInput(many=True)
    until = InstantField(required=False, help_text="default: a week from the beginning; at most 31 days")
    longestWaitMinutes = serializers.IntegerField(source="longest_wait", min_value=0, max_value=240, default=30)
    count = serializers.IntegerField(min_value=1, max_value=20, default=5)

    def get_fields(self) -> dict[str, serializers.Field]:
        # `from` is no Python name.
        return {"from": InstantField(required=False), **super().get_fields()}

    def validate_items(self, value: list[Any]) -> list[Any]:
        if not 2 <= len(value) <= MOST_ITEMS:
            raise serializers.ValidationError(f"From 2 to {MOST_ITEMS} appointments")
        return value


class GroupOutput(serializers.Serializer[Any]):
    id = serializers.CharField()
    kind = serializers.ChoiceField(choices=AppointmentGroup.Kind.choices)
    bookedAt = serializers.DateTimeField()
    appointments = v2.AppointmentOutput(many=True)


class GroupItemOutput(serializers.Serializer[Any]):
    slotId = serializers.CharField()
    type = serializers.CharField()
    start = serializers.DateTimeField()
    end = serializers.DateTimeField()
    practitionerId = serializers.CharField()
    locationId = serializers.CharField()


class GroupOfferOutput(serializers.Serializer[Any]):
    start = serializers.DateTimeField()
    end = serializers.DateTimeField()
    items = GroupItemOutput(many=True)


def show_group(group: AppointmentGroup) -> dict[str, Any]:
    """The group, its appointments in the order in which they were asked for."""
    rows = Appointment.objects.filter(group=group).order_by("group_position").shown()
    return {
        "id": public_id("group", group.id),
        "kind": group.kind,
        "bookedAt": group.booked_at,
        "appointments": [v2.show_appointment(row) for row in rows],
    }


def show_offer(places: list[Placed], codes: list[str]) -> dict[str, Any]:
    """A way to see all, each with its type's code."""
    return {
        "start": min(place.start.starts_at for place in places),
        "end": max(place.ends_at for place in places),
        "items": [
            {
                "slotId": public_id("slot", place.start.id),
                "type": code,
                "start": place.start.starts_at,
                "end": place.ends_at,
                "practitionerId": familiar_id("pract", place.start.practitioner_id),
                "locationId": familiar_id("loc", place.start.location_id),
            }
            for place, code in zip(places, codes, strict=True)
        ],
    }
