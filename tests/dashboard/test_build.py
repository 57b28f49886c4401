"""What is built of the dashboard: typed from the API as it is, and small."""

import gzip
import json
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from mybcat.embedded import dashboard
from mybcat.embedded.home import Home

pytestmark = [pytest.mark.processes, pytest.mark.timeout(600)]
# Of script, compressed, on the desk's route.
BUDGET = 250_000


@pytest.fixture
def home() -> Home:
    home = Home(settings.MYBCAT_HOME)
    assert dashboard.install(home=home, development=True), "npm: see logs"
    return home


@pytest.mark.usefixtures("home")
def test_its_types_are_those_of_the_published_api(tmp_path: Path) -> None:
    """Where they differ: `npm run api:types` beside `make up`."""
    published = tmp_path / "v2.json"
    published.write_bytes(Client().get("/api/schema/v2").content)
    words = [
        *map(str, dashboard.command("openapi-typescript/bin/cli.js")),
        str(published),
        "-o",
        str(tmp_path / "found"),
    ]
    subprocess.run(words, check=True, capture_output=True, cwd=dashboard.PLACE, timeout=500)
    assert (tmp_path / "found").read_text() == (dashboard.PLACE / "src" / "api" / "schema.d.ts").read_text()


def test_it_is_built_once_within_its_budget(home: Home) -> None:
    said: list[str] = []
    assert dashboard.build(home=home, say=said.append), said
    manifest = json.loads((home.file("dashboard") / ".vite" / "manifest.json").read_text())
    scripts = _loaded("index.html", manifest)
    assert sum(len(gzip.compress((home.file("dashboard") / name).read_bytes())) for name in scripts) <= BUDGET
    # The manager's room is not among them.
    assert len(scripts) < sum(entry["file"].endswith(".js") for entry in manifest.values())
    said.clear()
    assert dashboard.build(home=home, say=said.append)
    assert said == []


@pytest.mark.usefixtures("home")
def test_nobody_replaces_the_packages_under_a_build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two homes of one checkout: an installation waits for the build of the other, and only for that."""
    building, done, calls = Event(), Event(), []
    monkeypatch.setattr(dashboard, "_call", lambda words, **_: calls.append(words) or True)
    monkeypatch.setattr(dashboard, "_noted", lambda path: None)
    monkeypatch.setattr(dashboard, "_note", lambda path, value: None)

    def build(*_: object, **__: object) -> bool:
        building.set()
        return done.wait(60)

    monkeypatch.setattr(dashboard, "_run", build)
    one, two = Home(tmp_path / "one"), Home(tmp_path / "two")
    for place in (one, two):
        place.prepare()
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(dashboard.build, home=one, say=lambda _: None)
        assert building.wait(60)
        installed = len(calls)
        second = pool.submit(dashboard.install, home=two, development=False)
        # Not a wait for something to happen: in this time it would have been called without the lock.
        assert not Event().wait(0.3)
        assert (len(calls), second.done()) == (installed, False)
        done.set()
        assert first.result(60)
        assert second.result(60)
    assert len(calls) == installed + 1


def test_what_cannot_be_built_is_said_in_a_sentence(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    home.file("dashboard.stamp").unlink(missing_ok=True)
    monkeypatch.setattr(dashboard, "install", lambda **_: False)
    assert not dashboard.build(home=home, say=said.append)
    assert "all else works" in said[-1]
    # What failed is npm, and its log is the one to read.
    assert str(home.log("npm")) in said[-1]


def test_without_a_build_the_address_leads_to_the_documentation(
    tmp_path: Path, settings: pytest.FixtureRequest
) -> None:
    settings.STATIC_ROOT = tmp_path  # type: ignore[attr-defined]
    answer = Client().get("/")
    assert (answer.status_code, answer["Location"]) == (302, "/api/docs")


def test_the_page_lets_its_own_styles_in_and_is_kept_by_nobody(tmp_path: Path, settings: pytest.FixtureRequest) -> None:
    settings.STATIC_ROOT = tmp_path  # type: ignore[attr-defined]
    (tmp_path / "dashboard").mkdir()
    (tmp_path / "dashboard" / "index.html").write_text('<meta name="csp-nonce" content="" />')
    for path in ("/", "/manage/texts", "/settings/billing"):
        answer = Client().get(path)
        nonce = answer.content.decode().split('"')[3]
        assert f"'nonce-{nonce}'" in answer["Content-Security-Policy"]
        assert answer["Cache-Control"] == "no-store"


def _loaded(entry: str, manifest: dict[str, Any]) -> set[str]:
    """The scripts that a browser loads before anything is shown."""
    imported = (_loaded(each, manifest) for each in manifest[entry].get("imports", []))
    return {manifest[entry]["file"]}.union(*imported)
