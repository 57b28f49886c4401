"""docs/walkthrough.md, done line by line against a running product."""

import re
import subprocess
from pathlib import Path

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "walkthrough.md"
_STEP = re.compile(r"```sh\n(.*?)```\n```text\n(.*?)```", re.DOTALL)
_END = "--- end of step ---"


def steps() -> list[tuple[str, str]]:
    """Of each step, its lines and what they print according to the document."""
    return _STEP.findall(DOCUMENT.read_text(encoding="utf-8"))


def printed(url: str) -> list[str]:
    """What the steps print, one after the other in one shell, whose first failure ends it."""
    script = "set -euo pipefail\n" + f"\necho '{_END}'\n".join(lines for lines, _ in steps())
    script = script.replace("API=http://127.0.0.1:8000\n", f"API={url}\n", 1)
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stderr) == (0, ""), f"{done.stdout}\n{done.stderr}"
    return [part.lstrip("\n") for part in done.stdout.split(f"{_END}")]


def as_documented(found: str, *, expected: str) -> bool:
    """Whether it is what the document says, where `…` stands for anything on a line."""
    return re.fullmatch(".*".join(map(re.escape, expected.split("…"))), found) is not None
