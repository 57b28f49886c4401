"""Managers bring their patients along as a spreadsheet: whole or not at all, and nobody twice."""

import csv
import io
from datetime import date
from typing import Any

import pytest

from integrations.clients.scopes import CLIENT_SCOPES
from integrations.imports.reasons import REASONS
from mybcat.models import AuditEntry, Event
from mybcat.principal import Permission, Role
from mybcat.tenancy import practice_scope
from patients.models import Consent, Patient
from tests.api.refusals import assert_forbidden, assert_invalid, assert_not_found, assert_refused
from tests.api.rows import REFUSED, changes
from tests.callers import Caller, public
from tests.factories import Clinic, make_member, make_patient
from tests.integrations.imports.files import HEAD, PATH, hand_in, sheet, taken, wrong

INES, OMAR = "Ines,Moreau,1990-05-17,212 555 0188", "Omar,Haddad,1971-01-02,"
# What a file leaves of which no line is taken over.
TRIED = {"integrations_import": 1, "mybcat_auditentry": 1}


def people(clinic: Clinic) -> list[tuple[Any, ...]]:
    with practice_scope(clinic.practice.id):
        rows = Patient.objects.exclude(id=clinic.patient.id).order_by("last_name")
        return list(rows.values_list("first_name", "last_name", "date_of_birth", "phone"))


BOTH = [
    ("Omar", "Haddad", date(1971, 1, 2), ""),
    ("Ines", "Moreau", date(1990, 5, 17), "+12125550188"),
]


def test_a_file_becomes_patients_each_with_its_event_and_trail(manager: Caller, clinic: Clinic) -> None:
    with changes(integrations_import=1, patients_patient=2, mybcat_event=2, mybcat_auditentry=2):
        told = taken(hand_in(manager, sheet(INES, OMAR)))
    assert (told["lines"], told["created"], told["known"], told["dryRun"]) == (2, 2, 0, False)
    assert people(clinic) == BOTH
    with practice_scope(clinic.practice.id):
        events = list(Event.objects.filter(type="patient.created").values_list("data", flat=True))
        ids = list(Patient.objects.exclude(id=clinic.patient.id).values_list("id", flat=True))
        (entry,) = AuditEntry.objects.filter(action="patient.imported")
    assert sorted(event["patientId"] for event in events) == sorted(public("pat", value) for value in ids)
    assert sorted(entry.object_ids) == sorted(map(str, ids))
    found = manager.get("/api/v2/patients", search="haddad").json()["data"]
    assert [each["firstName"] for each in found] == ["Omar"]


def test_a_dry_run_says_what_would_be_and_keeps_nothing(manager: Caller, clinic: Clinic) -> None:
    with changes(**TRIED):
        told = taken(hand_in(manager, sheet(INES, OMAR), dryRun=True))
    assert (told["created"], told["known"], told["dryRun"]) == (2, 0, True)
    assert people(clinic) == []


@pytest.mark.parametrize(
    "content",
    [
        "\ufeff" + sheet(INES, OMAR),
        sheet(INES, OMAR).replace(",", ";"),
        sheet(INES, OMAR).replace(",", "\t"),
        sheet(INES, OMAR).replace("\r\n", "\n").rstrip("\n"),
        sheet(INES, "", ",,,", OMAR + ",,"),
        sheet('"Ines","Moreau","1990-05-17","212 555\r\n 0188"', OMAR),
        sheet(INES, OMAR, head="First name,LAST_NAME,date of birth, Phone "),
    ],
    ids=["bom", "semicolon", "tab", "lf", "blank_lines", "quoted_break", "names_of_columns"],
)
def test_it_is_read_however_a_program_wrote_it(manager: Caller, clinic: Clinic, content: str) -> None:
    taken(hand_in(manager, content))
    assert people(clinic) == BOTH


def test_the_same_file_again_makes_nobody_twice(manager: Caller, clinic: Clinic) -> None:
    content = sheet("7,Ines,Moreau,1990-05-17,", "8,Omar,Haddad,1971-01-02,", head=f"externalId,{HEAD}")
    assert taken(hand_in(manager, content))["created"] == 2
    with changes(**TRIED):
        told = taken(hand_in(manager, content))
    assert (told["created"], told["known"]) == (0, 2)
    # Known by its id there, whatever else the line says by now.
    with changes(**TRIED):
        renamed = taken(hand_in(manager, content.replace("Moreau", "Ibe")))
    assert renamed["known"] == 2


def test_who_is_on_record_is_known_without_an_id_and_by_another_way_of_writing(manager: Caller, clinic: Clinic) -> None:
    known = clinic.patient
    line = f"{known.first_name.upper()},{known.last_name},{known.date_of_birth},"
    with changes(**TRIED, integrations_importedrecord=1):
        told = taken(hand_in(manager, sheet(f"A-1,{line}", head=f"externalId,{HEAD}")))
    assert (told["created"], told["known"]) == (0, 1)


