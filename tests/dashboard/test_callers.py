"""Who calls for a patient is taken from the patient's card only after a question that says what it will mean."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from mybcat.tenancy import practice_scope
from patients.models import RelatedPerson
from tests.dashboard.answering import card, find
from tests.dashboard.browsing import Screen
from tests.factories import Clinic, make_related_person

pytestmark = [pytest.mark.processes, pytest.mark.timeout(600)]


@pytest.fixture
def screen(chromium: Browser, url: str, clinic: Clinic) -> Iterator[Screen]:
    opened = Screen(chromium, url)
    opened.sign_in(clinic.agent)
    yield opened
    opened.close()


def theirs(clinic: Clinic) -> list[str]:
    with practice_scope(clinic.practice.id):
        return sorted(RelatedPerson.objects.values_list("name", flat=True))


def test_a_caller_is_not_removed_unasked(screen: Screen, clinic: Clinic) -> None:
    for name in ("Nora Quintero", "Rosa Quintero"):
        make_related_person(patient=clinic.patient, name=name, relationship="parent", phone="+16465550999")
    find(screen, clinic.patient)
    part = card(screen, tab="Callers")
    remove = part.get_by_role("button", name="Remove: Nora Quintero")
    remove.press("Enter")
    keep = part.get_by_role("button", name="Keep them")
    expect(keep).to_be_focused()
    patient = f"{clinic.patient.first_name} {clinic.patient.last_name}"
    expect(part).to_contain_text(f"When their number calls, the desk does not name {patient} any more.")
    assert screen.violations() == []
    keep.press("Enter")
    expect(remove).to_be_focused()
    assert theirs(clinic) == ["Nora Quintero", "Rosa Quintero"]

    remove.press("Enter")
    expect(keep).to_be_focused()
    part.get_by_role("button", name="Remove", exact=True).press("Enter")
    expect(part.locator("[data-caller]")).to_have_count(1)
    expect(part).to_contain_text("Rosa Quintero")
    assert theirs(clinic) == ["Rosa Quintero"]
    assert screen.errors == []


def test_in_spanish_and_where_it_is_refused_nothing_is_lost(screen: Screen, clinic: Clinic) -> None:
    make_related_person(patient=clinic.patient, name="Nora Quintero", relationship="parent", phone="+16465550999")
    screen.page.get_by_label("Language").select_option("es")
    find(screen, clinic.patient)
    part = card(screen, tab="Quién llama")
    part.get_by_role("button", name="Quitar: Nora Quintero").press("Enter")
    expect(part).to_contain_text("¿Quitar a Nora Quintero?")
    screen.page.route("**/api/v2/related-persons/*", lambda route: route.abort())
    part.get_by_role("button", name="Quitar", exact=True).press("Enter")
    expect(part.get_by_role("alert")).to_be_visible()
    assert theirs(clinic) == ["Nora Quintero"]
    screen.page.unroute("**/api/v2/related-persons/*")
    part.get_by_role("button", name="Quitar", exact=True).press("Enter")
    expect(part).to_contain_text("Nadie más llama por este paciente.")
    assert theirs(clinic) == []
