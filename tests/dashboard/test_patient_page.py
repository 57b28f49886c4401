"""The patient's page on a telephone: no script, no sign-in, and nobody left out."""

import pytest
from playwright.sync_api import Browser, expect

from appointments.models import Appointment
from integrations.self_service.links import token_of
from mybcat.tenancy import practice_scope
from patients.models import Patient
from practices.models import Practice
from tests.callers import Caller
from tests.dashboard.browsing import Screen
from tests.factories import Clinic

pytestmark = [pytest.mark.processes, pytest.mark.timeout(600)]
TELEPHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True, "device_scale_factor": 2}


@pytest.fixture
def address(url: str, clinic: Clinic) -> str:
    assert Caller(clinic.agent, clinic.practice).book(clinic).status_code == 201
    with practice_scope(clinic.practice.id):
        Practice.objects.update(phone="+12125550100")
        token = token_of(practice_id=clinic.practice.id, appointment_id=Appointment.objects.get().id)
    return f"{url}/a/{token}"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "es"])
def test_nobody_is_left_out(chromium: Browser, address: str, clinic: Clinic, scheme: str, language: str) -> None:
    with practice_scope(clinic.practice.id):
        Patient.objects.update(language=language)
    screen = Screen(chromium, address, **TELEPHONE, color_scheme=scheme)
    screen.page.goto(address)
    expect(screen.page.locator("html")).to_have_attribute("lang", language)
    assert screen.violations() == []
    # Nothing to be pushed sideways, and a thumb finds each button (WCAG 2.5.8 asks for 24 pixels, a thumb for 44).
    assert screen.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for button in screen.page.locator("button, a.button").all():
        box = button.bounding_box()
        assert box is not None
        assert box["height"] >= 44
    for query in ("times=1", "cancel=1"):
        screen.page.goto(f"{address}?{query}")
        assert screen.violations() == []
        assert screen.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    # Nobody can name a picture for the tab to a page without anything beside it.
    assert [error for error in screen.errors if "404" not in error] == []
    screen.close()


def test_it_works_without_scripts(chromium: Browser, address: str, clinic: Clinic) -> None:
    screen = Screen(chromium, address, **TELEPHONE, java_script_enabled=False)
    screen.page.goto(address)
    screen.page.get_by_role("button", name="I will come").click()
    expect(screen.page.get_by_text("You have confirmed that you will come.")).to_be_visible()
    with screen.page.expect_download() as saved:
        screen.page.get_by_role("link", name="Save it in my calendar").click()
    assert saved.value.suggested_filename == "appointment.ics"
    screen.page.get_by_role("link", name="Choose another time").click()
    # The page before it has buttons, too.
    expect(screen.page.get_by_role("heading", name="Other times")).to_be_visible()
    screen.page.get_by_role("button").first.click()
    expect(screen.page.get_by_role("link", name="Choose another time")).to_be_visible()
    with practice_scope(clinic.practice.id):
        moved = Appointment.objects.get()
    assert moved.starts_at != clinic.slots[0].starts_at
    # A thumb that slips cancels nothing.
    screen.page.get_by_role("link", name="Cancel the appointment").click()
    expect(screen.page.get_by_role("heading", name="Cancel this appointment?")).to_be_visible()
    with practice_scope(clinic.practice.id):
        assert Appointment.objects.get().status == Appointment.Status.BOOKED
    screen.page.get_by_role("link", name="Keep the time").click()
    screen.page.get_by_role("link", name="Cancel the appointment").click()
    screen.page.get_by_role("button", name="Yes, cancel it").click()
    expect(screen.page.get_by_text("This appointment is cancelled.")).to_be_visible()
    screen.close()