def test_our_own_export_brings_nobody_new(manager: Caller, clinic: Clinic) -> None:
    with practice_scope(clinic.practice.id):
        Patient.objects.filter(id=clinic.patient.id).update(insurance_provider="VSP, Gold")
    export = manager.get("/api/v2/patients/export.csv").content.decode()
    told = taken(hand_in(manager, export))
    assert (told["created"], told["known"]) == (0, 1)


@pytest.mark.parametrize(
    ("line", "column", "code"),
    [
        (",Moreau,1990-05-17,", "firstName", "missing"),
        ("Ines,Moreau,,", "dateOfBirth", "missing"),
        ("Ines,Moreau,05/17/1990,", "dateOfBirth", "bad_date"),
        ("Ines,Moreau,1990-02-30,", "dateOfBirth", "bad_date"),
        ("Ines,Moreau,17.5.1990,", "dateOfBirth", "bad_date"),
        ("Ines,Moreau,2199-01-01,", "dateOfBirth", "date_in_future"),
        ("Ines,Moreau,1990-05-17,12", "phone", "bad_phone"),
        (f"{'I' * 81},Moreau,1990-05-17,", "firstName", "too_long"),
        (f"Ines,{'I' * 1001},1990-05-17,", "lastName", "too_long"),
        ("=cmd|' /C calc'!A0,Moreau,1990-05-17,", "firstName", "formula"),
        ("Ines,@SUM(A1),1990-05-17,", "lastName", "formula"),
        ("Ines,'-2+3x,1990-05-17,", "lastName", "formula"),
        ("Ines,Moreau,1990-05-17,,more", "", "too_many_cells"),
        ('"Ines,Moreau,1990-05-17', "", "bad_quotes"),
    ],
)
def test_what_is_wrong_is_named_by_line_column_and_code_and_nothing_is_taken_over(
    manager: Caller, line: str, column: str, code: str
) -> None:
    with changes(**TRIED):
        answer = hand_in(manager, sheet(OMAR, line))
    assert (3, column, code) in wrong(answer)
    assert {each[0] for each in wrong(answer)} == {3}
    assert "Moreau" not in answer.content.decode()


@pytest.mark.parametrize(
    ("column", "cell", "code"),
    [
        ("email", "ines at example", "bad_email"),
        ("smsConsent", "maybe", "bad_flag"),
        ("externalId", "x" * 101, "too_long"),
        ("id", "pat_00000000000000000000000000", "unknown_id"),
        ("id", "17", "unknown_id"),
    ],
)
def test_what_may_be_missing_may_not_be_wrong(manager: Caller, column: str, cell: str, code: str) -> None:
    with changes(**TRIED):
        answer = hand_in(manager, sheet(f"{OMAR},{cell}", head=f"{HEAD},{column}"))
    assert wrong(answer) == [(2, column, code)]


def test_another_practice_s_patient_is_as_unknown_as_nobody(manager: Caller, other_clinic: Clinic) -> None:
    line = f"{OMAR},{public('pat', other_clinic.patient.id)}"
    with changes(**TRIED):
        assert wrong(hand_in(manager, sheet(line, head=f"{HEAD},id"))) == [(2, "id", "unknown_id")]


@pytest.mark.parametrize(
    ("dates", "text", "born"),
    [
        ("us", "5/17/1990", date(1990, 5, 17)),
        ("us", "05/06/1990", date(1990, 5, 6)),
        ("us", "1990-05-17", date(1990, 5, 17)),
        ("us", "17/5/1990", None),
        ("iso", "05/06/1990", None),
    ],
)
def test_days_are_read_in_the_order_that_is_stated(
    manager: Caller, clinic: Clinic, dates: str, text: str, born: date | None
) -> None:
    answer = hand_in(manager, sheet(f"Ines,Moreau,{text},"), dates=dates)
    if born is None:
        assert wrong(answer) == [(2, "dateOfBirth", "bad_date")]
    else:
        taken(answer)
        assert people(clinic) == [("Ines", "Moreau", born, "")]


@pytest.mark.parametrize(
    ("second", "code"),
    [
        (INES, "repeated"),
        ("INES,Moreau,1990-05-17,", "repeated"),
        ("Inez,Morreau,1990-05-17,212 555 0188", "alike_in_file"),
    ],
)
def test_nobody_stands_twice_in_a_file(manager: Caller, second: str, code: str) -> None:
    with changes(**TRIED):
        assert wrong(hand_in(manager, sheet(INES, OMAR, second))) == [(4, "", code)]


def test_an_external_id_stands_once_in_a_file(manager: Caller) -> None:
    content = sheet(f"7,{INES}", f"7,{OMAR}", head=f"externalId,{HEAD}")
    with changes(**TRIED):
        assert wrong(hand_in(manager, content)) == [(3, "externalId", "repeated")]


