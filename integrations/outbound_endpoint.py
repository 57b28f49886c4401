"""Operations that ask a vendor while the caller waits."""

from collections.abc import Callable

from rest_framework.request import Request
from rest_framework.response import Response

from mybcat.gateway.endpoint import Endpoint


class OutboundEndpoint(Endpoint):
    """Its handlers read in the request's transaction, and say what is to be done after it.

    A vendor may take seconds, and no transaction waits for one. What is done then opens a scope of its own
    for what it writes.
    """

    _then: Callable[[], Response]

    def afterwards(self, act: Callable[[], Response]) -> Response:
        """What such a handler returns: once the transaction is over, `act` gives the answer."""
        self._then = act
        return Response()

    def _retried(self, request: Request) -> Response:
        super()._retried(request)
        return self._then()
