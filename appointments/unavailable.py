"""What is said of a time that cannot be had."""

from mybcat.errors import DomainError


class Unavailable(DomainError):
    """The time cannot be had. v2 says why in full and what can be offered instead: see `why_not.py`."""


class SlotTaken(Unavailable):
    code = "slot_taken"
    status = 409
    sentence = "Slot is no longer available"


class SlotInPast(Unavailable):
    code = "slot_in_past"
    status = 409
    sentence = "Slot is in the past"


class NotEnoughTime(Unavailable):
    code = "not_enough_time"
    status = 409
    sentence = "There is not enough free time at this slot for this type of appointment"


class NoResource(Unavailable):
    code = "no_resource"
    status = 409
    sentence = "No room or equipment that this type of appointment needs is free then"


class PractitionerInactive(Unavailable):
    code = "practitioner_inactive"
    status = 409
    sentence = "The practitioner does not see patients any more"


class LocationInactive(Unavailable):
    code = "location_inactive"
    status = 409
    sentence = "Patients are not seen at this location any more"
