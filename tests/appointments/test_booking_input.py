"""A booking's body is read by hand as its serializer reads it, refusals included."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some
from rest_framework.exceptions import ValidationError

from appointments.serializers import MAX_CODE, BookingInput, read_booking
from mybcat.errors import UnknownId
from mybcat.gateway.inputs import read
from mybcat.ids import new_uuid, public_id

PATIENT, SLOT = public_id("pat", new_uuid()), public_id("slot", new_uuid())
# What a parsed body can hold: the parser has refused NUL and lone surrogates.
TEXTS = some.text(some.characters(codec="utf-8", exclude_characters="\0"), max_size=5)
CODES = some.sampled_from(["exam", "", " ", " exam", "exam\u00a0", "\u200b", "x" * MAX_CODE, "x" * (MAX_CODE + 1)])
VALUES = some.sampled_from([PATIENT, SLOT, None, 5, True, [PATIENT], {}]) | CODES | TEXTS
BODIES = some.dictionaries(some.sampled_from(["patientId", "slotId", "type", "other"]), VALUES)
NEARLY = some.fixed_dictionaries(
    {"patientId": some.just(PATIENT) | VALUES, "slotId": some.just(SLOT) | VALUES, "type": CODES | VALUES}
)


def outcome(reader: Any, body: Any) -> Any:
    try:
        return dict(reader(body))
    except ValidationError as refusal:
        return refusal.detail
    except UnknownId as refusal:
        return refusal.prefix, refusal.value


@given(BODIES | NEARLY | VALUES)
def test_it_is_what_the_serializer_says(body: Any) -> None:
    assert outcome(read_booking, body) == outcome(lambda given: read(BookingInput, given), body)


def test_what_is_good_needs_no_serializer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("appointments.serializers.read", None)
    body = {"patientId": PATIENT, "slotId": SLOT, "type": "exam"}
    assert read_booking(body) == {**outcome(read_booking, body), "type_code": "exam"}
    with pytest.raises(TypeError):
        read_booking({**body, "type": ""})
