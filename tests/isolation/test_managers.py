"""The first gate: managers that raise outside a scope and see one practice inside it."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.db import connection

from mybcat.ids import new_uuid
from mybcat.tenancy import CrossPracticeWrite, ScopeRequired, platform_scope, practice_scope
from patients.models import Patient
from practices.models import Location
from tests.factories import Clinic
from tests.isolation.filled import PRACTICES, tenant_models, tenant_tables


@pytest.fixture
def without_row_security(owner: psycopg.Connection) -> Iterator[None]:
    """Takes the second gate away, so that the first stands alone."""
    tables = list(tenant_tables())
    for table in tables:
        owner.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
    try:
        yield
    finally:
        for table in tables:
            owner.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")


def key_of(model: Any) -> str:
    return "id" if model._meta.db_table == PRACTICES else "practice_id"


def managers(model: Any) -> list[Any]:
    """Its own, and where other rows refer to it, the one that fetches it for them."""
    return [model._default_manager, *([model._base_manager] if model._meta.related_objects else [])]


def test_no_model_of_a_practice_can_be_asked_outside_a_scope() -> None:
    for model in tenant_models():
        for manager in managers(model):
            with pytest.raises(ScopeRequired):
                manager.count()


def test_managers_narrow_to_the_practice_in_scope_by_themselves(
    ours: Clinic, theirs: Clinic, without_row_security: None
) -> None:
    with practice_scope(ours.practice.id):
        for model in tenant_models():
            with connection.cursor() as cursor:
                cursor.execute(f"SELECT count(DISTINCT {key_of(model)}) FROM {model._meta.db_table}")
                assert cursor.fetchone()[0] == 2, f"{model.__name__}: this test needs rows of both"
            for manager in managers(model):
                assert set(manager.values_list(key_of(model), flat=True)) == {ours.practice.id}, model.__name__


def test_the_platform_sees_all(ours: Clinic, theirs: Clinic) -> None:
    with platform_scope(reason="test"):
        for model in tenant_models():
            seen = set(model._default_manager.values_list(key_of(model), flat=True))
            assert seen == {ours.practice.id, theirs.practice.id}, model.__name__


def test_writing_another_practice_s_row_raises(clinic: Clinic, other_clinic: Clinic) -> None:
    elsewhere = {"practice_id": other_clinic.practice.id, "name": "Uptown", "time_zone": "UTC"}
    with practice_scope(clinic.practice.id):
        with pytest.raises(CrossPracticeWrite):
            Location.objects.create(**elsewhere)
        with pytest.raises(CrossPracticeWrite):
            Location.objects.bulk_create([Location(**elsewhere)])
        with pytest.raises(CrossPracticeWrite):
            Location(**elsewhere).save()
    with platform_scope(reason="test"):
        assert Location.objects.count() == 2


def test_a_row_gets_the_practice_in_scope(clinic: Clinic) -> None:
    with practice_scope(clinic.practice.id):
        made = [Location.objects.create(name="Uptown", time_zone="UTC")]
        made += Location.objects.bulk_create([Location(name="Midtown", time_zone="UTC")])
    assert [row.practice_id for row in made] == [clinic.practice.id] * 2


def test_another_practice_s_rows_are_neither_changed_nor_deleted(clinic: Clinic, other_clinic: Clinic) -> None:
    with practice_scope(clinic.practice.id):
        rows = Patient.objects.filter(id=other_clinic.patient.id)
        assert (rows.update(last_name="Changed"), rows.delete()[0]) == (0, 0)
    with practice_scope(other_clinic.practice.id):
        assert Patient.objects.get().last_name == "Okafor"


def test_scopes_do_not_nest(clinic: Clinic, other_clinic: Clinic) -> None:
    with practice_scope(clinic.practice.id):
        with pytest.raises(RuntimeError, match="durable"), practice_scope(other_clinic.practice.id):
            pytest.fail("entered")
        with pytest.raises(RuntimeError, match="durable"), platform_scope(reason="test"):
            pytest.fail("entered")
        assert Patient.objects.get().id == clinic.patient.id


def test_a_scope_ends_with_its_block(clinic: Clinic) -> None:
    with practice_scope(clinic.practice.id):
        assert Patient.objects.count() == 1
    with pytest.raises(ScopeRequired):
        Patient.objects.count()
    with pytest.raises(ZeroDivisionError), practice_scope(clinic.practice.id):
        Patient.objects.create(first_name="A", last_name="B", date_of_birth="1990-01-01")
        raise ZeroDivisionError
    with pytest.raises(ScopeRequired):
        Patient.objects.count()
    with practice_scope(clinic.practice.id):
        assert Patient.objects.count() == 1


def test_a_practice_that_does_not_exist_has_nothing(ours: Clinic) -> None:
    models = tenant_models()
    with practice_scope(new_uuid()):
        assert {model.__name__: model._default_manager.count() for model in models} == {
            model.__name__: 0 for model in models
        }