def test_twins_pass_where_the_manager_says_so(manager: Caller, clinic: Clinic) -> None:
    known = make_patient(practice=clinic.practice, first_name="Ana", last_name="Silva", date_of_birth=date(2015, 1, 1))
    line = f"Anna,Silva,2015-01-01,{known.phone}"
    with changes(**TRIED):
        assert wrong(hand_in(manager, sheet(line))) == [(2, "", "possible_duplicate")]
    assert taken(hand_in(manager, sheet(line), evenIfAlike=True))["created"] == 1
    assert taken(hand_in(manager, sheet(line)))["known"] == 1


def test_consent_is_kept_as_a_decision_and_never_undoes_a_stop(manager: Caller, clinic: Clinic) -> None:
    head = f"{HEAD},smsConsent"
    with changes(integrations_import=1, patients_patient=2, patients_consent=1, mybcat_event=2, mybcat_auditentry=2):
        taken(hand_in(manager, sheet(f"{INES},yes", f"{OMAR},no", head=head)))
    with practice_scope(clinic.practice.id):
        Consent.objects.create(phone="+12125550199", decision="deny", source="reply", at="2026-01-01T00:00Z")
    with changes(**TRIED):
        answer = hand_in(manager, sheet("Uma,Rao,1988-08-08,+1 212 555 0199,true", head=head))
    assert wrong(answer) == [(2, "smsConsent", "phone_opted_out")]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("", "invalid"),
        ("\r\n", "import_wrong_columns"),
        (HEAD, "import_unreadable"),
        ("a\ufffdb", "import_unreadable"),
        (f"{OMAR}\r\n{INES}", "import_wrong_columns"),
        ("firstName,lastName\r\nInes,Moreau", "import_wrong_columns"),
        ("firstName,lastName,dateOfBirth,lastName\r\nInes,Moreau,1990-05-17,x", "import_wrong_columns"),
        ('"firstName\r\n', "import_unreadable"),
    ],
)
def test_what_is_no_such_file_is_refused_without_repeating_it(manager: Caller, content: str, code: str) -> None:
    with changes():
        answer = hand_in(manager, content)
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert "Omar" not in answer.content.decode()
    assert "Haddad" not in answer.content.decode()


def test_too_many_lines_and_bytes_are_refused(manager: Caller) -> None:
    with changes():
        answer = hand_in(manager, sheet(*["x,y,z,"] * 10_001))
        assert_refused(
            answer, status=400, code="import_too_long", sentence="At most 10,000 lines in one file: divide it"
        )
        assert hand_in(manager, "x" * (4 * 1024 * 1024)).status_code == 413


def test_all_that_is_wrong_is_told_as_a_spreadsheet(manager: Caller) -> None:
    told = hand_in(manager, sheet(",Moreau,1990-05-17,1", OMAR, "Ines,,x,")).json()
    answer = manager.get(f"{PATH}/{told['importId']}/errors.csv")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert list(csv.reader(io.StringIO(answer.content.decode(), newline=""))) == [
        ["line", "column", "code", "detail"],
        ["2", "firstName", "missing", REASONS["missing"]],
        ["2", "phone", "bad_phone", REASONS["bad_phone"]],
        ["4", "dateOfBirth", "bad_date", REASONS["bad_date"]],
        ["4", "lastName", "missing", REASONS["missing"]],
    ]


def test_the_same_request_again_takes_nothing_over_twice(manager: Caller) -> None:
    first = hand_in(manager, sheet(INES), key="a-file")
    with changes(mybcat_auditentry=1):
        again = hand_in(manager, sheet(INES), key="a-file")
    assert (again.json(), again.headers["Idempotent-Replayed"]) == (first.json(), "true")


def test_imports_are_listed_and_looked_at(manager: Caller, other_clinic: Clinic) -> None:
    told = hand_in(manager, sheet(INES)).json()
    assert manager.get(f"{PATH}/{told['importId']}").json() == told
    del told["lineErrors"]
    assert manager.get(PATH).json()["data"] == [told]
    assert_not_found(manager.get(f"{PATH}/imp_00000000000000000000000000"))


def test_members_that_it_does_not_know_are_refused(manager: Caller) -> None:
    with changes():
        assert_invalid(hand_in(manager, sheet(INES), upsert=True), upsert=["Unknown member"])


@pytest.mark.parametrize("role", [Role.SCHEDULING_AGENT, Role.PRACTITIONER])
def test_only_managers_hand_files_in(clinic: Clinic, role: Role) -> None:
    caller = Caller(make_member(practice=clinic.practice, role=role), clinic.practice)
    for ask in (lambda: hand_in(caller, sheet(INES)), lambda: caller.get(PATH)):
        with changes(**REFUSED):
            assert_forbidden(ask())


def test_no_api_client_can_be_granted_it() -> None:
    assert Permission.DATA_IMPORT not in CLIENT_SCOPES
