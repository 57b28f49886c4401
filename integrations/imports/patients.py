"""A file of patients: each line somebody new, or somebody who is on record as the line has them."""

from collections.abc import Iterable, Sequence
from datetime import date
from uuid import UUID
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from integrations.imports.cells import read_day, read_flag
from integrations.imports.models import ImportedRecord, ImportKind
from integrations.imports.people import People
from integrations.imports.running import Asked, Importer, Outcome
from integrations.imports.sheets import Columns, Line, LineError
from mybcat.errors import InvalidInput, UnknownId
from mybcat.ids import internal_id
from patients.consent import refusing
from patients.importing import create_patients
from patients.models import Patient
from patients.services import e164
from practices.models import Practice

COLUMNS = Columns(
    required=("firstName", "lastName", "dateOfBirth"),
    optional=("externalId", "id", "phone", "email", "insuranceProvider", "smsConsent"),
)
_TEXTS = {
    "firstName": ("first_name", 80),
    "lastName": ("last_name", 80),
    "email": ("email", 254),
    "insuranceProvider": ("insurance_provider", 120),
}
_MAX_EXTERNAL_ID = 100


def run(lines: list[Line], asked: Asked) -> Outcome:
    """Add whom the practice in scope does not have yet."""
    read = _Reading(asked, Practice.objects.values_list("country", flat=True).get())
    people = [(line, patient) for line in lines if (patient := read.patient(line)) is not None]
    placing = _Placing(people, asked)
    for line, patient in people:
        placing.place(line, patient)
    outcome = placing.outcome
    outcome.errors += read.errors + _consents_refused(people)
    outcome.created = len(placing.new)
    if not outcome.errors:
        create_patients(patients=placing.new, by=asked.by, now=asked.now)
    return outcome


IMPORTER = Importer(columns=COLUMNS, at_once=500, most=10_000, run=run)


class _Reading:
    """Lines become patients who are not on record, or errors."""

    def __init__(self, asked: Asked, country: str) -> None:
        self.errors: list[LineError] = []
        self._dates, self._country = asked.dates, country
        self._today = asked.now.astimezone(ZoneInfo(asked.by.time_zone)).date()

    def patient(self, line: Line) -> Patient | None:
        """None where something is wrong with it, which `errors` then names."""
        before = len(self.errors)
        patient = Patient()
        for column, (name, most) in _TEXTS.items():
            if len(line.get(column)) > most:
                self._wrong(line, column, "too_long")
            setattr(patient, name, line.get(column))
        for column in COLUMNS.required:
            if not line.get(column):
                self._wrong(line, column, "missing")
        self._others(line, patient)
        if len(self.errors) > before:
            return None
        patient.fold_names()
        return patient

    def _others(self, line: Line, patient: Patient) -> None:
        if text := line.get("dateOfBirth"):
            day = read_day(text, order=self._dates)
            if day is None or day > self._today:
                self._wrong(line, "dateOfBirth", "date_in_future" if day else "bad_date")
            patient.date_of_birth = day or date.min
        if len(line.get("externalId")) > _MAX_EXTERNAL_ID:
            self._wrong(line, "externalId", "too_long")
        if text := line.get("phone"):
            try:
                patient.phone = e164(text, country=self._country)
            except InvalidInput:
                self._wrong(line, "phone", "bad_phone")
        flag = read_flag(line.get("smsConsent"))
        if flag is None:
            self._wrong(line, "smsConsent", "bad_flag")
        patient.sms_consent = bool(flag)
        self._email_and_id(line)

    def _email_and_id(self, line: Line) -> None:
        try:
            if text := line.get("email"):
                validate_email(text)
        except ValidationError:
            self._wrong(line, "email", "bad_email")
        try:
            if (text := line.get("id")) and not Patient.objects.filter(id=internal_id("pat", text)).exists():
                self._wrong(line, "id", "unknown_id")
        except UnknownId:
            self._wrong(line, "id", "unknown_id")

    def _wrong(self, line: Line, column: str, code: str) -> None:
        self.errors.append(line.wrong(column, code))


def _consents_refused(people: Iterable[tuple[Line, Patient]]) -> list[LineError]:
    """A file must not undo what the holder of a number has texted."""
    agreeing = [(line, patient.phone) for line, patient in people if patient.sms_consent and patient.phone]
    refused = refusing({phone for _, phone in agreeing}) if agreeing else set()
    return [line.wrong("smsConsent", "phone_opted_out") for line, phone in agreeing if phone in refused]


class _Placing:
    """Whether each line's person is new, on record, or came before in the file."""

    def __init__(self, people: Sequence[tuple[Line, Patient]], asked: Asked) -> None:
        self.outcome, self.new = Outcome(), list[Patient]()
        self._asked, self._seen, self._in_file = asked, set[str](), People()
        self._on_record = People.on_record(patient.date_of_birth for _, patient in people)
        external_ids = {line.get("externalId") for line, _ in people}
        self._imported = ImportedRecord.objects.named(kind=ImportKind.PATIENTS, external_ids=external_ids)

    def place(self, line: Line, patient: Patient) -> None:
        external_id = line.get("externalId")
        if external_id in self._seen:
            self.outcome.errors.append(line.wrong("externalId", "repeated"))
            return
        if external_id:
            self._seen.add(external_id)
        same = self._on_record.same(patient)
        if external_id in self._imported or line.get("id") or same is not None:
            self.outcome.known += 1
        else:
            self._add(line, patient)
        if external_id and external_id not in self._imported:
            self.outcome.records[external_id] = _id_of(line) or (same or patient).id

    def _add(self, line: Line, patient: Patient) -> None:
        if code := self._doubt(patient):
            self.outcome.errors.append(line.wrong("", code))
        self._in_file.add(patient)
        self.new.append(patient)

    def _doubt(self, patient: Patient) -> str:
        if self._in_file.same(patient) is not None:
            return "repeated"
        if self._asked.even_if_alike:
            return ""
        if self._in_file.alike(patient):
            return "alike_in_file"
        return "possible_duplicate" if self._on_record.alike(patient) else ""


def _id_of(line: Line) -> UUID | None:
    return internal_id("pat", line.get("id")) if line.get("id") else None
