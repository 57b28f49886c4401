"""Every address that the product answers, as its own resolver has them."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
# Django's own pages, behind its own session and permission checks.
ADMIN = "admin/"


@dataclass(frozen=True)
class Route:
    """`path` as it stands in the URL configuration; `view` is a class, or a function."""

    path: str
    view: Any

    @property
    def methods(self) -> list[str]:
        """What the view handles."""
        return [method for method in METHODS if hasattr(self.view, method.lower())]


@cache
def routes() -> list[Route]:
    """All but the admin's."""
    return [route for route in _walk(get_resolver(), "") if not route.path.startswith(ADMIN)]


def unversioned(path: str, method: str) -> str:
    """`api/{v}/…` for what both versions have there by this method; as it is what only one has."""
    versionless = path.replace("api/v1/", "api/{v}/").replace("api/v2/", "api/{v}/")
    both = {versionless.replace("{v}", version) for version in ("v1", "v2")}
    return versionless if both <= {route.path for route in routes() if method in route.methods} else path


def _walk(resolver: URLResolver, prefix: str) -> Iterator[Route]:
    for pattern in resolver.url_patterns:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _walk(pattern, path)
        elif isinstance(pattern, URLPattern):
            callback = pattern.callback
            yield Route(path, getattr(callback, "cls", None) or getattr(callback, "view_class", None) or callback)
