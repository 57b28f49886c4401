"""Two managers with one draft of the protocol: who comes second sees what the first has saved, and loses nothing."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from mybcat.principal import Role
from mybcat.tenancy import practice_scope
from practices.models import ProtocolVersion, User
from tests.callers import Caller, public
from tests.dashboard.browsing import Screen
from tests.dashboard.test_editors import go_to, versions
from tests.factories import Clinic, make_member, make_protocol

pytestmark = [pytest.mark.processes, pytest.mark.timeout(600)]


@pytest.fixture
def manager(clinic: Clinic) -> User:
    return make_member(practice=clinic.practice, role=Role.PRACTICE_MANAGER)


@pytest.fixture
def colleague(clinic: Clinic) -> Caller:
    return Caller(make_member(practice=clinic.practice, role=Role.PRACTICE_MANAGER), clinic.practice)


@pytest.fixture
def draft(clinic: Clinic) -> ProtocolVersion:
    return make_protocol(practice=clinic.practice)


@pytest.fixture
def screen(chromium: Browser, url: str, manager: User, draft: ProtocolVersion) -> Iterator[Screen]:
    opened = Screen(chromium, url)
    opened.sign_in(manager)
    opened.page.get_by_role("link", name="Manage").click()
    open_draft(opened)
    yield opened
    opened.close()


def open_draft(screen: Screen) -> Page:
    go_to(screen, "Protocol")
    screen.page.get_by_role("button", name="Go on with the draft").click()
    screen.page.get_by_role("button", name="1. Is anything wrong").click()
    return screen.page


def question(page: Page) -> Locator:
    return page.get_by_label("Question (English)")


def asked(clinic: Clinic) -> list[str]:
    """What the first question is in each version, as it is stored."""
    return [row.definition["questions"][0]["text"]["en"] for row in versions(clinic)]


def saves(colleague: Caller, draft: ProtocolVersion, text: str) -> Any:
    """The colleague's program, at the address of the draft."""
    path = f"/api/v2/protocol-versions/{public('prot', draft.id)}"
    read = colleague.get(path)
    body = {name: read.json()[name] for name in ("definition", "examples")}
    body["definition"]["questions"][0]["text"] = {"en": text}
    headers = {**colleague.headers, "If-Match": read.headers["ETag"]}
    answer = colleague.http.put(path, body, "application/json", headers=headers)
    assert answer.status_code == 200
    return answer


def refusals_are_no_errors(screen: Screen) -> None:
    """Chromium says of each refused request that it was."""
    assert [error for error in screen.errors if "412" not in error and "409" not in error] == []


def test_what_a_colleague_has_saved_is_shown_and_nothing_written_is_lost(
    chromium: Browser, url: str, screen: Screen, clinic: Clinic
) -> None:
    page = screen.page
    question(page).fill("Mine?")
    other = Screen(chromium, url)
    other.sign_in(make_member(practice=clinic.practice, role=Role.PRACTICE_MANAGER))
    other.page.get_by_role("link", name="Manage").click()
    theirs = open_draft(other)
    question(theirs).fill("Theirs?")
    theirs.get_by_role("button", name="Save draft").click()
    expect(theirs.get_by_role("status").filter(has_text="Saved.")).to_be_visible()
    assert other.errors == []
    other.close()

    page.get_by_role("button", name="Save draft").click()
    told = page.get_by_role("alert")
    expect(told).to_contain_text("Another manager has saved this draft.")
    assert asked(clinic) == ["Theirs?"]
    expect(question(page)).to_have_value("Mine?")
    for name in ("Save draft", "Publish", "Discard draft"):
        expect(page.get_by_role("button", name=name, exact=True)).to_be_disabled()
    assert screen.violations() == []

    page.get_by_role("button", name="Show what they saved").press("Enter")
    expect(question(page)).to_have_value("Theirs?")
    expect(question(page)).to_be_disabled()
    page.get_by_role("button", name="Back to what I wrote").press("Enter")
    expect(question(page)).to_have_value("Mine?")
    page.get_by_role("button", name="Save mine in its place").press("Enter")
    expect(page.get_by_role("status").filter(has_text="Saved.")).to_be_visible()
    expect(told).to_have_count(0)
    assert asked(clinic) == ["Mine?"]
    refusals_are_no_errors(screen)


def test_theirs_can_be_gone_on_with(screen: Screen, clinic: Clinic, colleague: Caller, draft: ProtocolVersion) -> None:
    page = screen.page
    page.get_by_label("Language").select_option("es")
    field = page.get_by_label("Pregunta (inglés)")
    field.fill("Mine?")
    saves(colleague, draft, "Theirs?")
    page.get_by_role("button", name="Guardar borrador").click()
    expect(page.get_by_role("alert")).to_contain_text("Otra persona ha guardado este borrador.")
    page.get_by_role("button", name="Mostrar lo que guardó").click()
    page.get_by_role("button", name="Dejar lo mío y seguir con lo suyo").click()
    expect(page.get_by_role("alert")).to_have_count(0)
    expect(field).to_have_value("Theirs?")
    field.fill("Both?")
    page.get_by_role("button", name="Guardar borrador").click()
    expect(page.get_by_role("status").filter(has_text="Guardado.")).to_be_visible()
    assert asked(clinic) == ["Both?"]
    refusals_are_no_errors(screen)


@pytest.mark.parametrize("name", ["Publish", "Discard draft"])
def test_nothing_is_published_or_discarded_that_was_not_looked_at(
    screen: Screen, clinic: Clinic, colleague: Caller, draft: ProtocolVersion, name: str
) -> None:
    page = screen.page
    page.get_by_role("button", name=name, exact=True).click()
    sure = page.get_by_role("dialog").get_by_role("button", name=name, exact=True)
    expect(sure).to_be_enabled()
    saves(colleague, draft, "Theirs?")
    sure.click()
    told = page.get_by_role("dialog").get_by_role("alert")
    expect(told).to_contain_text("Nothing was done")
    expect(sure).to_be_disabled()
    assert [row.status for row in versions(clinic)] == ["draft"]
    assert asked(clinic) == ["Theirs?"]
    assert screen.violations() == []
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    expect(question(page)).to_have_value("Theirs?")
    refusals_are_no_errors(screen)


def test_what_is_published_meanwhile_keeps_what_was_written_on_screen(
    screen: Screen, clinic: Clinic, colleague: Caller, draft: ProtocolVersion
) -> None:
    page = screen.page
    question(page).fill("Mine?")
    path = f"/api/v2/protocol-versions/{public('prot', draft.id)}/publish"
    assert colleague.post(path, {}, key="theirs").status_code == 200
    before = asked(clinic)
    page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_role("alert")).to_contain_text("Another manager has published this version")
    expect(page.get_by_role("button", name="Save mine in its place")).to_have_count(0)
    expect(question(page)).to_have_value("Mine?")
    with practice_scope(clinic.practice.id):
        assert ProtocolVersion.objects.get().status == "published"
    assert asked(clinic) == before
    page.get_by_role("button", name="Show what they saved").click()
    page.get_by_role("button", name="Give up what I wrote").click()
    expect(page.get_by_text("It can be read and not changed")).to_be_visible()
    expect(question(page)).to_have_value(before[0])
    refusals_are_no_errors(screen)
