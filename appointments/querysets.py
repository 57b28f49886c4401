"""How slots and appointments are asked for."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from django.db import models
from django.db.models import F

from mybcat.tenancy import PracticeQuerySet


class SlotQuerySet(PracticeQuerySet[Any]):
    def free(self) -> Self:
        return self.filter(status="free")

    def starting_between(self, start: datetime, end: datetime) -> Self:
        """`[start, end)`."""
        return self.filter(starts_at__gte=start, starts_at__lt=end)

    def of_practitioners(self, practitioners: Collection[UUID]) -> Self:
        """Of these practitioners; of all where none is named."""
        return self.filter(practitioner_id__in=practitioners) if practitioners else self

    def at_locations(self, locations: Collection[UUID]) -> Self:
        """At these locations; at all where none is named."""
        return self.filter(location_id__in=locations) if locations else self


class AppointmentQuerySet(PracticeQuerySet[Any]):
    def starting_between(self, start: datetime, end: datetime) -> Self:
        """`[start, end)`."""
        return self.filter(starts_at__gte=start, starts_at__lt=end)

    def of_practitioners(self, practitioners: Collection[UUID]) -> Self:
        """Of these practitioners; of all where none is named."""
        return self.filter(practitioner_id__in=practitioners) if practitioners else self

    def at_locations(self, locations: Collection[UUID]) -> Self:
        """At these locations; at all where none is named."""
        return self.filter(location_id__in=locations) if locations else self

    def shown(self) -> "models.QuerySet[Any, Any]":
        """Rows with what the API shows: tuples, since 200 model instances cost a calendar 6 ms."""
        return self.annotate(time_zone=F("practice__time_zone"), type_code=F("appointment_type__code")).values_list(
            "id",
            "patient_id",
            "slot_id",
            "practitioner_id",
            "location_id",
            "status",
            "starts_at",
            "ends_at",
            "overbooked",
            "group_id",
            "time_zone",
            "type_code",
            "confirmed_at",
            named=True,
        )

    def occupying(self) -> Self:
        """Those that take the practitioner's time; the overbooked stand beside them."""
        return self.filter(status__in=("booked", "arrived", "fulfilled"), overbooked=False)
