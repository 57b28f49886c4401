"""What the waitlist's routes take in and show."""

from typing import Any

from rest_framework import serializers

from appointments.serializers import MAX_CODE
from appointments.waitlist.models import WaitlistEntry, WaitlistOffer, WaitlistOpening
from appointments.wishes import WEEKDAYS, PartOfDay
from mybcat.gateway.inputs import DayField, IdField, IdListField, Input
from mybcat.ids import public_id

# Of practitioners, or of locations, that one entry names.
MOST_NAMED = 20
_PARTS = [(part.value, part.value) for part in PartOfDay]
_WEEKDAYS = [(day, day) for day in WEEKDAYS]


class WaitlistInput(Input):
    """Each wish may be left out: then any will do."""

    patientId = IdField("pat", source="patient_id")
    type = serializers.CharField(source="type_code", max_length=MAX_CODE, help_text="code of an appointment type")
    appointmentId = IdField(
        "appt",
        source="appointment_id",
        required=False,
        help_text="the patient's own, to be earlier: it moves, and nothing is booked besides",
    )
    practitionerIds = serializers.ListField(
        child=IdField("pract"), source="practitioner_ids", required=False, max_length=MOST_NAMED
    )
    locationIds = serializers.ListField(
        child=IdField("loc"), source="location_ids", required=False, max_length=MOST_NAMED
    )
    fromDate = DayField(source="from_date", required=False, help_text="on the location's clock")
    untilDate = DayField(source="until_date", required=False, help_text="the last day that will do")
    partOfDay = serializers.ChoiceField(
        source="part_of_day",
        choices=_PARTS,
        required=False,
        help_text="before noon, from noon to 5 pm, from 5 pm on",
    )
    weekdays = serializers.ListField(child=serializers.ChoiceField(choices=_WEEKDAYS), required=False, max_length=7)
    urgency = serializers.ChoiceField(choices=WaitlistEntry.Urgency.choices, required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "until_date" in attrs and "from_date" in attrs and attrs["until_date"] < attrs["from_date"]:
            raise serializers.ValidationError({"untilDate": ["Not before `fromDate`"]})
        return attrs


class WaitlistQuery(Input):
    status = serializers.ChoiceField(
        choices=WaitlistEntry.Status.choices, required=False, help_text="none: all that still wait"
    )
    patient = IdListField("pat", required=False, help_text="ids, apart by commas")


class WaitlistOffersQuery(Input):
    """The newest first."""

    slot = IdListField("slot", required=False, help_text="where times that became free begin: ids, apart by commas")
    practitioner = IdListField("pract", required=False, help_text="ids, apart by commas")
    openingStatus = serializers.ChoiceField(
        source="opening_status",
        choices=WaitlistOpening.Status.choices,
        required=False,
        help_text="`open`: what is on offer now",
    )


class WaitlistEntryOutput(serializers.Serializer[Any]):
    waitlistEntryId = serializers.CharField()
    patientId = serializers.CharField()
    firstName = serializers.CharField()
    lastName = serializers.CharField()
    type = serializers.CharField()
    appointmentId = serializers.CharField(
        allow_null=True, help_text="what is to be earlier; once `booked`, what was booked or moved"
    )
    practitionerIds = serializers.ListField(child=serializers.CharField())
    locationIds = serializers.ListField(child=serializers.CharField())
    fromDate = serializers.DateField(allow_null=True)
    untilDate = serializers.DateField(allow_null=True)
    partOfDay = serializers.ChoiceField(choices=_PARTS, allow_null=True)
    weekdays = serializers.ListField(child=serializers.ChoiceField(choices=_WEEKDAYS))
    urgency = serializers.ChoiceField(choices=WaitlistEntry.Urgency.choices)
    status = serializers.ChoiceField(choices=WaitlistEntry.Status.choices)
    createdAt = serializers.DateTimeField()
    endedAt = serializers.DateTimeField(allow_null=True)


class WaitlistOfferOutput(serializers.Serializer[Any]):
    waitlistOfferId = serializers.CharField()
    waitlistEntryId = serializers.CharField()
    patientId = serializers.CharField()
    openingId = serializers.CharField()
    openingStatus = serializers.ChoiceField(
        choices=WaitlistOpening.Status.choices,
        help_text="`filled`: from the waitlist; `taken`: by somebody else; `lapsed`: nobody left to ask, or no time",
    )
    slotId = serializers.CharField()
    practitionerId = serializers.CharField()
    locationId = serializers.CharField()
    start = serializers.DateTimeField()
    batch = serializers.IntegerField(help_text="1: asked first")
    status = serializers.ChoiceField(choices=WaitlistOffer.Status.choices)
    offeredAt = serializers.DateTimeField()
    expiresAt = serializers.DateTimeField()
    answeredAt = serializers.DateTimeField(allow_null=True, help_text="when the patient said yes, in time or not")


class WaitlistEntryWithOffersOutput(WaitlistEntryOutput):
    offers = WaitlistOfferOutput(many=True)


def show_entry(entry: WaitlistEntry) -> dict[str, Any]:
    """Of an entry with its patient and type."""
    return {
        "waitlistEntryId": public_id("wait", entry.id),
        "patientId": public_id("pat", entry.patient_id),
        "firstName": entry.patient.first_name,
        "lastName": entry.patient.last_name,
        "type": entry.appointment_type.code,
        "appointmentId": public_id("appt", entry.appointment_id) if entry.appointment_id else None,
        "practitionerIds": [public_id("pract", each) for each in entry.practitioner_ids],
        "locationIds": [public_id("loc", each) for each in entry.location_ids],
        "fromDate": entry.from_date,
        "untilDate": entry.until_date,
        "partOfDay": entry.part_of_day or None,
        "weekdays": entry.weekdays,
        "urgency": entry.urgency,
        "status": entry.status,
        "createdAt": entry.created_at,
        "endedAt": entry.ended_at,
    }


def show_offer(offer: WaitlistOffer) -> dict[str, Any]:
    """Of an offer with its entry and opening."""
    opening = offer.opening
    return {
        "waitlistOfferId": public_id("wofr", offer.id),
        "waitlistEntryId": public_id("wait", offer.entry_id),
        "patientId": public_id("pat", offer.entry.patient_id),
        "openingId": public_id("wopn", opening.id),
        "openingStatus": opening.status,
        "slotId": public_id("slot", opening.slot_id),
        "practitionerId": public_id("pract", opening.practitioner_id),
        "locationId": public_id("loc", opening.location_id),
        "start": opening.starts_at,
        "batch": offer.batch,
        "status": offer.status,
        "offeredAt": offer.offered_at,
        "expiresAt": offer.expires_at,
        "answeredAt": offer.answered_at,
    }
