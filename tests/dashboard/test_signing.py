"""Leaving every screen at once, as who has left one open somewhere does; and coming back without the password."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from practices.members.forgotten import mail_links
from tests.api.test_members import mailbox, mails, token_in
from tests.dashboard.browsing import Screen
from tests.factories import Clinic

__all__ = ("mailbox",)

pytestmark = [pytest.mark.processes, pytest.mark.timeout(600)]

WORDS = {
    "en": (
        "End all my sessions",
        "Sign out everywhere?",
        "Sign out everywhere",
        "Cancel",
        "Your session has ended. Sign in again to go on.",
    ),
    "es": (
        "Terminar todas mis sesiones",
        "¿Salir en todas partes?",
        "Salir en todas partes",
        "Cancelar",
        "Su sesión ha terminado. Entre de nuevo para continuar.",
    ),
}
FORGOTTEN = {
    "en": (
        "Forgot password?",
        "Send the link",
        "a link is on its way to it",
        "Choose this password",
        "Your password is set.",
        "This link is over, or was used already.",
        "Back to signing in",
        "Sign in",
    ),
    "es": (
        "¿Olvidó su contraseña?",
        "Enviar el enlace",
        "el enlace va en camino",
        "Elegir esta contraseña",
        "Su contraseña está guardada.",
        "Este enlace ha caducado o ya se usó.",
        "Volver a la entrada",
        "Entrar",
    ),
}
CHOSEN = "a long one of my own"


@contextmanager
def opened(chromium: Browser, url: str, **options: object) -> Iterator[Screen]:
    screen = Screen(chromium, url, **options)
    try:
        yield screen
    finally:
        screen.close()


@pytest.mark.parametrize("language", WORDS)
def test_who_signs_out_everywhere_is_out_at_the_other_screen_too(
    chromium: Browser, url: str, clinic: Clinic, language: str
) -> None:
    entry, title, doing, stay, ended = WORDS[language]
    with opened(chromium, url) as here, opened(chromium, url) as left_open:
        for screen in (here, left_open):
            screen.sign_in(clinic.agent)
            screen.page.get_by_label("Language", exact=True).select_option(language)
        page = here.page
        page.get_by_role("button", name=entry).press("Enter")
        dialog = page.get_by_role("dialog", name=title)
        expect(dialog.get_by_role("button", name=stay)).to_be_focused()
        assert here.violations() == []
        dialog.get_by_role("button", name=stay).press("Enter")
        expect(dialog).to_have_count(0)
        # Nothing has happened yet.
        expect(left_open.page.locator("[data-live=live]")).to_be_visible()

        page.get_by_role("button", name=entry).press("Enter")
        dialog.get_by_role("button", name=doing).press("Enter")
        expect(page.locator("input[type=email]")).to_be_visible()
        expect(page.get_by_text(ended)).to_have_count(0)
        # Nobody touched it: its socket has ended, and no refresh brings it back.
        expect(left_open.page.get_by_text(ended)).to_be_visible()
        expect(left_open.page.locator("input[type=email]")).to_be_visible()
        assert left_open.violations() == []
        for screen in (here, left_open):
            screen.page.reload()
            expect(screen.page.locator("input[type=email]")).to_be_visible()


@pytest.mark.parametrize("language", FORGOTTEN)
def test_who_forgot_the_password_chooses_another_and_older_screens_are_out(
    chromium: Browser, url: str, clinic: Clinic, mailbox: Path, language: str
) -> None:
    asking, sending, sent, choosing, done, over, back, entering = FORGOTTEN[language]
    with opened(chromium, url) as left_open, opened(chromium, url, locale=language) as screen:
        left_open.sign_in(clinic.agent)
        page = screen.page
        page.goto(url)
        page.get_by_role("button", name=asking).press("Enter")
        expect(page.locator("input[type=email]")).to_be_focused()
        assert screen.violations() == []
        page.get_by_role("button", name=back).press("Enter")
        expect(page.locator("input[type=password]")).to_be_visible()
        page.get_by_role("button", name=asking).press("Enter")
        page.locator("input[type=email]").fill(clinic.agent.email)
        page.get_by_role("button", name=sending).press("Enter")
        expect(page.get_by_role("status")).to_contain_text(sent)
        assert screen.violations() == []
        assert clinic.agent.email not in page.url

        assert mail_links(now=datetime.now(UTC)) == 1
        token = token_in(mails(mailbox)[0])
        page.goto(f"{url}/welcome#{token}")
        page.locator("input[type=password]").fill(CHOSEN)
        assert screen.violations() == []
        page.get_by_role("button", name=choosing).press("Enter")
        expect(page.get_by_text(done)).to_be_visible()
        assert "#" not in page.url
        expect(left_open.page.get_by_text(WORDS["en"][-1])).to_be_visible()
        page.get_by_role("link", name=entering).press("Enter")
        page.locator("input[type=email]").fill(clinic.agent.email)
        page.locator("input[type=password]").fill(CHOSEN)
        page.get_by_role("button", name=entering, exact=True).press("Enter")
        expect(page.locator("[data-live=live]")).to_be_visible()

        page.goto("about:blank")
        page.goto(f"{url}/welcome#{token}")
        page.locator("input[type=password]").fill(CHOSEN)
        page.get_by_role("button", name=choosing).press("Enter")
        expect(page.get_by_role("alert")).to_contain_text(over)
        expect(page.get_by_role("alert")).to_contain_text(asking)
        assert screen.violations() == []


def test_who_has_no_account_is_told_the_same(chromium: Browser, url: str, clinic: Clinic, mailbox: Path) -> None:
    with opened(chromium, url) as screen:
        screen.page.goto(url)
        screen.page.get_by_role("button", name="Forgot password?").press("Enter")
        screen.page.locator("input[type=email]").fill("nobody@members.example")
        screen.page.get_by_role("button", name="Send the link").press("Enter")
        expect(screen.page.get_by_role("status")).to_contain_text("If this address has an account here")
        assert mail_links(now=datetime.now(UTC)) == 0
        assert mails(mailbox) == []


REFUSED = {
    "en": ("E-mail", "Password", "Sign in", "No account has this e-mail", "No answer from the server."),
    "es": ("Correo electrónico", "Contraseña", "Entrar", "Ninguna cuenta tiene este", "El servidor no responde."),
}


@pytest.mark.parametrize("language", REFUSED)
def test_a_wrong_password_and_a_server_that_is_away_say_what_to_do(
    chromium: Browser, url: str, clinic: Clinic, language: str
) -> None:
    email, password, entry, wrong, unreached = REFUSED[language]
    with opened(chromium, url, locale=f"{language}-US") as screen:
        page = screen.page
        page.goto(url)
        page.get_by_label(email).fill(clinic.agent.email)
        page.get_by_label(password).first.fill("not this one")
        page.get_by_role("button", name=entry).click()
        expect(page.get_by_role("alert")).to_contain_text(wrong)
        # The words are the screen's own, not the API's.
        expect(page.get_by_role("alert")).not_to_contain_text("Invalid")
        assert screen.violations() == []
        screen.context.route("**/api/auth/token", lambda route: route.abort())
        page.get_by_role("button", name=entry).click()
        expect(page.get_by_role("alert")).to_contain_text(unreached)
