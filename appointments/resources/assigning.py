"""Rooms and equipment that appointments need: which are free, whose they become, and when they are given back.

One answers for all who take them: `appointments_free_resources()` in the migrations, which locks the resources of the
place before it looks, so that of two who want the last one the second sees the first.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import cast
from uuid import UUID

from django.db import connection
from django.db.models import Q
from django.db.models.functions import Now

from appointments.models import Appointment, Hold, ResourceUse
from appointments.taking import Needed
from appointments.unavailable import NoResource
from practices.models import AppointmentType
from practices.resources.models import Resource

_FREE = "SELECT appointments_free_resources(%s, %s, %s, %s, %s, %s)"


def assign(appointment: Appointment, *, by: UUID) -> None:
    """Give it one resource of each category that its type needs, where it stands now and for as long.

    What it has had until now, and what `by` holds, counts as free. Raises NoResource.
    """
    owner = appointment.id
    needed = Needed.now(appointment)
    found = free_resources(
        kind=appointment.appointment_type, location_id=appointment.location_id, needed=needed, owner=owner, by=by
    )
    _use(found, needed, owner_id=owner, appointment=appointment)


def keep(found: Collection[UUID], *, hold: Hold, needed: Needed) -> None:
    """The hold keeps these, which are free to its holder, for that time; times of one holder may share them."""
    _use(found, needed, owner_id=hold.holder_id, hold=hold)


def uses_of(appointment: Appointment) -> list[UUID]:
    """What it has where it stands now."""
    return list(ResourceUse.objects.filter(appointment=appointment, hold=None).values_list("id", flat=True))


def leave(uses: Collection[UUID], *, kept: Hold | None) -> None:
    """These are kept by the hold for an undo; with None given back."""
    rows = ResourceUse.objects.filter(id__in=uses)
    if not uses:
        return
    if kept is None:
        rows.delete()
    else:
        rows.update(hold=kept)


def take_back(appointment: Appointment, *, kept: Hold) -> None:
    """What was kept for an undo is the appointment's again."""
    ResourceUse.objects.filter(appointment=appointment, hold=kept).update(hold=None)


def drop(hold: Hold) -> None:
    """What the hold has kept is free."""
    ResourceUse.objects.filter(hold=hold).delete()


def free_resources(
    *, kind: AppointmentType, location_id: UUID, needed: Needed, owner: UUID, by: UUID
) -> Collection[UUID]:
    """One of each category that the type needs, free then to that owner and to whoever acts; their slots are locked.

    Raises NoResource.
    """
    if not kind.resource_categories:
        return ()
    span = (needed.occupied_from, needed.occupied_until)
    with connection.cursor() as cursor:
        cursor.execute(_FREE, [kind.resource_categories, location_id, *span, owner, by])
        (found,) = cast("tuple[list[UUID] | None]", cursor.fetchone())
    if found is None:
        raise NoResource
    return found


def taken_categories(
    *, categories: Sequence[str], location_id: UUID, span: tuple[datetime, datetime], mine: Collection[UUID]
) -> list[str]:
    """Those of which nothing is free in `span`, at its place; what `mine` have or hold counts as free."""
    used = ResourceUse.objects.filter(
        Q(hold=None) | Q(hold__expires_at__gt=Now()), occupied_from__lt=span[1], occupied_until__gt=span[0]
    ).exclude(Q(owner_id__in=mine) | Q(hold__holder_id__in=mine))
    free = Resource.objects.active().filter(location_id=location_id, category__in=categories)
    found = set(free.exclude(id__in=used.values("resource_id")).values_list("category", flat=True))
    return [category for category in categories if category not in found]


def _use(found: Collection[UUID], needed: Needed, **whose: object) -> None:
    span = {"occupied_from": needed.occupied_from, "occupied_until": needed.occupied_until}
    ResourceUse.objects.bulk_create(ResourceUse(resource_id=each, **span, **whose) for each in found)
