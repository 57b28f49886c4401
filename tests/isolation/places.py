"""Where an id may stand, in every request there is. A route without a row here fails a test."""

from dataclasses import dataclass
from typing import Any

from mybcat.ids import public_id
from tests.callers import Caller
from tests.factories import PASSWORD, Clinic


@dataclass(frozen=True)
class Place:
    """`where` is path, body or query; `prefix` tells what the id names."""

    where: str
    name: str
    prefix: str


PATIENT = Place("path", "patient_id", "pat")
APPOINTMENT = Place("path", "appointment_id", "appt")
WHO_AND_WHERE = (Place("query", "practitioner", "pract"), Place("query", "location", "loc"))

# {v} is each version.
PLACES: dict[tuple[str, str], tuple[Place, ...]] = {
    ("GET", "api/{v}/practitioners"): (),
    ("GET", "api/{v}/locations"): (),
    ("GET", "api/{v}/appointment-types"): (),
    ("GET", "api/{v}/patients"): (),
    ("POST", "api/{v}/patients"): (),
    ("GET", "api/{v}/patients/<str:patient_id>"): (PATIENT,),
    ("PATCH", "api/{v}/patients/<str:patient_id>"): (PATIENT,),
    ("GET", "api/{v}/patients/<str:patient_id>/appointments"): (PATIENT,),
    ("GET", "api/{v}/appointments"): WHO_AND_WHERE,
    ("POST", "api/{v}/appointments"): (Place("body", "patientId", "pat"), Place("body", "slotId", "slot")),
    ("GET", "api/{v}/appointments/<str:appointment_id>"): (APPOINTMENT,),
    ("POST", "api/{v}/appointments/<str:appointment_id>/cancel"): (APPOINTMENT,),
    ("GET", "api/{v}/slots"): WHO_AND_WHERE,
    ("GET", "api/{v}/slots/next"): WHO_AND_WHERE,
    ("POST", "api/auth/token"): (Place("body", "practice", "prac"),),
    ("POST", "api/auth/practice"): (Place("body", "practice", "prac"),),
    ("POST", "api/auth/refresh"): (),
    ("POST", "api/auth/logout"): (),
    ("GET", ".well-known/jwks.json"): (),
    ("GET", "api/schema/v1"): (),
    ("GET", "api/schema/v2"): (),
    ("GET", "api/docs"): (),
}
# What answers without asking who calls, and takes nothing in.
BARE = {"", "healthz", "readyz", "metrics"}


@dataclass(frozen=True)
class Probe:
    """One request with one id in one place."""

    method: str
    path: str
    place: Place

    def __str__(self) -> str:
        return f"{self.method} {self.path} {self.place.name}"

    def send(self, caller: Caller, clinic: Clinic, value: Any, *, appointment: str) -> Any:
        """A good request of the clinic's but for `value` in its place."""
        path, query, body = self.path, _query(self.path), _body(self.method, self.path, clinic)
        own = {"patient_id": public_id("pat", clinic.patient.id), "appointment_id": appointment}
        if self.place.where == "path":
            own[self.place.name] = value
        else:
            (query if self.place.where == "query" else body)[self.place.name] = value
        for name, identifier in own.items():
            path = path.replace(f"<str:{name}>", identifier)
        if self.method == "GET":
            return caller.get(f"/{path}", **query)
        if self.method == "PATCH":
            return caller.patch(f"/{path}", body)
        return caller.post(f"/{path}", body, key="a-probe" if path.endswith("/appointments") else None)


PROBES = [
    Probe(method, path.replace("{v}", version), place)
    for (method, path), places in PLACES.items()
    for version in (("v1", "v2") if "{v}" in path else ("",))
    for place in places
]


def _query(path: str) -> dict[str, Any]:
    return {"type": "comprehensive_exam"} if path.endswith("/next") else {}


def _body(method: str, path: str, clinic: Clinic) -> dict[str, Any]:
    if path.endswith("/appointments") and method == "POST":
        slot, patient = clinic.slots[4], clinic.patient
        return {
            "patientId": public_id("pat", patient.id),
            "slotId": public_id("slot", slot.id),
            "type": clinic.exam.code,
        }
    if path == "api/auth/token":
        return {"email": clinic.agent.email, "password": PASSWORD}
    return {"PATCH": {"lastName": "Ibe"}, "POST": {"reason": "other"} if path.endswith("/cancel") else {}}.get(
        method, {}
    )
