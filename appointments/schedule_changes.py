"""Telling that calendars are other than they were: whoever shows their days reads them again."""

from datetime import datetime
from uuid import UUID

from mybcat import events
from mybcat.events import EventType
from mybcat.ids import public_id
from mybcat.principal import Principal
from practices.models import Practitioner


def tell_schedule(practitioner_id: UUID | None, *, by: Principal, now: datetime) -> None:
    """When they work, what of it is reserved, or how much they take a day, is another from now on.

    None: of everybody who is active, an event for each. In the caller's transaction.
    """
    everybody = Practitioner.objects.filter(is_active=True).order_by("id").values_list("id", flat=True)
    for whose in [practitioner_id] if practitioner_id else everybody:
        data = {"practitionerId": public_id("pract", whose)}
        events.publish(type=EventType.SCHEDULE_UPDATED, subject_id=whose, data=data, by=by, now=now)
