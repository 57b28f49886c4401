"""What both versions of the appointments' routes take in."""

from typing import Any

from rest_framework import serializers

from appointments.life_cycle import EVENTS
from appointments.models import Appointment
from appointments.wishes import URGENCIES, WEEKDAYS, PartOfDay
from mybcat.gateway.inputs import DayField, IdField, IdListField, Input, InstantField, read
from mybcat.ids import internal_id
from practices.protocols.serializers import AnswersField

MAX_DAYS = 62
# Characters of a type's code.
MAX_CODE = 60


_DAY = "|".join(WEEKDAYS)


class BookingInput(Input):
    patientId = IdField("pat", source="patient_id")
    slotId = IdField("slot", source="slot_id")
    type = serializers.CharField(source="type_code", max_length=MAX_CODE, help_text="code of an appointment type")


_OF_BOOKING = {"patientId", "slotId", "type"}


def read_booking(body: Any) -> dict[str, Any]:
    """`body` as BookingInput has it. Raises ValidationError or UnknownId, as it does.

    By hand where nothing is wrong: DRF's way through three fields costs a booking 2 %.
    """
    if isinstance(body, dict) and body.keys() == _OF_BOOKING:
        patient, slot, code = body["patientId"], body["slotId"], body["type"]
        texts = isinstance(patient, str) and isinstance(slot, str) and isinstance(code, str)
        if texts and code == code.strip() and 0 < len(code) <= MAX_CODE:
            return {
                "patient_id": internal_id("pat", patient),
                "slot_id": internal_id("slot", slot),
                "type_code": code,
            }
    booking: dict[str, Any] = read(BookingInput, body)
    return booking


class CancellationInput(Input):
    # DRF's own sentence repeats what was sent, which may tell of a patient.
    reason = serializers.ChoiceField(
        choices=Appointment.CancellationReason.choices, error_messages={"invalid_choice": "No such reason"}
    )


class MoveInput(Input):
    slotId = IdField("slot", source="slot_id", help_text="where it begins then; of any practitioner, at any location")


class SwapInput(Input):
    withAppointmentId = IdField("appt", source="with_id", help_text="whose place it takes, and who takes its")


class OverbookingInput(BookingInput):
    reason = serializers.ChoiceField(
        choices=Appointment.OverbookingReason.choices, error_messages={"invalid_choice": "No such reason"}
    )
    answers = AnswersField(
        required=False, help_text="to the protocol in force: who may not overbook may where they make it an emergency"
    )


class StatusInput(Input):
    status = serializers.ChoiceField(choices=sorted(EVENTS), error_messages={"invalid_choice": "No such status"})


class DaysQuery(Input):
    """Days on the practice's clock, both included. Default: today."""

    practitioner = IdListField("pract", required=False, help_text="ids, apart by commas")
    location = IdListField("loc", required=False, help_text="ids, apart by commas")
    to = DayField(required=False)

    def get_fields(self) -> dict[str, serializers.Field]:
        # `from` is no Python name.
        return {"from": DayField(required=False), **super().get_fields()}

    def validate(self, attrs: dict[str, object]) -> dict[str, object]:
        first, last = attrs.get("from"), attrs.get("to")
        if first and last and not 0 <= (last - first).days < MAX_DAYS:  # type: ignore[operator]
            raise serializers.ValidationError({"to": [f"At most {MAX_DAYS} days, and not before `from`"]})
        return attrs


class SlotsQuery(DaysQuery):
    type = serializers.CharField(
        required=False, max_length=60, help_text="only slots at which an appointment of this type can begin"
    )


FOR_WHOM = "one id: times are left out that are for new patients, where this one has been here; default: not known"


class OpenSlotsQuery(SlotsQuery):
    """v1, which is frozen, cannot be asked for a patient's."""

    patient = IdListField("pat", required=False, help_text=f"with `type`, {FOR_WHOM}")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "patient" in attrs and not attrs.get("type"):
            raise serializers.ValidationError({"patient": ["Only with `type`"]})
        return of_one(super().validate(attrs), "patient")


class NextQuery(Input):
    type = serializers.CharField(max_length=60, help_text="code of an appointment type")
    practitioner = IdListField("pract", required=False, help_text="ids, apart by commas")
    location = IdListField("loc", required=False, help_text="ids, apart by commas")
    count = serializers.IntegerField(min_value=1, max_value=50, default=5)

    def get_fields(self) -> dict[str, serializers.Field]:
        return {"from": InstantField(required=False), **super().get_fields()}


class WishedQuery(NextQuery):
    """What a caller can come for; v1, which is frozen, cannot be asked for it."""

    until = InstantField(required=False, help_text="begins before")
    partOfDay = serializers.ChoiceField(
        source="part_of_day",
        choices=[(part.value, part.value) for part in PartOfDay],
        required=False,
        help_text="on the location's clock: before noon, from noon to 5 pm, from 5 pm on",
    )
    weekday = serializers.RegexField(
        f"^({_DAY})(,({_DAY}))*$",
        required=False,
        help_text="days of the location's week, apart by commas: mon,wed",
        error_messages={"invalid": f"Some of {', '.join(WEEKDAYS)}, apart by commas"},
    )

    urgency = serializers.ChoiceField(
        choices=URGENCIES,
        required=False,
        error_messages={"invalid_choice": "No such urgency"},
        help_text="emergency: today only; urgent: the soonest; routine: alternatives on different days, at different "
        "times of day, with different people; default: the soonest",
    )
    newPatient = serializers.ChoiceField(
        choices=["true", "false"],
        required=False,
        help_text="whether the patient has never been here; default: not known",
    )
    patient = IdListField("pat", required=False, help_text=FOR_WHOM)
    insurance = serializers.CharField(
        required=False, max_length=120, help_text="an insurer: each offer says whether the practice lists it"
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "until" in attrs and "from" in attrs and attrs["until"] <= attrs["from"]:
            raise serializers.ValidationError({"until": ["Not before `from`"]})
        return of_one(attrs, "patient")


class WhyNotQuery(Input):
    type = serializers.CharField(max_length=60, help_text="code of an appointment type")
    practitioner = IdListField("pract", help_text="one id")
    location = IdListField("loc", required=False, help_text="one id; default: wherever the practitioner is that day")
    start = InstantField()
    newPatient = serializers.ChoiceField(
        choices=["true", "false"],
        required=False,
        help_text="whether the patient has never been here; default: not known",
    )
    patient = IdListField("pat", required=False, help_text=FOR_WHOM)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        return of_one(attrs, "practitioner", "location", "patient")


def of_one(attrs: dict[str, Any], *names: str) -> dict[str, Any]:
    """The input, where each of `names` that it has is one id. Raises ValidationError."""
    if several := [name for name in names if len(attrs.get(name, [None])) != 1]:
        raise serializers.ValidationError({name: ["Give one id"] for name in several})
    return attrs
