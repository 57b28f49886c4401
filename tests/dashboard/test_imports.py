"""Files of another system, as managers check them, correct them and take them over."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from integrations.imports.kinds import IMPORTERS
from integrations.imports.models import Import
from mybcat.environment import CHECKOUT
from mybcat.principal import Role
from mybcat.tenancy import practice_scope
from patients.models import Patient
from tests.dashboard.browsing import PATIENCE, Screen
from tests.factories import Clinic, make_import, make_member
from tests.integrations.imports.files import sheet

pytestmark = [pytest.mark.processes, pytest.mark.timeout(600)]

GOOD = sheet("Ines,Moreau,1990-05-17,+12125550147", "Tomás,Núñez,1984-11-02,")
BAD = sheet("Ines,Moreau,5/17/1990,+12125550147", "Tomás,,1984-11-02,555")


@pytest.fixture
def screen(chromium: Browser, url: str, clinic: Clinic) -> Iterator[Screen]:
    opened = Screen(chromium, url)
    enter(opened, clinic)
    yield opened
    opened.close()


def enter(screen: Screen, clinic: Clinic) -> None:
    screen.sign_in(make_member(practice=clinic.practice, role=Role.PRACTICE_MANAGER))
    screen.page.get_by_role("link", name="Manage").click()
    screen.page.get_by_role("link", name="Imports").click()
    expect(screen.page.get_by_role("heading", level=2, name="Imports")).to_be_focused()


def pick(page: Page, content: str | bytes, *, name: str = "patients.csv") -> None:
    """As the browser's own dialog does."""
    data = content.encode() if isinstance(content, str) else content
    page.locator("input[type=file]").set_input_files({"name": name, "mimeType": "text/csv", "buffer": data})
    expect(page.get_by_role("status").filter(has_text=name)).to_be_visible()


def found(clinic: Clinic) -> tuple[int, list[tuple[bool, str]]]:
    """How many patients there are, and which files were handed in."""
    with practice_scope(clinic.practice.id):
        jobs = Import.objects.order_by("created_at").values_list("dry_run", "status")
        return Patient.objects.count(), list(jobs)


def test_a_file_is_refused_corrected_and_taken_over(screen: Screen, clinic: Clinic) -> None:
    before, _ = found(clinic)
    page = screen.page
    page.get_by_role("button", name="New import").click()
    check = page.get_by_role("button", name="Check the file")
    expect(check).to_be_disabled()
    pick(page, BAD)
    check.press("Enter")
    expect(page.locator("[data-import-status=failed]")).to_be_focused()
    expect(page.locator("[data-import-status]")).to_have_text(
        "3 problems, so nothing was imported. Correct them in the file, then choose it again."
    )
    rows = page.get_by_role("table", name="Problems").locator("tbody tr")
    expect(rows).to_have_text(
        [
            re.compile("2dateOfBirthNot a day in the form chosen for the file"),
            re.compile("3lastNameThe cell is empty"),
            re.compile("3phoneNot a phone number"),
        ]
    )
    expect(page.get_by_role("button", name=re.compile("^Import "))).to_have_count(0)
    with page.expect_download() as download:
        page.get_by_role("button", name="Download problems as CSV").click()
    told = download.value.path().read_text(encoding="utf-8-sig")
    assert [line.split(",")[:3] for line in told.splitlines()[1:]] == [
        ["2", "dateOfBirth", "bad_date"], ["3", "lastName", "missing"], ["3", "phone", "bad_phone"],
    ]  # fmt: skip
    assert screen.violations() == []
    assert found(clinic) == (before, [(True, "failed")])

    pick(page, GOOD)
    # What was found was about the other file.
    expect(page.locator("[data-import-status]")).to_have_count(0)
    check.click()
    expect(page.locator("[data-import-status]")).to_contain_text("Lines: 2; new: 2; here already: 0. Nothing")
    assert screen.violations() == []
    assert found(clinic) == (before, [(True, "failed"), (True, "completed")])
    page.get_by_role("button", name="Import 2 lines").click()
    expect(page.locator("[data-import-status]")).to_contain_text("Imported. Lines: 2; new: 2")
    assert found(clinic) == (before + 2, [(True, "failed"), (True, "completed"), (False, "completed")])

    page.get_by_role("button", name="All imports").click()
    listed = page.get_by_role("table", name="Imports").locator("tbody tr")
    expect(listed).to_have_text(
        [re.compile("Imported220"), re.compile("In orderCheck only"), re.compile("RefusedCheck only")]
    )
    assert screen.errors == []


