"""v2: what stands against a time, in a sentence and in what the sentence is made of."""

from typing import Any

from rest_framework import serializers

from appointments.blockers import Blocker, Code
from appointments.facts import Facts, Span


class SpanOutput(serializers.Serializer[Any]):
    start = serializers.DateTimeField()
    end = serializers.DateTimeField()


class BlockerValuesOutput(serializers.Serializer[Any]):
    practitioner = serializers.CharField(
        required=False, help_text="practitioner_inactive, time_off, not_in, cap: the name"
    )
    location = serializers.CharField(required=False, help_text="location_inactive, cap: the name")
    appointmentType = serializers.CharField(required=False, help_text="audience, cap: the name")
    audience = serializers.ChoiceField(
        choices=["new", "returning"], required=False, help_text="audience: the patients whom the type is for"
    )
    heldBy = serializers.CharField(required=False, help_text="held: the member's name; not of what a program holds")
    block = serializers.CharField(required=False, help_text="block: what the reserved time is called")
    beenHere = serializers.BooleanField(
        required=False, help_text="block: it is kept for new patients, and this one has been here before"
    )
    freeFrom = serializers.DateTimeField(required=False, help_text="block: when anybody may have it; else never")
    resource = serializers.CharField(required=False, help_text="resource: the category of which none is free")
    most = serializers.IntegerField(required=False, help_text="cap: how many there may be a day")
    minutes = serializers.IntegerField(required=False, help_text="too_short: how many are missing")
    day = serializers.DateField(required=False, help_text="not_in, cap: the day, on the clock of the place")
    weekly = serializers.BooleanField(required=False, help_text="not_in: true where it is so on all such weekdays")
    lastDay = serializers.DateField(required=False, help_text="beyond_horizon: until when the calendar is open")
    appointment = SpanOutput(required=False, help_text="buffer: the other appointment without its buffers")
    hours = SpanOutput(many=True, required=False, help_text="not_in: when they are in on that day, if at all")
    starts = serializers.ListField(
        child=serializers.DateTimeField(), required=False, help_text="off_grid: the nearest times that begin one"
    )


class BlockerOutput(serializers.Serializer[Any]):
    code = serializers.ChoiceField(choices=[code.value for code in Code])
    sentence = serializers.CharField()
    start = serializers.DateTimeField(allow_null=True)
    end = serializers.DateTimeField(allow_null=True)
    values = BlockerValuesOutput(
        help_text="what the sentence is made of, for who words it otherwise; no patient's data"
    )


def show_blocker(blocker: Blocker) -> dict[str, Any]:
    return {
        "code": blocker.code.value,
        "sentence": blocker.sentence,
        "start": blocker.since,
        "end": blocker.until,
        "values": _values(blocker.facts),
    }


def _values(facts: Facts) -> dict[str, Any]:
    """Only what there is to say."""
    shown = {
        "practitioner": facts.practitioner,
        "location": facts.location,
        "appointmentType": facts.appointment_type,
        "audience": facts.audience,
        "heldBy": facts.held_by,
        "block": facts.block,
        "beenHere": facts.been_here,
        "freeFrom": facts.free_from,
        "resource": facts.resource,
        "most": facts.most,
        "minutes": facts.minutes,
        "day": facts.day,
        "weekly": facts.weekly,
        "lastDay": facts.last_day,
        "appointment": facts.appointment and _span(facts.appointment),
        "hours": facts.hours and [_span(stay) for stay in facts.hours],
        "starts": facts.starts and list(facts.starts),
    }
    return {name: value for name, value in shown.items() if value is not None}


def _span(span: Span) -> dict[str, Any]:
    return {"start": span[0], "end": span[1]}
