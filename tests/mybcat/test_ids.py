"""Our public ids are TypeIDs, as the reference library reads and writes them."""

from uuid import UUID, uuid4

import pytest
import uuid_utils
from django.db import connection
from hypothesis import given
from hypothesis import strategies as some
from typeid import TypeID

from mybcat.errors import UnknownId
from mybcat.ids import familiar_id, internal_id, new_uuid, public_id

EDGES = [UUID(int=0), UUID(int=2**128 - 1), UUID(int=1), UUID(int=2**127)]


@given(some.uuids() | some.sampled_from(EDGES))
def test_an_id_is_what_the_reference_library_writes_and_comes_back(value: UUID) -> None:
    shown = public_id("appt", value)
    assert shown == str(TypeID.from_uuid(uuid_utils.UUID(bytes=value.bytes), prefix="appt"))
    assert internal_id("appt", shown) == value


@pytest.mark.parametrize(
    "text",
    [
        "",
        "appt_",
        "appt",
        "pat_01m848prweekhr0mc0n2n7fq50",
        "appt_01M848PRWEEKHR0MC0N2N7FQ50",
        "APPT_01m848prweekhr0mc0n2n7fq50",
        "appt_81m848prweekhr0mc0n2n7fq50",
        "appt_01m848prweekhr0mc0n2n7fq5",
        "appt_01m848prweekhr0mc0n2n7fq500",
        "appt_01m848prweekhr0mc0n2n7fql0",
        "appt_01m848prweekhr0mc0n2n7fq50\n",
        "appt_01m848prweekhr0mc0n2n7fq5\u0660",
        "appt__01m848prweekhr0mc0n2n7fq50",
        " appt_01m848prweekhr0mc0n2n7fq50",
        None,
        5,
        ["appt_01m848prweekhr0mc0n2n7fq50"],
    ],
)
def test_anything_else_is_an_unknown_id(text: object) -> None:
    with pytest.raises(UnknownId) as refusal:
        internal_id("appt", text)
    assert (refusal.value.prefix, refusal.value.value) == ("appt", None)


def test_new_ids_ascend() -> None:
    made = [new_uuid() for _ in range(1000)]
    assert made == sorted(made)
    assert {value.version for value in made} == {7}


def test_postgresql_writes_the_same_ids() -> None:
    values = [*EDGES, *(new_uuid() for _ in range(50)), *(uuid4() for _ in range(200))]
    with connection.cursor() as cursor:
        cursor.execute("SELECT mybcat_public_id('pract', v) FROM unnest(%s::uuid[]) v", [values])
        assert [shown for (shown,) in cursor.fetchall()] == [public_id("pract", value) for value in values]


@given(some.uuids() | some.sampled_from(EDGES))
def test_a_familiar_id_is_the_same(value: UUID) -> None:
    assert {familiar_id("pract", value), familiar_id("pract", value)} == {public_id("pract", value)}
    assert familiar_id("loc", value) == public_id("loc", value)
