"""Leaving every screen at once, as who has left one open somewhere does."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, expect

from tests.dashboard.browsing import Screen
from tests.factories import Clinic

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
