"""Who a patient is stays unknown to operators, on every page."""

from datetime import date
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from appointments.models import Appointment
from integrations.models import Message
from mybcat.ids import public_id
from mybcat.models import IdempotencyKey
from mybcat.operators.masks import initials, last_digits
from patients.models import Patient
from practices.models import RefreshFamily, User
from tests.admin.rows import SECRET_TEXT, Rows, make_rows, registered
from tests.admin.test_pages import page
from tests.factories import Clinic, make_patient

PARTICULARS = ("xanthippe", "quackenbush", "1937-02", "02/17", "feb. 17", "february", "5559876", "xq@", "your visit")


@pytest.fixture
def guarded(clinic: Clinic, settings: Settings) -> Rows:
    """Rows of a patient whose every particular is unmistakable."""
    settings.DEVELOPMENT = False
    clinic.patient = make_patient(
        practice=clinic.practice,
        first_name="Xanthippe",
        last_name="Quackenbush",
        date_of_birth=date(1937, 2, 17),
        phone="+12125559876",
        email="xq@patients.example",
    )
    return make_rows(clinic)


def test_no_page_shows_who_a_patient_is(desk: Client, guarded: Rows) -> None:
    for model in registered():
        for path in (
            page(model, "changelist"),
            *(page(model, name, guarded[model].pk) for name in ("change", "history")),
        ):
            shown = desk.get(path).content.decode().casefold()
            for particular in PARTICULARS:
                assert particular not in shown, (path, particular)


def test_a_patient_is_told_apart_by_initials_year_and_digits(desk: Client, guarded: Rows) -> None:
    for path in (page(Patient, "changelist"), page(Patient, "change", guarded[Patient].pk)):
        shown = desk.get(path).content.decode()
        for part in ("X.Q.", "1937", "…9876", "VSP", public_id("pat", guarded[Patient].pk)):
            assert part in shown


@pytest.mark.parametrize("term", ["Xanthippe", "Quackenbush", "9876", "1937", "xq@patients.example", "VSP"])
def test_patients_are_not_found_by_who_they_are(desk: Client, guarded: Rows, term: str) -> None:
    answer = desk.get(page(Patient, "changelist"), {"q": term})
    assert list(answer.context["cl"].result_list) == []


@pytest.mark.parametrize(
    ("model", "lookup"),
    [
        (Patient, "last_name__startswith"),
        (Patient, "date_of_birth__year"),
        (Patient, "phone__endswith"),
        (Appointment, "patient__last_name"),
        (Message, "body__contains"),
        (Message, "to"),
        (User, "password__startswith"),
        (IdempotencyKey, "body__contains"),
        (RefreshFamily, "current"),
    ],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_a_query_cannot_guess_what_is_masked(desk: Client, guarded: Rows, model: Any, lookup: str) -> None:
    assert desk.get(page(model, "changelist"), {lookup: "1937"}).status_code == 400


def test_an_order_cannot_tell_what_is_masked(desk: Client, rows: Rows, other_rows: Rows) -> None:
    plain = desk.get(page(Patient, "changelist"))
    for column in ("3", "-3", "4.5"):
        ordered = desk.get(page(Patient, "changelist"), {"o": column})
        assert list(ordered.context["cl"].result_list) == list(plain.context["cl"].result_list)


def test_messages_are_the_inbox_in_development_alone(desk: Client, rows: Rows, settings: Settings) -> None:
    message = rows[Message]
    for development in (True, False):
        settings.DEVELOPMENT = development
        for path in (page(Message, "changelist"), page(Message, "change", message.pk)):
            shown = desk.get(path).content.decode()
            assert (SECRET_TEXT in shown) is development
            assert (message.to in shown) is development
            assert message.to[-4:] in shown


def test_secrets_and_stored_answers_are_never_shown(desk: Client, rows: Rows) -> None:
    key, family, user = rows[IdempotencyKey], rows[RefreshFamily], rows[User]
    for model, row, secret in (
        (IdempotencyKey, key, "stored"),
        (IdempotencyKey, key, "fingerprint"),
        (RefreshFamily, family, "token digest"),
        (RefreshFamily, family, "browser digest"),
        (User, user, user.password.split("$")[-1]),
    ):
        for path in (page(model, "changelist"), page(model, "change", row.pk)):
            assert secret not in desk.get(path).content.decode()


@pytest.mark.parametrize(
    ("names", "shown"), [(("Ada", "Okafor"), "A.O."), (("", "Okafor"), "O."), ((" élodie", "ørsted"), "É.Ø."), ((), "")]
)
def test_initials(names: tuple[str, ...], shown: str) -> None:
    assert initials(*names) == shown


@pytest.mark.parametrize(("phone", "shown"), [("+12125550123", "…0123"), ("", "")])
def test_last_digits(phone: str, shown: str) -> None:
    assert last_digits(phone) == shown
