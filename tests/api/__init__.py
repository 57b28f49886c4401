"""What the API promises, asked over HTTP."""

import pytest

# Their assertions tell what differs, as a test module's do.
pytest.register_assert_rewrite("tests.api.refusals", "tests.api.rows")
