"""An `api` whose role in PostgreSQL sees every practice says that it is not ready."""

import pytest
from django.db import connection
from django.test import Client

from mybcat.embedded.addresses import in_database
from tests.concurrency.elsewhere import connections_with
from tests.faults.product import DATABASE, Product, serving


@pytest.mark.processes
def test_a_superuser_is_no_role_to_serve_with(product: Product) -> None:
    with serving(product, DATABASE_URL=in_database(product.administrator, DATABASE)) as api:
        status, parts = api.readiness()
        assert status == 503
        assert parts == {"database": "unavailable", "migrations": "ok", "redis": "ok", "broker": "ok"}


def test_nor_is_one_that_bypasses_row_level_security(client: Client) -> None:
    assert client.get("/readyz").status_code == 200
    connection.close()
    try:
        with connections_with(role="mybcat_platform"):
            answer = client.get("/readyz")
    finally:
        connection.close()
    assert answer.status_code == 503
    assert answer.json()["parts"] == {"database": "unavailable", "migrations": "ok", "redis": "ok", "broker": "ok"}
