"""`check` and `fix`: what a reviewer should not have to say."""

import os
import subprocess
import sys
from pathlib import Path

from mybcat.embedded import dashboard, environment
from mybcat.embedded.home import CHECKOUT, Home
from mybcat.embedded.refusal import Refusal

_PROGRAMS = Path(sys.prefix) / "bin"
_CHECKS = (
    (_PROGRAMS / "ruff", "check"),
    (_PROGRAMS / "ruff", "format", "--check"),
    (_PROGRAMS / "mypy",),
    (_PROGRAMS / "lint-imports", "--no-cache"),
    (sys.executable, "manage.py", "makemigrations", "--check", "--dry-run"),
)
_FIXES = ((_PROGRAMS / "ruff", "check", "--fix"), (_PROGRAMS / "ruff", "format"))


def check(*, home: Home, arguments: list[str]) -> int:
    """Runs every check, whatever the one before said, and changes nothing; 0 when all are content."""
    del arguments
    dashboard.install(home=home, development=True)
    rules = ("--config", "dashboard/eslint.config.js", "dashboard/src", "dashboard/tests")
    checks = (
        *_CHECKS,
        dashboard.command("typescript/bin/tsc", "--noEmit", "-p", "dashboard"),
        dashboard.command("eslint/bin/eslint.js", *rules),
    )
    failed = [_name(words) for words in checks if not _run(words, home=home)]
    print(f"Not in order: {', '.join(failed)}." if failed else "All checks passed.", flush=True)
    return 1 if failed else 0


def fix(*, home: Home, arguments: list[str]) -> int:
    """Puts right what can be put right without thought."""
    del arguments
    done = [_run(words, home=home) for words in _FIXES]
    return 0 if all(done) else 1


def _run(words: tuple[Path | str, ...], *, home: Home) -> bool:
    print(f"» {_name(words)}", flush=True)
    caches = {
        "MYBCAT_HOME": str(home.root),
        "MYBCAT_DEVELOPMENT": "1",
        "MYPY_CACHE_DIR": str(home.file("cache") / "mypy"),
        "RUFF_CACHE_DIR": str(home.file("cache") / "ruff"),
        # No database runs for a check; Django then says that it cannot compare with the applied migrations.
        "PYTHONWARNINGS": "ignore::RuntimeWarning",
    }
    surroundings = environment.for_children(caches, environ=os.environ)
    try:
        done = subprocess.run(list(map(str, words)), cwd=CHECKOUT, env=surroundings, check=False)  # noqa: S603
    except FileNotFoundError:
        raise Refusal(f"{words[0]} is not installed: is MYBCAT_VENV without requirements-dev.txt?") from None
    return done.returncode == 0


def _name(words: tuple[Path | str, ...]) -> str:
    return " ".join(Path(word).name for word in words)
