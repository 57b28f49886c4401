"""A shorter `make bench-chaos`: processes die and Redis is emptied while patients are booked."""

import os
import subprocess
import sys

import pytest

from mybcat.environment import CHECKOUT
from tests.mybcat.processes import valkey


@pytest.mark.processes
@pytest.mark.timeout(900)
def test_nothing_is_lost_doubled_or_out_of_order() -> None:
    with valkey() as broker:
        done = subprocess.run(
            [
                *(sys.executable, "-m", "bench.chaos", "--bookings", "150", "--seconds", "20", "--spare-redis"),
                # A limit for what is lost: on a busy machine it took two minutes.
                *("--quiet", "600"),
            ],
            cwd=CHECKOUT,
            env={**os.environ, "REDIS_URL": broker.url},
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stdout + done.stderr[-3000:]
    assert "150 booked, 30 cancelled, final refusals {}" in done.stdout
    assert "nothing lost, nothing twice, everything in order" in done.stdout
