"""The virtual environment: made once, brought up to date when the locked requirements change."""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from mybcat.embedded.home import CHECKOUT, Home, read_json, write_json
from mybcat.embedded.isolation import Account, preparation
from mybcat.embedded.refusal import Refusal

RUNTIME = "requirements.txt"
DEVELOPMENT = "requirements-dev.txt"


def enter(*, home: Home, requirements: str, environ: Mapping[str, str]) -> None:
    """Returns inside an environment that has `requirements`; from outside it starts this program there.

    `MYBCAT_VENV` names a ready environment, which is used as it is.
    """
    given = environ.get("MYBCAT_VENV")
    directory = Path(given).expanduser().absolute() if given else home.root / "venv"
    if not given:
        prepare(directory=directory, requirements=requirements, home=home)
    if Path(sys.prefix).resolve() != directory.resolve():
        sys.stdout.flush()
        python = str(directory / "bin" / "python")
        try:
            os.execv(python, [python, "-m", "mybcat.embedded", *sys.argv[1:]])  # noqa: S606  # no shell is the point
        except OSError:
            raise Refusal(f"{directory} holds no Python that runs: remove it, or unset MYBCAT_VENV.") from None


def prepare(*, directory: Path, requirements: str, home: Home) -> None:
    """Makes `directory` hold what `requirements` pins, verified by hash; costs nothing when it does."""
    with home.file("venv.lock").open("w") as lock:
        # Two commands that start together must not install into one place at once.
        fcntl.flock(lock, fcntl.LOCK_EX)
        stamp = directory / "mybcat.json"
        runs = (directory / "bin" / "python").exists()
        stored = read_json(stamp) if runs else {}
        # Scripts in a virtual environment that was moved still point to where it was.
        moved = stored.get("place", str(directory)) != str(directory)
        wanted = hashlib.sha256((CHECKOUT / requirements).read_bytes()).hexdigest()
        if stored.get(requirements) == wanted and not moved:
            return
        print(f"Installing {requirements}; the first time takes a minute or two …", flush=True)
        log = home.log("pip")
        if moved or not runs or not _run([directory / "bin" / "python", "-m", "pip", "--version"], log=log):
            shutil.rmtree(directory, ignore_errors=True)
            _make(directory, log=log)
            stored = {}
        _install(directory, requirements, log=log)
        write_json(stamp, {**stored, "place": str(directory), requirements: wanted})


def _make(directory: Path, *, log: Path) -> None:
    if not _run([sys.executable, "-m", "venv", directory], log=log):
        raise Refusal(
            f"Python cannot make a virtual environment (on Debian and Ubuntu: install python3-venv): see {log}."
        )


def _install(directory: Path, requirements: str, *, log: Path) -> None:
    pip: list[str | Path] = [
        directory / "bin" / "python",
        "-m",
        "pip",
        "install",
        "--no-input",
        "--disable-pip-version-check",
    ]
    # The lock names every package, so there is nothing to resolve.
    if not _run([*pip, "--no-deps", "--require-hashes", "-r", CHECKOUT / requirements], log=log):
        raise Refusal(f"Installing {requirements} failed: the reason stands in {log}.")


def _run(arguments: list[str | Path], *, log: Path) -> bool:
    environment = dict(os.environ)
    if "PIP_CACHE_DIR" not in environment:
        # Whatever we write lies under the home, unless the caller named a place himself.
        environment["PIP_NO_CACHE_DIR"] = "1"
    with log.open("ab") as output:
        done = subprocess.run(  # noqa: S603  # our own arguments
            [str(argument) for argument in arguments],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
            preexec_fn=preparation(account=Account.OWN, stop_signal=9, session=False),
        )
    return done.returncode == 0
