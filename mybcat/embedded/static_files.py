"""Whether the static files of the admin, the documentation and the dashboard must be gathered again."""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from mybcat.embedded.home import CHECKOUT, Home

# What decides the result besides the files themselves: the packages, and where Django looks.
_DECISIVE = ("requirements.txt", "mybcat/settings.py")
_DIRECTORIES = {"static", "dist"}


def are_current(*, home: Home) -> bool:
    """Whether nothing has changed since `note_gathered`."""
    stamp = home.file("static.stamp")
    return home.file("static").is_dir() and stamp.exists() and stamp.read_text(encoding="ascii") == _fingerprint()


def note_gathered(*, home: Home) -> None:
    """To be called after the files were gathered."""
    home.file("static.stamp").write_text(_fingerprint(), encoding="ascii")


def _fingerprint() -> str:
    digest = hashlib.sha256()
    for name in _DECISIVE:
        digest.update((CHECKOUT / name).read_bytes())
    for path in sorted(_sources()):
        state = path.stat()
        digest.update(f"{path.relative_to(CHECKOUT)} {state.st_size} {state.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def _sources() -> Iterator[Path]:
    for name, directories, files in os.walk(CHECKOUT):
        directory = Path(name)
        directories[:] = [each for each in directories if not each.startswith(".") and each != "node_modules"]
        if _DIRECTORIES & set(directory.relative_to(CHECKOUT).parts):
            yield from (directory / file for file in files)
