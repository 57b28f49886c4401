"""Requests that nobody thought of, to every operation: never a 5xx, and every answer as published.

A few of each here; `make bench-conformance` sends thousands over HTTP.
"""

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from mybcat.principal import Role
from mybcat.wsgi import application
from tests.callers import Caller
from tests.factories import Clinic, make_member

# Signing out would end the session that the other requests are made in.
LEFT_OUT = "^/(api/auth/|api/oauth/)"

# The schema says what a request must have, and not all that it must not: dates too far apart are well-formed, too.
PROMISED = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
few = settings(
    max_examples=4,
    deadline=None,
    derandomize=True,
    database=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_every_operation_answers_anything_as_published(clinic: Clinic, settings: Any, version: str) -> None:
    settings.RATE_LIMIT_FACTOR = 100_000
    # Who may ask for everything.
    manager = Caller(make_member(practice=clinic.practice, role=Role.PRACTICE_MANAGER), clinic.practice)
    schema = schemathesis.openapi.from_wsgi(f"/api/schema/{version}", application).exclude(path_regex=LEFT_OUT)
    asked = 0
    for found in schema.get_all_operations():

        @given(case=found.ok().as_strategy())
        @few
        def ask(case: schemathesis.Case) -> None:
            nonlocal asked
            case.call_and_validate(headers=manager.headers, checks=PROMISED)
            asked += 1

        ask()
    # Where a request has no more than a path, there are not four of it.
    assert asked > len(list(schema.get_all_operations()))
