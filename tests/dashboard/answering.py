"""What an agent does at the desk over and over, by keyboard, and what the API tells of it."""

import re
from typing import Any

from playwright.sync_api import Locator, expect

from mybcat.models import Event
from mybcat.tenancy import practice_scope
from patients.models import Patient
from tests.callers import Caller, public
from tests.dashboard.browsing import Screen
from tests.dashboard.morning import Morning


def people(screen: Screen) -> Locator:
    """Whom the finder has found."""
    return screen.page.get_by_role("listbox", name="Find patient").get_by_role("option")


def looked_for(screen: Screen, name: str) -> None:
    """Typed into the finder, up to where what it lists belongs to the whole of it."""
    screen.press("/")
    screen.type(name.lower())
    listed = screen.page.get_by_role("listbox", name=re.compile("^(Find patient|Buscar paciente)$"))
    expect(listed).to_have_attribute("aria-busy", "false")


def find(screen: Screen, patient: Patient) -> None:
    """The first of that name, by keyboard; the next key is the desk's."""
    looked_for(screen, patient.last_name)
    screen.press("Enter")
    here = screen.page.get_by_role("region", name=re.compile("^(Patient|Paciente)$"))
    expect(here).to_contain_text(patient.last_name)


def rings(screen: Screen, number: str) -> None:
    screen.press("c")
    screen.type(number)
    screen.press("Enter")
    expect(screen.page.get_by_role("button", name="End call")).to_be_visible()


def known_rings(screen: Screen, patient: Patient) -> None:
    """Whose number it is, is under Enter."""
    rings(screen, patient.phone)
    expect(screen.page.locator(".candidate").first).to_be_focused()
    screen.press("Enter")
    expect(here(screen)).to_contain_text(patient.last_name)


def ends(screen: Screen, told: Caller, outcome: str) -> None:
    """As the desk suggests."""
    screen.press("c")
    expect(screen.page.get_by_role("dialog").get_by_role("button", name="End call")).to_be_focused()
    screen.press("Enter")
    expect(screen.page.get_by_role("button", name="New call")).to_be_visible()
    assert [call["outcome"] for call in told.get("/api/v2/calls").json()["data"]][-1] == outcome


def here(screen: Screen) -> Locator:
    return screen.page.get_by_role("region", name="Patient")


def footer(screen: Screen, text: str) -> None:
    expect(screen.page.locator("footer")).to_contain_text(text)


def choose_first(screen: Screen) -> None:
    screen.press("n")
    expect(screen.page.locator(".offer").first).to_be_focused()
    screen.press("Enter")


def card(screen: Screen, *, tab: str) -> Locator:
    """A part of the patient's card, by `p` and the arrows."""
    screen.press("p")
    opened = screen.page.get_by_role("dialog")
    wanted = opened.get_by_role("tab", name=tab)
    expect(opened.get_by_role("tab").first).to_be_focused()
    for _ in range(6):
        if wanted.get_attribute("aria-selected") == "true":
            break
        screen.press("ArrowRight")
    shown = opened.get_by_role("tabpanel", name=tab)
    expect(shown.get_by_role("status", name="Loading")).to_have_count(0)
    return shown


def appointment(screen: Screen, booked: str) -> Locator:
    """Opened in the day that is shown."""
    screen.page.locator(f'[data-appointment="{booked}"]').focus()
    screen.press("Enter")
    dialog = screen.page.get_by_role("dialog")
    expect(dialog.get_by_text("born")).to_be_visible()
    # It hears its keys as long as the focus is in it.
    expect(dialog.locator(":focus")).to_have_count(1)
    return dialog


def theirs(told: Caller, patient: Patient | str) -> list[dict[str, Any]]:
    """The patient's appointments, by the API."""
    who = patient if isinstance(patient, str) else public("pat", patient.id)
    rows: list[dict[str, Any]] = told.get(f"/api/v2/patients/{who}/appointments").json()["data"]
    return rows


def events(morning: Morning) -> list[str]:
    with practice_scope(morning.clinic.practice.id):
        return list(Event.objects.order_by("occurred_at", "id").values_list("type", flat=True))


def texts(told: Caller, patient: Patient) -> list[dict[str, Any]]:
    """What was sent."""
    rows = told.get(f"/api/v2/patients/{public('pat', patient.id)}/messages").json()["data"]
    return [row for row in rows if row["status"] == "sent"]
