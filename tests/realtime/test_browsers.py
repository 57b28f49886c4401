"""The patient's page in two real browsers, side by side, while a device drives."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.core.management import call_command
from playwright.sync_api import Browser, Page, expect, sync_playwright

from mybcat.embedded.ports import free_ports
from realtime.models import Visit
from tests.callers import Caller, public
from tests.factories import Clinic, make_visit
from tests.mybcat.processes import Running, api, live
from tests.realtime.test_positions import says
from tests.realtime.watcher import Watcher, relay

# A machine without Chromium downloads it first.
pytestmark = [pytest.mark.processes, pytest.mark.timeout(600)]
# Milliseconds; a limit for what hangs, not a promise.
expect.set_options(timeout=60_000)


@pytest.fixture(scope="module")
def browsers() -> Iterator[tuple[Browser, Browser]]:
    """Two, each with a process of its own. Playwright's loop makes Django think that we cannot wait; we can."""
    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as player:
        launched = [player.chromium.launch(executable_path=_chromium(), args=["--no-sandbox"]) for _ in range(2)]
        yield launched[0], launched[1]
        for browser in launched:
            browser.close()
    if before is None:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


def _chromium() -> str:
    if shutil.which("chromium") is None:
        if os.geteuid() != 0 or shutil.which("apt-get") is None:
            pytest.skip("Chromium is missing, and only root can install it: apt-get install chromium")
        for arguments in (["update"], ["install", "--yes", "--no-install-recommends", "chromium"]):
            subprocess.run(["apt-get", "-q", *arguments], check=True, capture_output=True, timeout=280)
    return shutil.which("chromium") or "/usr/bin/chromium"


@contextmanager
def _product() -> Iterator[tuple[str, Running]]:
    """`api` and `live` as a browser finds them."""
    call_command("collectstatic", "--no-input", verbosity=0)
    port = free_ports()
    here = {"PORT": str(port), "PUBLIC_URL": f"http://127.0.0.1:{port}", "MYBCAT_DEVELOPMENT": "1"}
    with api(port=port, **here), live(port=port + 1, **here) as running:
        yield here["PUBLIC_URL"], running


def _opened(browser: Browser, url: str) -> tuple[Page, list[str]]:
    page, elsewhere = browser.new_page(), []
    page.on("request", lambda request: None if "127.0.0.1" in request.url else elsewhere.append(request.url))
    page.on("pageerror", lambda error: elsewhere.append(str(error)))
    page.goto(url)
    return page, elsewhere


def test_two_browsers_follow_one_device(
    browsers: tuple[Browser, Browser], agent: Caller, driver: Caller, clinic: Clinic
) -> None:
    visit: Visit = make_visit(clinic, destination_latitude=40.75, destination_longitude=-74.0)
    name = public("visit", visit.id)
    link = agent.post(f"/api/v2/visits/{name}/link", None).json()["url"]
    with _product() as (url, running):
        path = link[link.index("/visit/") :]
        (left, first), (right, second) = (_opened(each, url + path) for each in browsers)
        pages = (left, right)
        for page in pages:
            expect(page.locator("#said")).to_contain_text("not on the way yet")

        assert driver.post(f"/api/v2/visits/{name}/status", {"status": "under_way"}).status_code == 200
        relay()
        with Watcher(running.port, driver, origin=url) as device:
            device.hears()
            says(device, visit, lat=40.72)
            for page in pages:
                expect(page.locator("#said")).to_have_text("Your clinician is on the way: about 10 min.")
                expect(page.locator("#here")).to_be_visible()
                assert float(page.locator("#here").get_attribute("cy") or 0) > 10
            # One of them closes; the other one does not notice.
            right.close()
            left.wait_for_timeout(1000)
            says(device, visit, lat=40.745)
            expect(left.locator("#said")).to_have_text("Your clinician is on the way: about 2 min.")

        assert driver.post(f"/api/v2/visits/{name}/status", {"status": "arrived"}).status_code == 200
        relay()
        expect(left.locator("#said")).to_have_text("Your clinician has arrived.")

        # The sockets' process dies: the page asks instead, and says that it is late.
        running.process.kill()
        assert driver.post(f"/api/v2/visits/{name}/status", {"status": "done"}).status_code == 200
        expect(left.locator("#said")).to_have_text("The visit is over.")
        assert first + second == []
        left.close()
