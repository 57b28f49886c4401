"""Operators see that a practice is connected, and never by which token."""

import pytest
from django.test import Client

from integrations.models import CrmConnection
from mybcat.tenancy import practice_scope
from tests.admin.rows import Rows
from tests.admin.test_pages import page


@pytest.mark.parametrize("name", ["changelist", "change", "history"])
def test_the_token_is_on_no_page(desk: Client, rows: Rows, name: str) -> None:
    row = rows[CrmConnection]
    shown = desk.get(page(CrmConnection, name, *([] if name == "changelist" else [row.pk]))).content.decode()
    with practice_scope(row.practice_id):
        assert (CrmConnection.objects.get().access_token in shown, "v1|" in shown) == (False, False)
