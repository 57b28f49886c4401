"""Partners' programs, as managers keep them."""

from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser, expect

from integrations.clients.models import ApiClient
from mybcat.principal import Role
from mybcat.tenancy import practice_scope
from tests.callers import public
from tests.certificates import issued
from tests.dashboard.browsing import PATIENCE, Screen
from tests.factories import Clinic, make_api_client, make_member

pytestmark = [pytest.mark.processes, pytest.mark.timeout(600)]


@pytest.fixture
def screen(chromium: Browser, url: str, clinic: Clinic) -> Iterator[Screen]:
    opened = Screen(chromium, url)
    opened.sign_in(make_member(practice=clinic.practice, role=Role.PRACTICE_MANAGER))
    opened.page.get_by_role("link", name="Manage").click()
    yield opened
    opened.close()


def test_a_partners_program_from_its_secret_to_its_end(screen: Screen, clinic: Clinic, url: str) -> None:
    page = screen.page
    page.get_by_role("link", name="API clients").click()
    expect(page.get_by_text("No program uses the API for this practice.")).to_be_visible()
    page.get_by_role("button", name="New API client").click()
    page.get_by_label("Name").fill("Recall service")
    expect(page.get_by_role("button", name="Create API client")).to_be_disabled()
    page.get_by_label("See slots and appointments").check()
    assert screen.violations() == []
    page.get_by_role("button", name="Create API client").click()
    secret = page.get_by_label("Secret", exact=True)
    expect(secret).to_be_visible()
    made = client_of(clinic)
    assert (made.name, made.scopes) == ("Recall service", ["appointments:read"])
    first = secret.input_value()
    assert token(url, made, first) == 200
    assert screen.violations() == []
    page.get_by_role("button", name="I have stored it").click()
    expect(secret).to_have_count(0)

    page.get_by_role("button", name="New secret").click()
    page.get_by_label("The secret it has now stays good for").select_option("none")
    page.get_by_role("dialog").get_by_role("button", name="New secret").click()
    expect(secret).to_be_visible()
    second = secret.input_value()
    assert (token(url, made, first), token(url, made, second)) == (401, 200)

    page.get_by_role("button", name="Edit").click()
    page.get_by_label("Find and see patients").check()
    page.get_by_role("button", name="Save").click()
    expect(page.locator("main").get_by_role("listitem")).to_have_count(2)
    assert client_of(clinic).scopes == ["appointments:read", "patients:read"]

    page.get_by_role("button", name="Revoke").click()
    expect(page.get_by_role("dialog")).to_contain_text("Revoke Recall service?")
    page.get_by_role("dialog").get_by_role("button", name="Close").last.click()
    assert client_of(clinic).revoked_at is None
    page.get_by_role("button", name="Revoke").click()
    page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    expect(page.get_by_text("Revoked: nothing that this program sends is accepted.")).to_be_visible()
    assert client_of(clinic).revoked_at is not None
    page.get_by_role("button", name="All API clients").click()
    expect(page.locator("[data-client=revoked]")).to_contain_text("Recall service")
    assert token(url, made, second) == 401
    assert screen.errors == []


def test_a_program_is_bound_to_a_certificate_that_can_be_shut_out(screen: Screen, clinic: Clinic, url: str) -> None:
    made, secret = make_api_client(practice=clinic.practice)
    assert secret is not None
    assert token(url, made, secret) == 200
    page = screen.page
    page.get_by_role("link", name="API clients").click()
    page.get_by_role("button", name=made.name).click()
    page.get_by_role("button", name="Add certificate").click()
    page.get_by_role("textbox", name="Certificate").fill("no certificate")
    page.get_by_role("button", name="Add certificate").click()
    expect(page.get_by_role("textbox", name="Certificate")).to_have_attribute("aria-invalid", "true")
    page.get_by_role("textbox", name="Certificate").fill(issued("partner").pem)
    page.get_by_role("button", name="Add certificate").click()
    certificates = page.get_by_role("table", name="Certificates").locator("tbody tr")
    expect(certificates).to_have_count(1)
    assert token(url, made, secret) == 401
    certificates.get_by_role("button", name="Shut out").click()
    page.get_by_role("dialog").get_by_role("button", name="Shut out").click()
    expect(certificates).to_contain_text("Shut out")
    assert screen.violations() == []


def client_of(clinic: Clinic) -> ApiClient:
    with practice_scope(clinic.practice.id):
        found: ApiClient = ApiClient.objects.get()
        return found


def token(url: str, client: ApiClient, secret: str) -> int:
    """How the partner's program is answered when it asks for a token."""
    form = {"grant_type": "client_credentials", "client_id": public("appc", client.id), "client_secret": secret}
    return httpx.post(f"{url}/api/oauth/token", data=form, timeout=PATIENCE / 1000).status_code
