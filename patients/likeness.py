"""How like two names are, whatever their spelling: codes for indexes, degrees for judgement.

Codes are compared for equality alone, which is leakproof: under row-level security a trigram or LIKE
operator could not use its index.
"""

import unicodedata
from typing import NamedTuple

import jellyfish

# 160 letters fold into no longer code; both columns are as wide.
CODE_LENGTH = 160
_VOWELS = frozenset("aeiouy")
# Letters that have no decomposition, as keyboards without them write them.
_LETTERS = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ð": "d", "ħ": "h", "\u0131": "i", "æ": "ae", "œ": "oe"})


class NameKeys(NamedTuple):
    """What is stored beside a name so that it can be found: as typed, as heard, as mistyped."""

    key: str
    sound: str
    skeleton: str


def name_keys(name: str) -> NameKeys:
    """The keys of a first or a last name."""
    # Cut to the columns: some characters fold into many (U+FDFA into 18).
    key = search_key(name)[:CODE_LENGTH]
    return NameKeys(key, sound(key), skeleton(key))


def search_key(text: str) -> str:
    """`text` without accents, case and punctuation: `O'Brien` is `obrien`, `José` is `jose`; a hyphen is a space."""
    decomposed = unicodedata.normalize("NFKD", text.casefold()).translate(_LETTERS)
    return " ".join("".join(_folded(character) for character in decomposed).split())


def _folded(character: str) -> str:
    if unicodedata.combining(character):
        return ""
    if character.isspace() or unicodedata.category(character) == "Pd":
        return " "
    return character if character.isalnum() else ""


def sound(key: str) -> str:
    """How a name is heard (NYSIIS): `smyth` as `smith`, `okaphor` as `okafor`. Empty for scripts it cannot read."""
    letters = key.replace(" ", "")
    return jellyfish.nysiis(letters)[:CODE_LENGTH] if letters.isascii() else letters[:CODE_LENGTH]


def skeleton(key: str) -> str:
    """Its first letter and its other consonants in alphabetical order, each once.

    Vowels mistaken, letters doubled and neighbours exchanged (`smiht`) leave it as it is.
    """
    letters = key.replace(" ", "")
    return (letters[:1] + "".join(sorted(set(letters[1:]) - _VOWELS)))[:CODE_LENGTH]


def names_alike(one: tuple[str, str], other: tuple[str, str]) -> tuple[float, float]:
    """Each 0 to 1: how like a first and a last name are to another's, also where somebody exchanged them. Keys."""
    (first, last), (others_first, others_last) = one, other
    alike = jellyfish.jaro_winkler_similarity
    straight = alike(first, others_first), alike(last, others_last)
    crossed = alike(first, others_last), alike(last, others_first)
    return max(straight, crossed, key=sum)
