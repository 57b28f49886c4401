"""What the processes are told about where they run; also left in `environment.json` for other terminals."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from mybcat.embedded.home import Home, read_json, write_json
from mybcat.embedded.servers import Servers

# The first two are of the administrator; nothing that serves requests may know them.
_WITHHELD = (
    "MYBCAT_TEST_DATABASE_ADMIN_URL",
    "MYBCAT_TEST_ADMIN_URL",
    # A dozen processes would each compile all of the product's modules at every start: a third of a second each.
    "PYTHONDONTWRITEBYTECODE",
)


def settings(*, home: Home, servers: Servers, port: int, environ: Mapping[str, str]) -> dict[str, str]:
    """The variables that Django's settings read."""
    return {
        "DATABASE_URL": servers.database.app,
        "DATABASE_OWNER_URL": servers.database.owner,
        "REDIS_URL": servers.redis_url,
        "MYBCAT_HOME": str(home.root),
        "PORT": str(port),
        # Each process counts in a file there; whoever is asked for /metrics adds them up.
        "PROMETHEUS_MULTIPROC_DIR": str(home.file("metrics")),
        "MYBCAT_DEVELOPMENT": environ.get("MYBCAT_DEVELOPMENT", "1"),
    }


def publish(found: Mapping[str, str], *, home: Home) -> None:
    """Leaves the variables for `manage.py` in another terminal."""
    write_json(home.file("environment.json"), found)


def published(*, home: Home) -> dict[str, str]:
    """What `publish` left, or nothing."""
    return {name: str(value) for name, value in read_json(home.file("environment.json")).items()}


def for_children(found: Mapping[str, str], *, environ: Mapping[str, str]) -> dict[str, str]:
    """The whole environment of a child: ours, less what would lead it elsewhere, plus `found`."""
    kept = {name: value for name, value in environ.items() if name not in _WITHHELD}
    return {
        **kept,
        **found,
        "PATH": search_path(environ),
        "VIRTUAL_ENV": sys.prefix,
        "DJANGO_SETTINGS_MODULE": "mybcat.settings",
        "LC_ALL": "C.UTF-8",
        "PYTHONUNBUFFERED": "1",
    }


def search_path(environ: Mapping[str, str]) -> str:
    """Where a child finds programs: the virtual environment's first."""
    return f"{Path(sys.prefix) / 'bin'}{os.pathsep}{environ.get('PATH', os.defpath)}"
