"""Which lane takes what: only two have to do with what starts processes or races."""

import pytest

from tests.lanes import chosen

PROCESSES, BROWSERS = "tests/bench", "tests/dashboard"
RACES, PLAIN, LAST = "tests/concurrency/test_caps.py", "tests/api/test_moving.py", "tests/admin/test_hours.py"
ALL = [PROCESSES, BROWSERS, RACES, PLAIN, LAST]


@pytest.mark.parametrize(
    ("lane", "scopes", "taken"),
    [
        (0, ALL, PROCESSES),
        (0, [RACES, PLAIN], RACES),
        (1, ALL, RACES),
        (1, [PROCESSES, BROWSERS], PROCESSES),
        (2, ALL, LAST),
        (2, [PROCESSES, PLAIN, RACES], PLAIN),
        (2, [PROCESSES, BROWSERS, RACES], None),
        (3, ALL, LAST),
        (1, [], None),
    ],
)
def test_each_lane_takes_what_it_is_for(lane: int, scopes: list[str], taken: str | None) -> None:
    assert chosen(scopes, lane=lane) == taken
