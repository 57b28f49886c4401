"""Where a visit's clinician is: checked, stored, and made ready for whoever watches."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import isfinite
from typing import Any
from uuid import UUID

from django.db import connection

from appointments.models import Appointment
from mybcat.errors import DomainError, Forbidden, UnknownId
from mybcat.ids import new_uuid, public_id
from mybcat.principal import Principal
from mybcat.tenancy import practice_scope
from realtime.models import Visit, VisitLocation
from realtime.visits.arrival import Point, eta, metres_between, recent_speed
from realtime.visits.services import OPEN

_CALLED_OFF = (Appointment.Status.CANCELLED, Appointment.Status.ENTERED_IN_ERROR)
# No device needs to be more eager.
SOONEST = timedelta(seconds=1)

# Written out, like what follows: five million trips would pay for the ORM four times as much as for PostgreSQL.
_FIND = """
    SELECT visit.status, practitioner.user_id, visit.destination_latitude, visit.destination_longitude,
           known.latitude, known.longitude, known.metres_per_second, known.at
    FROM realtime_visit AS visit
    JOIN practices_practitioner AS practitioner
      ON practitioner.practice_id = visit.practice_id AND practitioner.id = visit.practitioner_id
    LEFT JOIN realtime_visitlocation AS known ON known.practice_id = visit.practice_id AND known.visit_id = visit.id
    WHERE visit.practice_id = %s AND visit.id = %s
"""
_STORE = """
    WITH latest AS (
        INSERT INTO realtime_visitlocation AS known
            (id, practice_id, visit_id, latitude, longitude, metres_per_second, at)
        VALUES (%(id)s, %(practice)s, %(visit)s, %(latitude)s, %(longitude)s, %(speed)s, %(at)s)
        ON CONFLICT (practice_id, visit_id) DO UPDATE SET latitude = EXCLUDED.latitude, at = EXCLUDED.at,
            longitude = EXCLUDED.longitude, metres_per_second = EXCLUDED.metres_per_second
        WHERE known.at <= EXCLUDED.at - %(soonest)s
        RETURNING visit_id
    )
    INSERT INTO realtime_visitposition (id, practice_id, visit_id, latitude, longitude, at)
    SELECT %(trail)s, %(practice)s, visit_id, %(latitude)s, %(longitude)s, %(at)s FROM latest
"""


class InvalidPosition(DomainError):
    code = "invalid_position"
    sentence = "lat is a number from -90 to 90, lng one from -180 to 180"


class TooOften(DomainError):
    code = "too_often"
    status = 429
    sentence = "One position a second is enough"


class VisitNotOpen(DomainError):
    code = "visit_not_open"
    status = 409
    sentence = "Positions are taken while the visit is under way"


@dataclass(frozen=True, slots=True)
class Located:
    """A visit as its watchers are told of it."""

    visit_id: UUID
    status: str
    here: Point | None
    destination: Point | None
    metres_per_second: float | None
    at: datetime | None
    # Whoever has its link is told no more.
    over: bool = False

    def frame(self) -> dict[str, Any] | None:
        """The position, as the wire shows it; None before the first."""
        if self.here is None or self.at is None:
            return None
        return {
            "type": "practitioner_location",
            "visitId": public_id("visit", self.visit_id),
            "lat": self.here.latitude,
            "lng": self.here.longitude,
            "eta": eta(self.here, self.destination, self.metres_per_second) if self.status == "under_way" else None,
            "at": self.at.isoformat(),
        }

    def status_frame(self) -> dict[str, Any]:
        return {"type": "visit_status", "visitId": public_id("visit", self.visit_id), "status": self.status}


def read_point(latitude: object, longitude: object) -> Point:
    """Raises InvalidPosition for anything but two finite numbers within their bounds."""
    for value, most in ((latitude, 90), (longitude, 180)):
        if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value) or abs(value) > most:
            raise InvalidPosition
    return Point(float(latitude), float(longitude))  # type: ignore[arg-type]


def located(*, practice_id: UUID, visit_id: UUID) -> Located:
    """The visit and its newest position. Outside any scope; raises UnknownId."""
    with practice_scope(practice_id):
        visit = Visit.objects.select_related("appointment").filter(id=visit_id).first()
        if visit is None:
            raise UnknownId(prefix="visit", value=visit_id)
        return _located(visit, VisitLocation.objects.filter(visit_id=visit_id).first())


def locate(*, visit_id: UUID, here: Point, by: Principal, now: datetime) -> Located:
    """Store where the clinician is. Outside any scope.

    Raises UnknownId, Forbidden for anybody but the visit's own practitioner, VisitNotOpen, TooOften.
    """
    with practice_scope(by.practice_id), connection.cursor() as cursor:
        cursor.execute(_FIND, [by.practice_id, visit_id])
        row = cursor.fetchone()
        if row is None:
            raise UnknownId(prefix="visit", value=visit_id)
        status, driver, there_latitude, there_longitude, latitude, longitude, speed, before_at = row
        if by.kind != "member" or by.operator_id is not None or driver != by.id:
            raise Forbidden
        if status not in OPEN:
            raise VisitNotOpen
        if before_at is not None:
            metres = metres_between(Point(latitude, longitude), here)
            speed = recent_speed(speed, metres=metres, seconds=(now - before_at).total_seconds())
        _store(cursor, visit_id=visit_id, here=here, speed=speed, practice_id=by.practice_id, now=now)
    there = None if there_latitude is None else Point(there_latitude, there_longitude)
    return Located(visit_id, status, here, there, speed, now)


def _store(cursor: Any, *, visit_id: UUID, here: Point, speed: float | None, practice_id: UUID, now: datetime) -> None:
    """Raises TooOften, by the row itself: two devices of one clinician cannot both find the last second free."""
    row = {
        "id": new_uuid(),
        "trail": new_uuid(),
        "practice": practice_id,
        "visit": visit_id,
        "latitude": here.latitude,
        "longitude": here.longitude,
        "speed": speed,
        "at": now,
        "soonest": SOONEST,
    }
    cursor.execute(_STORE, row)
    if cursor.rowcount == 0:
        raise TooOften


def _located(visit: Visit, location: VisitLocation | None) -> Located:
    known = visit.destination_latitude is not None and visit.destination_longitude is not None
    return Located(
        visit_id=visit.id,
        status=visit.status,
        here=Point(location.latitude, location.longitude) if location else None,
        destination=Point(visit.destination_latitude, visit.destination_longitude) if known else None,  # type: ignore[arg-type]
        metres_per_second=location.metres_per_second if location else None,
        at=location.at if location else None,
        over=visit.status == Visit.Status.DONE or visit.appointment.status in _CALLED_OFF,
    )
