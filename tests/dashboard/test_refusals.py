"""Each refusal that the dashboard tells in Spanish is one that the product makes; so are blockers, and all are told."""

import re

import pytest

from appointments.blockers import Code
from mybcat.environment import CHECKOUT

ROOMS = ("mybcat", "practices", "patients", "appointments", "integrations", "realtime")


@pytest.fixture(scope="module")
def made() -> set[str]:
    sources = [path.read_text(encoding="utf-8") for room in ROOMS for path in (CHECKOUT / room).rglob("*.py")]
    return {code for source in sources for code in re.findall(r'"([a-z_]+)"', source)}


def test_no_refusal_is_told_that_is_never_made(made: set[str]) -> None:
    told = (CHECKOUT / "dashboard" / "src" / "i18n" / "refusals.ts").read_text(encoding="utf-8")
    codes = re.findall(r"^  ([a-z_]+):", told, flags=re.MULTILINE)
    assert len(codes) > 50
    assert set(codes) - made == set()


def test_each_blocker_has_a_spanish_sentence_and_no_other_has() -> None:
    told = (CHECKOUT / "dashboard" / "src" / "i18n" / "blockers.ts").read_text(encoding="utf-8")
    codes = re.findall(r"^  ([a-z_]+): {(?:\n    | )plain: \".+", told, flags=re.MULTILINE)
    assert sorted(codes) == sorted(code.value for code in Code)
