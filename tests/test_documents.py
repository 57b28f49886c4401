"""What the documentation names is there."""

import re
from pathlib import Path

import pytest

from tests.embedded import walkthrough

CHECKOUT = Path(__file__).parent.parent
DOCUMENTS = sorted([CHECKOUT / "README.md", *(CHECKOUT / "docs").rglob("*.md")])
_TEST = re.compile(r"`((?:[a-z_]+/)*test_[a-z_]+\.py)(?:::(\w+))?`")
_LINK = re.compile(r"\]\((?!https?:)([^)#]+)")


def test_every_test_that_security_rests_on_is_there() -> None:
    text = (CHECKOUT / "docs" / "security.md").read_text()
    named = _TEST.findall(text)
    assert len(named) > 50
    missing = [
        f"{file}::{name}"
        for file, name in named
        if not (CHECKOUT / "tests" / file).is_file()
        or (name and f"def {name}(" not in (CHECKOUT / "tests" / file).read_text())
    ]
    assert missing == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_leads_somewhere(document: Path) -> None:
    links = _LINK.findall(document.read_text())
    assert [link for link in links if not (document.parent / link).exists()] == []


def test_what_a_walkthrough_prints_is_compared_line_by_line() -> None:
    assert walkthrough.as_documented("in 09:00 to 12:00 EST\n", expected="in 09:00 to … EST\n")
    for found in ("in 09:00 to 12:00 EDT\n", "in 09:00 to 12:00\n EST\n", "in 09:00 to 12:00 EST\nmore\n"):
        assert not walkthrough.as_documented(found, expected="in 09:00 to … EST\n")


def test_decisions_are_numbered_once_and_short() -> None:
    files = sorted((CHECKOUT / "docs" / "adr").glob("*.md"))
    numbers = [int(file.name[:4]) for file in files]
    assert numbers == list(range(1, len(files) + 1))
    for number, file in zip(numbers, files, strict=True):
        lines = file.read_text().splitlines()
        assert lines[0].startswith(f"# {number}. "), file.name
        assert len(lines) <= 40, file.name


def test_the_readme_is_short_and_begins_with_the_two_commands() -> None:
    lines = (CHECKOUT / "README.md").read_text().splitlines()
    assert len(lines) <= 80
    assert [line.split("#")[0].strip() for line in lines if line.startswith("make ")][:2] == ["make up", "make test"]
