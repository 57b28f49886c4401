"""The product as agents meet it: real processes, and a real browser."""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from mybcat.embedded import dashboard
from mybcat.embedded.home import Home
from mybcat.embedded.ports import free_ports
from mybcat.environment import CHECKOUT
from practices.models import User
from tests.factories import PASSWORD
from tests.mybcat.processes import api, live, relay
from tests.realtime.test_browsers import _chromium

# Milliseconds; a limit for what hangs, not a promise: on two busy cores a page has taken ten seconds to load.
PATIENCE = 60_000
expect.set_options(timeout=PATIENCE)

AXE = CHECKOUT / "dashboard" / "node_modules" / "axe-core" / "axe.min.js"


@contextmanager
def browser() -> Iterator[Browser]:
    """Playwright's loop makes Django think that we cannot wait; we can."""
    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as player:
        launched = player.chromium.launch(executable_path=_chromium(), args=["--no-sandbox"])
        yield launched
        launched.close()
    if before is None:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@contextmanager
def product() -> Iterator[str]:
    """The address of `api`, with `live` and the relay behind it, and the dashboard as it is built now."""
    said: list[str] = []
    home = Home(settings.MYBCAT_HOME)
    assert dashboard.install(home=home, development=True)
    assert dashboard.build(home=home, say=said.append), said
    call_command("collectstatic", "--no-input", verbosity=0)
    port = free_ports()
    here = {"PORT": str(port), "PUBLIC_URL": f"http://127.0.0.1:{port}", "MYBCAT_DEVELOPMENT": "1"}
    with ExitStack() as running:
        # Each takes seconds to start, and none of them waits for another.
        with ThreadPoolExecutor() as threads:
            started = (api(port=port, **here), live(port=port + 1, **here), relay())
            list(threads.map(running.enter_context, started))
        yield here["PUBLIC_URL"]


def choose(field: Locator, name: str) -> None:
    """An option of a list, by keyboard: under a pointer, a list that has just opened may still move."""
    field.press("Enter")
    options = field.page.locator("[role=option]:visible")
    expect(options.first).to_be_visible()
    pointed = field.page.locator("[role=option][data-combobox-selected]:visible")
    for _ in range(options.count()):
        if pointed.count() and pointed.inner_text() == name:
            break
        field.press("ArrowDown")
    field.press("Enter")
    expect(field).to_have_value(name)


class Screen:
    """One agent's browser; what goes wrong in it is kept."""

    def __init__(self, browser: Browser, url: str, **options: object) -> None:
        usual = {"viewport": {"width": 1280, "height": 800}, "locale": "en-US", "timezone_id": "America/Chicago"}
        self.context = browser.new_context(**{**usual, **options})  # type: ignore[arg-type]
        self.context.set_default_timeout(PATIENCE)
        self.page: Page = self.context.new_page()
        self.url = url
        self.keys = 0
        self.errors: list[str] = []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", lambda said: self.errors.append(said.text) if said.type == "error" else None)

    def sign_in(self, user: User) -> None:
        self.page.goto(self.url)
        self.page.get_by_label("E-mail").fill(user.email)
        self.page.get_by_label("Password").first.fill(PASSWORD)
        self.page.get_by_role("button", name="Sign in").click()
        expect(self.page.get_by_role("button", name="Sign out")).to_be_visible()
        expect(self.page.locator("[data-live=live]")).to_be_visible()
        # Before anybody is signed in, renewing is refused, and Chromium says so.
        self.errors = [error for error in self.errors if "401" not in error]

    def press(self, *keys: str) -> None:
        """As a person does, counted."""
        for key in keys:
            self.keys += 1
            self.page.keyboard.press(key)

    def type(self, text: str) -> None:
        self.press(*text)

    def violations(self) -> list[str]:
        """What axe finds against WCAG 2.2 AA."""
        # By way of the debugger: the page's own policy lets no other script in.
        self.page.evaluate(AXE.read_text(encoding="utf-8") + "; 0")
        rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
        found = self.page.evaluate(
            "rules => axe.run({runOnly: rules}).then(done => done.violations.map("
            "each => each.id + ': ' + each.nodes.map(node => `${node.target} ${node.failureSummary}`).join(' | ')))",
            rules,
        )
        return list(found)

    def picture(self, name: str) -> None:
        """Of what is on screen, where the environment names a folder for it; the documents show some of them."""
        if folder := os.environ.get("MYBCAT_PICTURES"):
            # Neither a blinking cursor nor what is on its way in or out.
            self.page.screenshot(path=Path(folder) / f"{name}.png", animations="disabled", caret="hide")

    def close(self) -> None:
        self.context.close()
