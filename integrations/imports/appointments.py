"""A file of appointments that are to come: each is booked as an agent would book it, or the file is not taken over."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from appointments.booking import book_appointment
from appointments.days import zone
from appointments.models import Appointment, Slot
from appointments.unavailable import Unavailable
from integrations.imports.cells import BadStart, read_start
from integrations.imports.models import ImportedRecord, ImportKind
from integrations.imports.named import locations, practitioners
from integrations.imports.running import Asked, Importer, Outcome
from integrations.imports.sheets import Columns, Line
from mybcat.errors import UnknownId
from mybcat.ids import internal_id, public_id
from patients.models import Patient
from patients.services import PatientMerged
from practices.models import AppointmentType
from practices.subscriptions import require_subscription

COLUMNS = Columns(
    required=("practitioner", "start", "type"),
    optional=("externalId", "patientId", "patientExternalId", "location"),
)
MAX_EXTERNAL_ID = 100


@dataclass(frozen=True, slots=True)
class _Wish:
    line: Line
    patient_id: UUID
    slot_id: UUID
    type_code: str


def run(lines: list[Line], asked: Asked) -> Outcome:
    """Book what the practice in scope does not have yet. Raises SubscriptionLapsed."""
    require_subscription(by=asked.by, now=asked.now)
    outcome = Outcome()
    read = _Reading(lines, asked, outcome)
    wishes = [wish for line in lines if (wish := read.wish(line)) is not None]
    # As all lock slots: an agent who books at the same time waits, and neither is thrown out.
    for wish in sorted(wishes, key=lambda each: each.slot_id):
        _book(wish, asked, outcome)
    return outcome


# A booking takes some 5 ms.
IMPORTER = Importer(columns=COLUMNS, at_once=200, most=2_000, run=run)


def _book(wish: _Wish, asked: Asked, outcome: Outcome) -> None:
    try:
        # What one line is refused must not end the whole: the others are to be tried as well.
        with transaction.atomic():
            booked = book_appointment(
                patient_id=wish.patient_id, slot_id=wish.slot_id, type_code=wish.type_code, by=asked.by, now=asked.now
            )
    except (Unavailable, PatientMerged) as refusal:
        outcome.errors.append(wish.line.wrong("", refusal.code))
        return
    outcome.created += 1
    # Without an id of its own it has ours: that it came from a file is to be known of each.
    outcome.records[wish.line.get("externalId") or public_id("appt", booked.id)] = booked.id


class _Reading:
    """Lines become what is to be booked, errors, or what is booked already."""

    def __init__(self, lines: list[Line], asked: Asked, outcome: Outcome) -> None:
        self._asked, self._outcome, self._errors = asked, outcome, outcome.errors
        self._practitioners, self._locations = practitioners(outcome.errors), locations(outcome.errors)
        self._types = set(AppointmentType.objects.active().values_list("code", flat=True))
        own, others = ({line.get(name) for line in lines} - {""} for name in ("externalId", "patientExternalId"))
        self._imported = ImportedRecord.objects.named(kind=ImportKind.APPOINTMENTS, external_ids=own)
        self._patients = ImportedRecord.objects.named(kind=ImportKind.PATIENTS, external_ids=others)
        self._seen: set[str] = set()

    def wish(self, line: Line) -> _Wish | None:
        """None where nothing is to be booked: it is on record, or among the errors."""
        before = len(self._errors)
        for column in COLUMNS.required:
            if not line.get(column):
                self._wrong(line, column, "missing")
        self._external_id(line)
        patient_id = self._patient(line)
        if line.get("type") and line.get("type") not in self._types:
            self._wrong(line, "type", "unknown_type")
        slot = self._slot(line)
        if len(self._errors) > before or patient_id is None or slot is None:
            return None
        if line.get("externalId") in self._imported or _stands(patient_id, slot):
            self._outcome.known += 1
            return None
        return _Wish(line, patient_id, slot.id, line.get("type"))

    def _external_id(self, line: Line) -> None:
        external_id = line.get("externalId")
        if len(external_id) > MAX_EXTERNAL_ID:
            self._wrong(line, "externalId", "too_long")
        if external_id and external_id in self._seen:
            self._wrong(line, "externalId", "repeated")
        self._seen.add(external_id)

    def _patient(self, line: Line) -> UUID | None:
        if text := line.get("patientId"):
            try:
                found = Patient.objects.filter(id=internal_id("pat", text)).values_list("id", flat=True).first()
            except UnknownId:
                found = None
            return found or self._wrong(line, "patientId", "unknown_id")
        if text := line.get("patientExternalId"):
            record = self._patients.get(text)
            return record.object_id if record else self._wrong(line, "patientExternalId", "unknown_id")
        return self._wrong(line, "patientId", "no_patient")

    def _slot(self, line: Line) -> Slot | None:
        practitioner = self._practitioners.find(line, "practitioner")
        location = self._locations.find(line, "location") or self._locations.only()
        start = self._start(line, location.time_zone if location else self._asked.by.time_zone)
        if practitioner is None or start is None:
            return None
        rows = Slot.objects.filter(practitioner=practitioner, starts_at=start)
        slot: Slot | None = rows.filter(location=location).first() if location else rows.first()
        if slot is None:
            self._wrong(line, "start", "slot_in_past" if start <= self._asked.now else "no_slot")
        return slot

    def _start(self, line: Line, time_zone: str) -> datetime | None:
        if not line.get("start"):
            return None
        try:
            return read_start(line.get("start"), order=self._asked.dates, zone=zone(time_zone))
        except BadStart as bad:
            return self._wrong(line, "start", bad.code)

    def _wrong(self, line: Line, column: str, code: str) -> Any:
        self._errors.append(line.wrong(column, code))


def _stands(patient_id: UUID, slot: Slot) -> bool:
    rows = Appointment.objects.occupying().filter(patient_id=patient_id, practitioner_id=slot.practitioner_id)
    return bool(rows.filter(starts_at=slot.starts_at).exists())
