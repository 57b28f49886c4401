"""Pages of other origins: what the library does for them, and nothing for those who are no such page."""

from typing import cast

from corsheaders.middleware import CorsMiddleware
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers


class OriginsMiddleware(CorsMiddleware):
    """The library's, which reads all headers of each request once more to find that there is no `Origin`."""

    async_capable = False

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if "HTTP_ORIGIN" in request.META or request.method == "OPTIONS":
            return cast("HttpResponseBase", super().__call__(request))
        response = cast("HttpResponseBase", self.get_response(request))
        if self.is_enabled(request):
            # What is kept of this answer must not be given to a page, which needs more headers.
            patch_vary_headers(response, ("origin",))
        return response
