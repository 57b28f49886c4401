"""Agents of the product under test, who book over real HTTP."""

import time
from dataclasses import dataclass, field
from typing import Any, Self

import httpx

from tests.faults.product import PATIENCE, Api, Product


@dataclass(frozen=True, kw_only=True)
class Office:
    """A practice of the product's own database."""

    practice: str
    email: str
    password: str
    patient: str
    patient_row: str
    type: str
    slots: list[str] = field(repr=False)

    def left(self, product: Product) -> dict[str, int]:
        """What bookings left, counted."""
        return {
            table: product.rows(f"SELECT count(*) FROM {name} WHERE practice_id = %s {only}", self.practice)[0][0]
            for table, name, only in (
                ("appointments", "appointments_appointment", ""),
                ("busy slots", "appointments_slot", "AND status = 'busy'"),
                ("events", "mybcat_event", "AND type = 'appointment.booked'"),
                ("keys", "mybcat_idempotencykey", ""),
            )
        }


def each(number: int) -> dict[str, int]:
    """What so many bookings leave, no more and no less."""
    return {"appointments": number, "busy slots": number, "events": number, "keys": number}


@dataclass(frozen=True)
class Told:
    """An answer, and how long it took."""

    status: int
    seconds: float
    body: dict[str, Any]
    headers: httpx.Headers


class Agent:
    """Signed in at one `api`, with a connection of its own."""

    def __init__(self, api: Api, office: Office) -> None:
        self.office = office
        self._http = httpx.Client(base_url=api.url, timeout=PATIENCE)
        answer = self._http.post("/api/auth/token", json={"email": office.email, "password": office.password})
        assert answer.status_code == 200, answer.text
        self.authorization = f"Bearer {answer.json()['accessToken']}"
        self._http.headers["Authorization"] = self.authorization

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def book(self, slot: int, *, key: str) -> Told:
        """Books the practice's patient. Raises httpx's errors where no answer comes."""
        body = {"patientId": self.office.patient, "slotId": self.office.slots[slot], "type": self.office.type}
        begun = time.monotonic()
        answer = self._http.post("/api/v1/appointments", json=body, headers={"X-Idempotency-Key": key})
        return Told(answer.status_code, time.monotonic() - begun, answer.json(), answer.headers)

    def get(self, path: str) -> httpx.Response:
        return self._http.get(path)
