"""The application of the `live` process: sockets, and nothing of the API.

Sockets and requests scale and fail apart. What is served over sockets stands above the gateway, so
settings name it.
"""

import json
import os
from collections.abc import Awaitable, Callable
from typing import Any

import django
from django.conf import settings
from django.utils.module_loading import import_string

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mybcat.settings")
django.setup()

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

_serve_socket = import_string(settings.SOCKETS)


async def application(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """ASGI 3.0."""
    protocol: dict[str, Callable[..., Awaitable[None]]] = {
        "http": _http,
        "websocket": _serve_socket,
        "lifespan": _lifespan,
    }
    await protocol[scope["type"]](scope, receive, send)


async def _http(scope: dict[str, Any], _receive: Receive, send: Send) -> None:
    found = scope["path"] == "/healthz"
    body = {"status": "ok"} if found else {"error": "Not found"}
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 200 if found else 404, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(body).encode()})


async def _lifespan(_scope: dict[str, Any], receive: Receive, send: Send) -> None:
    while (await receive())["type"] != "lifespan.shutdown":
        await send({"type": "lifespan.startup.complete"})
    await send({"type": "lifespan.shutdown.complete"})
