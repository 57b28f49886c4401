"""How many text messages a text is, as carriers count (GSM 03.38)."""

from dataclasses import dataclass

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
# Each takes the place of two.
_EXTENDED = frozenset("\f^{}\\[~]|€")


@dataclass(frozen=True, slots=True)
class Length:
    encoding: str
    # In the encoding's own units.
    units: int
    segments: int


def length_of(text: str) -> Length:
    """One letter outside GSM-7, such as `á`, makes the whole text UCS-2: 70 to a message, and not 160."""
    if set(text) <= _BASIC | _EXTENDED:
        units = len(text) + sum(letter in _EXTENDED for letter in text)
        return Length("GSM-7", units, _cut(units, alone=160, joined=153))
    units = len(text.encode("utf-16-le")) // 2
    return Length("UCS-2", units, _cut(units, alone=70, joined=67))


def _cut(units: int, *, alone: int, joined: int) -> int:
    """Parts of a long text say how they are joined, which takes room."""
    return 1 if units <= alone else -(-units // joined)
