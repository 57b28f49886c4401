"""Each refusal that the dashboard tells in Spanish is one that the product makes; so are blockers, and all are told."""

import re

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import ProhibitNullCharactersValidator
from rest_framework import serializers

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


@pytest.mark.parametrize("language", ["en", "es"])
def test_each_blocker_has_sentences_in_each_language_and_no_other_has(language: str) -> None:
    told = (CHECKOUT / "dashboard" / "src" / "i18n" / "blockerWords.ts").read_text(encoding="utf-8")
    words = re.search(rf"^const {language}: Words = {{\n(.+?)^}};", told, flags=re.MULTILINE | re.DOTALL)
    assert words is not None
    codes = re.findall(r"^  ([a-z_]+): {\s+say: \[\s*\".+", words[1], flags=re.MULTILINE)
    assert sorted(codes) == sorted(code.value for code in Code)


KINDS = (
    serializers.BooleanField,
    serializers.CharField,
    serializers.ChoiceField,
    serializers.DateField,
    serializers.DictField,
    serializers.EmailField,
    serializers.FloatField,
    serializers.IntegerField,
    serializers.JSONField,
    serializers.ListField,
    serializers.RegexField,
    serializers.Serializer,
    serializers.TimeField,
)


def test_what_any_field_may_say_has_a_spanish_sentence() -> None:
    assert len(_of_the_framework()) > 20
    assert _of_the_framework() - _of_fields() == set()


def test_what_passwords_are_refused_for_has_a_spanish_sentence() -> None:
    with pytest.raises(ValidationError) as refused:
        validate_password("password")
    said = {re.sub(r"at least \d+", "at least {min_length}", words) for words in refused.value.messages}
    assert len(said) == 2
    assert said - _of_fields() == set()


def test_no_sentence_of_a_field_is_told_that_is_never_said() -> None:
    ours = [path.read_text(encoding="utf-8") for room in ROOMS for path in (CHECKOUT / room).rglob("*.py")]
    others = {each for each in _of_fields() - _of_the_framework() if not each.startswith("This password")}
    assert {each for each in others if not any(f'"{each}"' in source for source in ours)} == set()


def _of_the_framework() -> set[str]:
    classes = {each for kind in KINDS for each in kind.__mro__}
    found = {str(words) for each in classes for words in getattr(each, "default_error_messages", {}).values()}
    return found | {str(ProhibitNullCharactersValidator.message)}


def _of_fields() -> set[str]:
    told = (CHECKOUT / "dashboard" / "src" / "i18n" / "fields.ts").read_text(encoding="utf-8")
    rows = re.findall(r"""^  (?:"([^"]+)"|'([^']+)'): ".+",$""", told, flags=re.MULTILINE)
    return {double or single for double, single in rows}
