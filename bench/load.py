"""Requests of many callers, and what became of them under load."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import orjson

_GENERATOR = Path(__file__).with_name("generator.py")


@dataclass(frozen=True, slots=True)
class Request:
    """Text before and after the headers that all requests of one caller share."""

    line: str
    token: str
    rest: str = "\r\n"


def get(*, path: str, token: str) -> Request:
    """A GET of `path` by the caller whom `token` names."""
    return Request(f"GET {path} HTTP/1.1\r\n", token)


def post(*, path: str, token: str, body: dict[str, Any], key: str) -> Request:
    """A POST with an idempotency key."""
    text = json.dumps(body)
    headers = f"Content-Type: application/json\r\nX-Idempotency-Key: {key}\r\nContent-Length: {len(text)}\r\n"
    return Request(f"POST {path} HTTP/1.1\r\n", token, f"{headers}\r\n{text}")


@dataclass(frozen=True)
class Measured:
    """Answers by status (0: none came), and how long they took."""

    seconds: float
    # Microseconds, ascending.
    latencies: Sequence[int]
    statuses: Counter[int]
    # The first body of each status.
    samples: dict[int, str]

    @property
    def sent(self) -> int:
        return self.statuses.total()

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.sent / self.seconds

    @cached_property
    def errors(self) -> Counter[int]:
        """Answers other than 2xx."""
        return Counter({status: count for status, count in self.statuses.items() if not 200 <= status < 300})

    def percentile(self, percent: float) -> float:
        """Milliseconds within which `percent` of all requests were answered."""
        if not self.latencies:
            return float("nan")
        return self.latencies[min(int(len(self.latencies) * percent / 100), len(self.latencies) - 1)] / 1000


def measure(
    *, port: int, clients: int, seconds: float, requests: Sequence[Request], rate: float | None = None
) -> Measured:
    """Send `requests` in their order, each once, until they or the `seconds` run out.

    As fast as they are answered, or `rate` a second; then one that leaves late has waited from when it was due.
    """
    tokens = {token: number for number, token in enumerate(dict.fromkeys(request.token for request in requests))}
    plan = {
        "port": port,
        "clients": clients,
        "seconds": seconds,
        "rate": rate,
        "callers": [f"Host: 127.0.0.1:{port}\r\nAuthorization: Bearer {token}\r\n" for token in tokens],
        "requests": [(request.line, tokens[request.token], request.rest) for request in requests],
    }
    command = [sys.executable, str(_GENERATOR)]
    # A session of its own: it must not wait for what this process does beside it.
    run = subprocess.run(command, input=orjson.dumps(plan), stdout=subprocess.PIPE, check=True, start_new_session=True)
    outcome = orjson.loads(run.stdout)
    return Measured(
        seconds=outcome["seconds"],
        latencies=sorted(outcome["latencies"]),
        statuses=Counter({int(status): count for status, count in outcome["statuses"].items()}),
        samples={int(status): body for status, body in outcome["samples"].items()},
    )
