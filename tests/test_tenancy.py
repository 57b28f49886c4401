"""Scopes: what they let through, and what they refuse."""

import pytest

from mybcat.tenancy import ScopeRequired, platform_scope, practice_scope
from patients.models import Patient
from tests.factories import Clinic


def test_managers_raise_outside_a_scope(clinic: Clinic) -> None:
    with pytest.raises(ScopeRequired):
        Patient.objects.count()


def test_a_practice_sees_its_own_rows(clinic: Clinic, other_clinic: Clinic) -> None:
    with practice_scope(clinic.practice.id):
        assert list(Patient.objects.values_list("id", flat=True)) == [clinic.patient.id]
    with platform_scope(reason="test"):
        assert Patient.objects.count() == 2
