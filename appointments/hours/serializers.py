"""What the API takes and shows of weekly hours and time off: wall clocks in, wall clocks or instants out."""

from typing import Any

from rest_framework import serializers

from appointments.hours.outside import MOST_TOLD, Outside
from appointments.models import Appointment
from mybcat.gateway.inputs import ClockField, DayField, IdField, IdListField, Input
from mybcat.ids import familiar_id, public_id
from practices.models import TimeOff, WorkingHours

# As files of hours have them; 0 is Monday.
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
REASONS = [code for code, _ in TimeOff._meta.get_field("reason").choices or ()]
_END = "00:00 is the end of the day"


class WeekdayField(serializers.ChoiceField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(choices=WEEKDAYS, error_messages={"invalid_choice": "monday to sunday"}, **kwargs)

    def to_internal_value(self, data: Any) -> int:  # type: ignore[override]
        return WEEKDAYS.index(super().to_internal_value(data))


class PreviewQuery(Input):
    preview = serializers.ChoiceField(
        choices=("true", "false"), default="false", help_text="true: answers what would be, and keeps nothing"
    )


class WorkingHoursQuery(Input):
    practitioner = IdListField("pract", required=False, help_text="ids, apart by commas")


class WorkingHoursInput(Input):
    practitionerId = IdField("pract", source="practitioner_id")
    locationId = IdField("loc", source="location_id")
    weekday = WeekdayField()
    starts = ClockField(help_text="on the location's clock")
    ends = ClockField(help_text=_END)
    validFrom = DayField(source="valid_from", required=False, help_text="the first day; absent: today")
    validUntil = DayField(
        source="valid_until",
        required=False,
        allow_null=True,
        help_text="the first day without; null: until further notice",
    )


class WorkingHoursChange(Input):
    locationId = IdField("loc", source="location_id", required=False)
    weekday = WeekdayField(required=False)
    starts = ClockField(required=False)
    ends = ClockField(required=False, help_text=_END)
    validFrom = DayField(source="valid_from", required=False)
    validUntil = DayField(source="valid_until", required=False, allow_null=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not attrs:
            raise serializers.ValidationError("Nothing to change")
        return attrs


class TimeOffInput(Input):
    practitionerId = IdField(
        "pract", source="practitioner_id", required=False, allow_null=True, help_text="absent: everybody there"
    )
    locationId = IdField("loc", source="location_id", required=False, allow_null=True, help_text="absent: everywhere")
    firstDay = DayField(source="first_day")
    lastDay = DayField(source="last_day", help_text="it is off as well")
    starts = ClockField(required=False, help_text="of the first day, on the location's clock, else the practice's")
    ends = ClockField(required=False, help_text=f"of the last day; {_END}")
    reason = serializers.ChoiceField(choices=REASONS, error_messages={"invalid_choice": "No such reason"})


class WorkingHoursOutput(serializers.Serializer[Any]):
    id = serializers.CharField()
    practitionerId = serializers.CharField()
    locationId = serializers.CharField()
    weekday = serializers.ChoiceField(choices=WEEKDAYS)
    starts = ClockField()
    ends = ClockField(help_text=_END)
    validFrom = serializers.DateField()
    validUntil = serializers.DateField(allow_null=True, help_text="exclusive; null: until further notice")


class LeftOutsideOutput(serializers.Serializer[Any]):
    appointmentId = serializers.CharField()
    practitionerId = serializers.CharField()
    locationId = serializers.CharField()
    start = serializers.DateTimeField()
    end = serializers.DateTimeField()


class OutsideOutput(serializers.Serializer[Any]):
    preview = serializers.BooleanField(help_text="true: nothing was kept")
    appointmentsOutside = serializers.IntegerField(
        help_text="booked appointments to come that lie outside by this change; they stand until somebody moves them"
    )
    soonest = LeftOutsideOutput(many=True, help_text=f"of those, at most {MOST_TOLD}")


class HoursChangedOutput(OutsideOutput):
    workingHours = WorkingHoursOutput(allow_null=True, help_text="null: a preview, or removed")


class TimeOffOutput(serializers.Serializer[Any]):
    id = serializers.CharField()
    practitionerId = serializers.CharField(allow_null=True, help_text="null: everybody there")
    locationId = serializers.CharField(allow_null=True, help_text="null: everywhere")
    start = serializers.DateTimeField()
    end = serializers.DateTimeField()
    reason = serializers.ChoiceField(choices=REASONS)


class TimeOffTakenOutput(OutsideOutput):
    timeOff = TimeOffOutput(allow_null=True, help_text="null: a preview")


def show_hours(row: WorkingHours) -> dict[str, Any]:
    return {
        "id": public_id("hours", row.id),
        "practitionerId": familiar_id("pract", row.practitioner_id),
        "locationId": familiar_id("loc", row.location_id),
        "weekday": WEEKDAYS[row.weekday],
        "starts": f"{row.starts:%H:%M}",
        "ends": f"{row.ends:%H:%M}",
        "validFrom": row.valid_from.isoformat(),
        "validUntil": row.valid_until.isoformat() if row.valid_until else None,
    }


def show_time_off(row: TimeOff) -> dict[str, Any]:
    return {
        "id": public_id("toff", row.id),
        "practitionerId": row.practitioner_id and familiar_id("pract", row.practitioner_id),
        "locationId": row.location_id and familiar_id("loc", row.location_id),
        "start": row.starts_at,
        "end": row.ends_at,
        "reason": row.reason,
    }


def show_outside(outside: Outside) -> dict[str, Any]:
    return {
        "appointmentsOutside": outside.count,
        "soonest": [_show_left(appointment) for appointment in outside.soonest],
    }


def _show_left(row: Appointment) -> dict[str, Any]:
    return {
        "appointmentId": public_id("appt", row.id),
        "practitionerId": familiar_id("pract", row.practitioner_id),
        "locationId": familiar_id("loc", row.location_id),
        "start": row.starts_at,
        "end": row.ends_at,
    }
