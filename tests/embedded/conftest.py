"""These tests start servers of their own; the application and its database have no part in them."""

import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from mybcat.embedded import template
from mybcat.embedded.home import Home
from tests.embedded.programs import mybcat, running


@pytest.fixture(scope="session", autouse=True)
def _migrated() -> None:
    """In place of the application's."""


@pytest.fixture(autouse=True)
def _clean() -> None:
    """In place of the application's."""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home that nobody has used."""
    found = Home(tmp_path / "home")
    found.prepare()
    return found


@pytest.fixture(scope="session")
def _template(tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = Home(tmp_path_factory.mktemp("template") / "home")
    with running("tests.embedded.serving", str(home.root), home=home.root) as program:
        program.wait_for("}")
    return home


@pytest.fixture(scope="session")
def _migrated_template(tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = Home(tmp_path_factory.mktemp("migrated") / "home")
    home.prepare()
    if model := template.named():
        template.copy(model, to=home)
    done = mybcat(home.root, "run", "--", "true")
    assert done.returncode == 0, done.stderr
    return home


def _copied(home: Home, root: Path) -> Home:
    found = Home(root)
    shutil.copytree(home.root, found.root)
    found.file("ports.json").unlink()
    found.log("postgres").unlink()
    return found


@pytest.fixture
def used_home(tmp_path: Path, _template: Home) -> Home:
    """A home whose servers ran before; spares each test the second that a new database takes."""
    return _copied(_template, tmp_path / "used")


@pytest.fixture
def migrated_home(tmp_path: Path, _migrated_template: Home) -> Home:
    """One whose database has the product's tables already; spares each test the half minute that they take."""
    return _copied(_migrated_template, tmp_path / "migrated")


@dataclass(frozen=True, kw_only=True)
class Servers:
    """Two servers that run, and who runs them."""

    administrator: str
    redis: str
    home: Home
    pid: int


@pytest.fixture(scope="session")
def foreign(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """A PostgreSQL and a Valkey apart from those of the suite, whose roles may be altered."""
    root = tmp_path_factory.mktemp("foreign") / "home"
    with running("tests.embedded.serving", str(root), home=root) as program:
        found = json.loads(program.wait_for("}"))
        yield Servers(**found, home=Home(root), pid=program.process.pid)


@pytest.fixture
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No server is named by the environment."""
    for name in [name for name in os.environ if name.startswith("PG") or name.endswith("_URL")]:
        monkeypatch.delenv(name)
