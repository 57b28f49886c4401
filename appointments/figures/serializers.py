"""What goes in and out of the reports on time and calls."""

from typing import Any

from rest_framework import serializers

from appointments.calls.models import Call
from appointments.figures.lead_times import LeadBy
from mybcat.gateway.inputs import DayField, Input

MAX_DAYS = 366
RATE = "from 0 to 1"


class FigureDaysQuery(Input):
    """Days on the practice's clock, both included."""

    to = DayField()

    def get_fields(self) -> dict[str, serializers.Field]:
        # `from` is no Python name.
        return {"from": DayField(), **super().get_fields()}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not 0 <= (attrs["to"] - attrs["from"]).days < MAX_DAYS:
            raise serializers.ValidationError({"to": [f"At most {MAX_DAYS} days, and not before `from`"]})
        return attrs


class LeadTimesQuery(FigureDaysQuery):
    by = serializers.ChoiceField(
        choices=[(by.value, by.value) for by in LeadBy],
        required=False,
        help_text="a line for each of these; default: type",
        error_messages={"invalid_choice": f"One of {', '.join(LeadBy)}"},
    )


class FillRateLineOutput(serializers.Serializer[Any]):
    date = serializers.DateField()
    practitionerId = serializers.CharField()
    practitioner = serializers.CharField()
    bookableMinutes = serializers.IntegerField(help_text="free, held or taken")
    bookedMinutes = serializers.IntegerField(help_text="taken by appointments, buffers among them")
    rate = serializers.FloatField(help_text=RATE)


class LeadTimeLineOutput(serializers.Serializer[Any]):
    group = serializers.CharField(help_text="a type's code, or a date")
    name = serializers.CharField(allow_blank=True)
    appointments = serializers.IntegerField()
    medianDays = serializers.FloatField(help_text="calendar days from booking to start; 0: the same day")
    p90Days = serializers.FloatField(help_text="nine of ten waited no longer")


class ThirdNextLineOutput(serializers.Serializer[Any]):
    type = serializers.CharField()
    typeName = serializers.CharField()
    practitionerId = serializers.CharField()
    practitioner = serializers.CharField()
    thirdNextAt = serializers.DateTimeField(allow_null=True, help_text="null: fewer than three are free")
    days = serializers.IntegerField(allow_null=True, help_text="calendar days from today; 0: today")


class CallReasonsOutput(serializers.Serializer[Any]):
    def get_fields(self) -> dict[str, serializers.Field]:
        return {reason: serializers.IntegerField() for reason in Call.Reason.values}


class CallDayLineOutput(serializers.Serializer[Any]):
    date = serializers.DateField()
    agentId = serializers.CharField(allow_null=True, help_text="a member's; null: a program")
    agentName = serializers.CharField(allow_null=True)
    calls = serializers.IntegerField(help_text="all that were opened")
    booked = serializers.IntegerField()
    notBooked = serializers.IntegerField()
    rate = serializers.FloatField(allow_null=True, help_text=f"booked of booked and not booked, {RATE}; null: neither")
    reasons = CallReasonsOutput(help_text="of those that were not booked")


class _Report(serializers.Serializer[Any]):
    timeZone = serializers.CharField(help_text="whose days these are")
    lines: type[serializers.Serializer[Any]]

    def get_fields(self) -> dict[str, serializers.Field]:
        # `data` is a serializer's own name.
        return {**super().get_fields(), "data": self.lines(many=True)}


class FillRateOutput(_Report):
    lines = FillRateLineOutput


class LeadTimesOutput(_Report):
    lines = LeadTimeLineOutput


class ThirdNextOutput(_Report):
    lines = ThirdNextLineOutput


class CallBookingsOutput(_Report):
    lines = CallDayLineOutput