def test_a_lost_answer_is_asked_for_again_and_nothing_is_imported_twice(screen: Screen, clinic: Clinic) -> None:
    before, _ = found(clinic)
    page = screen.page
    page.get_by_role("button", name="New import").click()
    pick(page, GOOD)
    page.get_by_role("button", name="Check the file").click()
    take = page.get_by_role("button", name="Import 2 lines")
    expect(take).to_be_visible()
    # The server does it, and nobody hears of that.
    page.route("**/api/v2/imports", done_and_lost)
    take.click()
    expect(page.get_by_role("alert").filter(has_text="the same file is taken over once")).to_be_visible()
    page.unroute("**/api/v2/imports")
    take.dblclick()
    expect(page.locator("[data-import-status]")).to_contain_text("Imported. Lines: 2; new: 2")
    assert found(clinic) == (before + 2, [(True, "completed"), (False, "completed")])


def done_and_lost(route: Route) -> None:
    if route.request.method == "POST":
        route.fetch(timeout=PATIENCE)
        route.abort()
    else:
        route.continue_()


def test_what_cannot_be_a_list_is_told_before_it_is_sent(screen: Screen, clinic: Clinic) -> None:
    before = found(clinic)
    page = screen.page
    page.get_by_role("button", name="New import").click()
    alert = page.locator("main").get_by_role("alert")
    for content, sentence in (
        (b"PK\x03\x04 and more", "This is an Excel workbook."),
        (b"", "The file is empty."),
        (GOOD.encode("cp1252"), "Save the file as CSV UTF-8"),
        (b"%PDF-1.7", "This is no text file."),
        (b"a" * (4 * 1024 * 1024 + 1), "The file is larger than 4 MB."),
        (GOOD.replace("lastName", "Surname"), "Column 2, “Surname”, is not known"),
        ("firstName,lastName,dateOfBirth\r\n", "There is no line after the first one"),
    ):
        pick(page, content)
        expect(alert).to_contain_text(sentence)
        expect(page.get_by_role("button", name="Check the file")).to_be_disabled()
    pick(page, GOOD)
    expect(alert).to_have_count(0)
    # Of another kind it would have to name other columns.
    page.get_by_text("Appointments", exact=True).click()
    expect(alert).to_contain_text("The first line must also name: practitioner, start, type")
    assert screen.violations() == []
    assert found(clinic) == before


def test_a_long_file_is_followed_to_its_end_on_a_tablet_in_the_dark(
    chromium: Browser, url: str, clinic: Clinic
) -> None:
    waiting = make_import(practice=clinic.practice, status="queued", code="", ended_at=None, content=GOOD)
    tablet = {"width": 820, "height": 1180}
    screen = Screen(chromium, url, viewport=tablet, color_scheme="dark", reduced_motion="reduce")
    enter(screen, clinic)
    page = screen.page
    page.locator("[data-import=queued]").get_by_role("button").click()
    expect(page.get_by_role("progressbar")).to_be_visible()
    assert screen.violations() == []
    page.reload()
    expect(page.get_by_role("progressbar")).to_be_visible()
    with practice_scope(clinic.practice.id):
        Import.objects.filter(id=waiting.id).update(
            status="failed", code="gave_up", content="", ended_at=waiting.created_at
        )
    expect(page.get_by_role("status").filter(has_text="the file took too long")).to_be_visible()
    expect(page.get_by_role("progressbar")).to_have_count(0)
    assert screen.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert screen.violations() == []
    screen.close()


def test_the_screen_names_the_columns_that_the_server_takes() -> None:
    source = (CHECKOUT / "dashboard" / "src" / "manage" / "imports" / "columns.ts").read_text(encoding="utf-8")
    entry = r"  (\w+): {\n    required: \[(.*)\],\n    optional: \[(.*)\],\n    most: ([\d_]+),\n  },"
    told: dict[str, Any] = {
        kind: (tuple(re.findall(r'"(\w+)"', required)), tuple(re.findall(r'"(\w+)"', optional)), int(most))
        for kind, required, optional, most in re.findall(entry, source)
    }
    assert told == {kind: (each.columns.required, each.columns.optional, each.most) for kind, each in IMPORTERS.items()}
