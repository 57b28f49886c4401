"""The product's WSGI application under cProfile, for a server of one worker with one thread.

The profiler makes Python's calls dearer than they are, so shares lean towards code of many small
calls; rates under it mean nothing.
"""

import cProfile
import pstats
from collections import Counter
from collections.abc import Callable, Iterable
from io import StringIO
from typing import Any

from django.core.wsgi import get_wsgi_application

REPORT = "/bench/profile"
_TOP = 35
# Where the worker sleeps until PostgreSQL answers; what is written in C below it is not seen.
_WAITING = ("psycopg/connection.py", "wait")

_product = get_wsgi_application()
_profile = cProfile.Profile()


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """The product; what it has spent so far on `REPORT`, after which counting starts anew."""
    if environ["PATH_INFO"] == REPORT:
        start_response("200 OK", [("Content-Type", "text/plain; charset=utf-8")])
        return [_report().encode()]
    return _profile.runcall(lambda: list(_product(environ, start_response)))


def _report() -> str:
    text = StringIO()
    stats = pstats.Stats(_profile, stream=text)
    total = stats.total_tt  # type: ignore[attr-defined]
    for package, seconds in _by_package(stats).most_common(15):
        text.write(f"{package:30} {100 * seconds / total:5.1f} %\n")
    stats.strip_dirs()
    for order in ("tottime", "cumtime"):
        stats.sort_stats(order).print_stats(_TOP)
    _profile.clear()
    return text.getvalue()


def _by_package(stats: pstats.Stats) -> Counter[str]:
    """Seconds by package; what is written in C counts for who calls it."""
    spent: Counter[str] = Counter()
    for (file, _, name), (_, _, own, _, callers) in stats.stats.items():  # type: ignore[attr-defined]
        if file.endswith(_WAITING[0]) and name == _WAITING[1]:
            spent["(waiting for PostgreSQL)"] += own
        elif file == "~":
            for (caller, _, _), (_, _, inside, _) in callers.items():
                spent[_package(caller)] += inside
        else:
            spent[_package(file)] += own
    return spent


def _package(file: str) -> str:
    parts = file.split("/")
    if "site-packages" in parts:
        return ".".join(parts[parts.index("site-packages") + 1 :][:2]).removesuffix(".py")
    return parts[-2] if len(parts) > 1 and not any(part.startswith("python") for part in parts) else "python"
