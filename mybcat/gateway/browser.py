"""What pages need and programs do not: a session, its user, messages, protection against forged forms."""

from collections.abc import Callable
from typing import Any, cast

from django.conf import settings
from django.core.handlers.exception import convert_exception_to_response
from django.http import HttpRequest, HttpResponseBase
from django.utils.module_loading import import_string

GetResponse = Callable[[HttpRequest], HttpResponseBase]


class PagesMiddleware:
    """The layers of settings.PAGES_MIDDLEWARE, for all but the API: its callers have tokens, not sessions.

    Each of its requests would pay for them: a fifth of what it spends outside PostgreSQL.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = self._pages = get_response
        self._view_hooks: list[Callable[..., HttpResponseBase | None]] = []
        for name in reversed(settings.PAGES_MIDDLEWARE):
            layer = import_string(name)(self._pages)
            if hasattr(layer, "process_view"):
                self._view_hooks.insert(0, layer.process_view)
            self._pages = cast("GetResponse", convert_exception_to_response(layer))

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request) if _is_api(request) else self._pages(request)

    def process_view(self, request: HttpRequest, *view: Any) -> HttpResponseBase | None:
        """Django asks its own layers only."""
        if not _is_api(request):
            for hook in self._view_hooks:
                if (response := hook(request, *view)) is not None:
                    return response
        return None


def _is_api(request: HttpRequest) -> bool:
    return request.path.startswith("/api/v")
