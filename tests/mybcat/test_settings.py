"""What settings work out from the surroundings."""

import os
import subprocess
import sys

import pytest

SAYS = "from django.conf import settings; print(settings.PUBLIC_URL, settings.LIVE_URL)"


@pytest.mark.parametrize(
    "given, found",
    [
        ({}, "http://127.0.0.1:9100 ws://127.0.0.1:9101/live"),
        (
            {"PUBLIC_URL": "https://desk.example/", "LIVE_URL": "wss://desk.example/live"},
            "https://desk.example wss://desk.example/live",
        ),
    ],
)
def test_where_we_are_found_follows_the_port_unless_it_is_said(given: dict[str, str], found: str) -> None:
    bare = {name: value for name, value in os.environ.items() if name not in ("PUBLIC_URL", "LIVE_URL")}
    done = subprocess.run(
        [sys.executable, "-c", SAYS], env={**bare, "PORT": "9100", **given}, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == found
