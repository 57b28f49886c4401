"""Every page of every model answers, whatever model the next application registers."""

import pytest
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from mybcat.operators import identifiers
from practices.models import Practice
from tests.admin.rows import Rows, registered

HOSTILE: tuple[dict[str, str], ...] = (
    *({"q": text} for text in ("pat_", "pat_" + "z" * 26, "%", "\0", "'; --", "x" * 3000, "appt_" * 9, "{}")),
    {"practice": "garbage"},
    {"practice": "pat_01m84c34vqevjs438j6kca08g5"},
    {"recorded_from": "yesterday"},
    {"recorded_until": "9999-12-31"},
    {"recorded_from": "0001-01-01"},
    {"starts_from": "2026-02-30"},
    {"p": "99999"},
    {"p": "-1"},
    {"o": "1.-2.99"},
    {"_to_field": "password"},
    {"password__startswith": "a"},
    {"status__exact": "\0"},
    {"listener": "none of ours"},
    {"created_at__year": "garbage"},
    {"e": "1"},
)

MODELS = pytest.mark.parametrize("model", registered(), ids=lambda model: model._meta.label)


def page(model: type[Model], name: str, *args: object) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{name}", args=args)


@MODELS
def test_a_list_shows_rows_of_all_practices(desk: Client, rows: Rows, other_rows: Rows, model: type[Model]) -> None:
    answer = desk.get(page(model, "changelist"))
    assert answer.status_code == 200
    shown = {row.pk for row in answer.context["cl"].result_list}
    assert {rows[model].pk, other_rows[model].pk} <= shown


@MODELS
def test_an_object_and_its_history_are_shown(desk: Client, rows: Rows, model: type[Model]) -> None:
    assert desk.get(page(model, "change", rows[model].pk)).status_code == 200
    assert desk.get(page(model, "history", rows[model].pk)).status_code == 200


@MODELS
def test_the_add_page_answers_as_the_model_allows(desk: Client, rows: Rows, model: type[Model]) -> None:
    allowed = desk.get(page(model, "changelist")).context["has_add_permission"]
    assert desk.get(page(model, "add")).status_code == (200 if allowed else 403)
    in_practice = desk.get(page(model, "add"), {"practice": str(rows[Practice].pk)})
    assert in_practice.status_code == (200 if allowed else 403)


@MODELS
def test_a_search_finds_a_pasted_id(desk: Client, rows: Rows, other_rows: Rows, model: type[Model]) -> None:
    answer = desk.get(page(model, "changelist"), {"q": f" {identifiers.shown(model, rows[model].pk)} "})
    assert [row.pk for row in answer.context["cl"].result_list] == [rows[model].pk]


@MODELS
def test_a_hostile_query_breaks_nothing(desk: Client, rows: Rows, model: type[Model]) -> None:
    """Found nothing, led back, or refused; never a failure of ours."""
    for query in HOSTILE:
        assert desk.get(page(model, "changelist"), query).status_code in (200, 302, 400), query


@MODELS
def test_an_unknown_object_leads_back_to_the_index(desk: Client, model: type[Model]) -> None:
    for identifier in ("garbage", "0192b0a0-0000-7000-8000-000000000000", "_5F", "x" * 300):
        answer = desk.get(page(model, "change", identifier))
        assert (answer.status_code, answer["Location"]) == (302, "/admin/")


def test_the_index_lists_everything_in_order(desk: Client) -> None:
    answer = desk.get("/admin/")
    assert "MyBCAT operators" in answer.content.decode()
    listed = [entry["model"] for section in answer.context["app_list"] for entry in section["models"]]
    assert sorted(listed, key=lambda model: model._meta.label) == registered()
    assert listed[0]._meta.label == "practices.Practice"
    assert listed[-1]._meta.label == "mybcat.IdempotencyKey"


def test_an_unknown_page_is_404(desk: Client) -> None:
    assert desk.get("/admin/nothing/here/").status_code == 404
