"""`lock`: pins every package with its hashes from what `requirements*.in` ask for."""

import subprocess
import sys
import tempfile
from pathlib import Path

from mybcat.embedded.home import CHECKOUT, Home
from mybcat.embedded.refusal import Refusal

_OPTIONS = ("--generate-hashes", "--no-header", "--no-annotate", "--universal", "--python-version", "3.11")


def lock(*, home: Home, arguments: list[str]) -> int:
    """Rewrites `requirements.txt` and `requirements-dev.txt`; `--upgrade` takes newer versions where allowed."""
    with tempfile.TemporaryDirectory(dir=home.root) as directory:
        programs = Path(directory) / "bin"
        _run(sys.executable, "-m", "venv", directory)
        _run(programs / "python", "-m", "pip", "install", "--quiet", "--no-cache-dir", "uv")
        for name in ("requirements", "requirements-dev"):
            output = ("--output-file", f"{name}.txt", f"{name}.in")
            _run(programs / "uv", "pip", "compile", "--quiet", "--no-cache", *_OPTIONS, *arguments, *output)
    return 0


def _run(*words: str | Path) -> None:
    done = subprocess.run(list(map(str, words)), cwd=CHECKOUT, check=False)  # noqa: S603
    if done.returncode != 0:
        raise Refusal(f"{Path(words[0]).name} failed; the requirements may be half renewed: see git diff.")
