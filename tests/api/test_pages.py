"""Lists come in pages: numbered in v1, by cursor in v2."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

import pytest

from mybcat.tenancy import practice_scope
from patients.models import Patient
from practices.models import Practitioner
from tests.api.refusals import assert_invalid
from tests.api.rows import changes
from tests.callers import Caller, public
from tests.factories import Clinic, make_patient

LISTS = ["patients", "appointments", "slots?from=2026-04-25", "practitioners", "locations", "appointment-types"]
CURSOR = ["Take the cursor from nextCursor as it is"]


@pytest.fixture
def crowd(clinic: Clinic) -> list[str]:
    """Seven patients in the order of the list; three share one name."""
    with practice_scope(clinic.practice.id):
        Patient.objects.all().delete()
    names = ["Abel", "Baker", "Cole", "Cole", "Cole", "Diaz", "Evans"]
    rows = [make_patient(practice=clinic.practice, last_name=name) for name in names]
    rows.sort(key=lambda row: (row.last_name, row.id))
    return [public("pat", row.id) for row in rows]


def with_query(version: str, path: str, **query: Any) -> str:
    pairs = "&".join(f"{name}={value}" for name, value in query.items())
    return f"/api/{version}/{path}{'&' if '?' in path else '?'}{pairs}"


def walk(agent: Caller, path: str, *, limit: int) -> list[list[dict[str, Any]]]:
    """Every page from the first to the one without a cursor."""
    pages, cursor = [], {}
    while True:
        body = agent.get(f"/api/v2/{path}", limit=limit, **cursor).json()
        pages.append(body["data"])
        if body["nextCursor"] is None:
            return pages
        cursor = {"cursor": body["nextCursor"]}


@pytest.mark.parametrize(
    ("size", "page", "shown"),
    [(3, 1, slice(0, 3)), (3, 2, slice(3, 6)), (3, 3, slice(6, 7)), (3, 4, slice(7, 7)), (7, 1, slice(0, 7))],
)
def test_v1_numbers_its_pages_and_counts_all_rows(
    agent: Caller, crowd: list[str], size: int, page: int, shown: slice
) -> None:
    body = agent.get("/api/v1/patients", page=page, pageSize=size).json()
    assert ([row["id"] for row in body["results"]], body["count"]) == (crowd[shown], 7)


@pytest.mark.parametrize(("limit", "lengths"), [(1, [1] * 7), (3, [3, 3, 1]), (7, [7]), (200, [7])])
def test_v2_walks_by_cursor(agent: Caller, crowd: list[str], limit: int, lengths: list[int]) -> None:
    pages = walk(agent, "patients", limit=limit)
    assert [len(page) for page in pages] == lengths
    assert [row["id"] for page in pages for row in page] == crowd


def test_a_walk_meets_each_row_once_while_others_are_added(agent: Caller, clinic: Clinic, crowd: list[str]) -> None:
    seen, cursor, added = [], {}, []
    for name in ("Aaron", "Cole", "Zorn", None):
        body = agent.get("/api/v2/patients", limit=2, **cursor).json()
        seen += [row["id"] for row in body["data"]]
        cursor = {"cursor": body["nextCursor"]}
        if name:
            added.append(public("pat", make_patient(practice=clinic.practice, last_name=name).id))
    rest = agent.get("/api/v2/patients", **cursor).json()
    seen += [row["id"] for row in rest["data"]]
    # Aaron came behind the cursor; the fourth Cole and Zorn before it.
    assert seen == [*crowd[:5], added[1], *crowd[5:], added[2]]
    assert rest["nextCursor"] is None


def test_a_walk_goes_on_when_the_row_of_its_cursor_is_gone(agent: Caller, clinic: Clinic, crowd: list[str]) -> None:
    body = agent.get("/api/v2/patients", limit=2).json()
    with practice_scope(clinic.practice.id):
        Patient.objects.filter(last_name="Baker").delete()
    rows = agent.get("/api/v2/patients", cursor=body["nextCursor"]).json()["data"]
    assert [row["id"] for row in rows] == crowd[2:]


def test_names_of_any_script_and_length_can_be_walked(agent: Caller, clinic: Clinic) -> None:
    for number in range(3):
        name = "\U00020000" * 79 + str(number)
        make_patient(practice=clinic.practice, first_name=name, last_name=name)
    assert [len(page) for page in walk(agent, "patients", limit=1)] == [1, 1, 1, 1]


@pytest.mark.usefixtures("april")
@pytest.mark.parametrize("path", LISTS)
def test_every_list_is_walked_alike_in_both_versions(agent: Caller, clinic: Clinic, path: str) -> None:
    for slot in (0, 2):
        assert agent.book(clinic, slot=slot).status_code == 201
    with practice_scope(clinic.practice.id):
        Practitioner.objects.create(name="Dr Alice Lee")
    path = path.replace("appointments", f"patients/{public('pat', clinic.patient.id)}/appointments")
    whole = agent.get(with_query("v2", path)).json()["data"]
    found, cursor = [], {}
    while cursor is not None:
        body = agent.get(with_query("v2", path, limit=1, **cursor)).json()
        found += body["data"]
        cursor = {"cursor": body["nextCursor"]} if body["nextCursor"] else None
    assert found == whole
    numbered = [agent.get(with_query("v1", path, pageSize=1, page=number + 1)).json() for number in range(len(whole))]
    assert [page["count"] for page in numbered] == [len(whole)] * len(whole)
    assert [page["results"] for page in numbered] == [
        [row] for row in agent.get(with_query("v1", path)).json()["results"]
    ]


def test_a_page_has_50_rows_unless_a_number_is_named(agent: Caller, clinic: Clinic) -> None:
    patients = [
        Patient(
            first_name="Ada",
            last_name=f"Okafor{number:03}",
            last_name_key=f"okafor{number:03}",
            date_of_birth="1990-01-01",
        )
        for number in range(200)
    ]
    with practice_scope(clinic.practice.id):
        Patient.objects.bulk_create(patients)
    v1 = [agent.get("/api/v1/patients", **size).json() for size in ({}, {"pageSize": 200})]
    v2 = [agent.get("/api/v2/patients", **limit).json() for limit in ({}, {"limit": 200})]
    assert [(len(page["results"]), page["count"]) for page in v1] == [(50, 201), (200, 201)]
    assert [len(page["data"]) for page in v2] == [50, 200]


@pytest.mark.parametrize(
    ("version", "member", "most"), [("v1", "page", 1000), ("v1", "pageSize", 200), ("v2", "limit", 200)]
)
def test_bounds_of_pages(agent: Caller, version: str, member: str, most: int) -> None:
    low = "Ensure this value is greater than or equal to 1."
    high = f"Ensure this value is less than or equal to {most}."
    said = {"0": low, "-1": low, str(most + 1): high, "9" * 30: high, "9" * 1001: "String value too large."}
    said |= dict.fromkeys(("", "x", "1.5", "0x10", "1%00"), "A valid integer is required.")
    for path in LISTS:
        with changes():
            for value, sentence in said.items():
                assert_invalid(agent.get(with_query(version, path, **{member: value})), **{member: [sentence]})
        assert agent.get(with_query(version, path, **{member: most})).status_code == 200


def test_each_version_has_its_own_paging(agent: Caller) -> None:
    others = [("v1", "limit"), ("v1", "cursor"), ("v2", "page"), ("v2", "pageSize")]
    with changes():
        for path in LISTS:
            for version, member in others:
                assert_invalid(agent.get(with_query(version, path, **{member: 1})), **{member: ["Unknown member"]})


def test_a_cursor_that_is_not_as_it_was_given_is_refused(agent: Caller, crowd: list[str]) -> None:
    given = agent.get("/api/v2/patients", limit=2).json()["nextCursor"]
    other = urlsafe_b64encode(b'["okafor","ada","01a20000-0000-7000-8000-000000000000"]').decode()
    tampered = [
        given[:-4],
        given[4:],
        given + "AAAA",
        given[:-1] + "!",
        "!" + given,
        "x",
        "\u0441",
        "../../etc/passwd",
        other,
    ]
    with changes():
        for cursor in tampered:
            assert_invalid(agent.get("/api/v2/patients", cursor=cursor), cursor=CURSOR)


def test_a_cursor_names_no_patient(agent: Caller, crowd: list[str]) -> None:
    """It stands in addresses, and so in logs of proxies and in histories of browsers."""
    answer = agent.get("/api/v2/patients", limit=2).json()
    opened = urlsafe_b64decode(answer["nextCursor"]).lower()
    for patient in answer["data"]:
        for name in (patient["firstName"], patient["lastName"]):
            assert name.lower().encode() not in opened
