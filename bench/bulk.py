"""Bulk jobs: how fast one is accepted, how fast a worker sends it, and what memory that takes.

The provider answers at once, so what is measured is ours. Leaves its practice behind, as the other benches do.
"""

import argparse
import http.client
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path
from uuid import UUID

import orjson
from django.conf import settings
from django.utils import timezone

from bench import practice
from bench.api import serving
from bench.table import table
from integrations.bulk import working
from integrations.models import BulkMessageJob
from mybcat.tenancy import practice_scope

BODY = "Bright Eyes: on Saturday we are open from nine to one. Call us for a time. Reply STOP to opt out."


class Instant:
    """Takes every text at once, and keeps nothing."""

    name, repeatable, concurrency = "instant", True, 1

    def __init__(self, *, practice_id: UUID) -> None:
        self._practice_id = practice_id

    def send(self, *, to: str, body: str, reference: str) -> str:
        return reference

    def find(self, *, to: str, body: str, reference: str, since: datetime) -> str | None:
        return None


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--messages", type=int, default=100_000)
    arguments.add_argument("--work", action="store_true", help="be the worker: send what is due")
    options = arguments.parse_args()
    if options.work:
        _work()
        return
    made = practice.make_practice(name="Bench: bulk", callers=1)
    with serving() as api:
        accepted, job_id = submitted(made.tokens[0], options.messages, port=api.port)
    started = time.monotonic()
    worker = subprocess.run([sys.executable, "-m", "bench.bulk", "--work"], check=True, capture_output=True, text=True)
    seconds = time.monotonic() - started
    with practice_scope(made.id):
        job = BulkMessageJob.objects.get()
    rows = [
        ("accepted, s", f"{accepted:.2f}"),
        ("sent a second", f"{job.processed / seconds:.0f}"),
        ("worker's memory at its highest, MB", worker.stdout.split()[-1]),
        ("processed, failed, of", f"{job.processed}, {job.failed}, {job.total} ({job.status}, {job_id})"),
    ]
    print(table((f"{options.messages} messages", ""), rows))


def submitted(token: str, count: int, *, port: int) -> tuple[float, str]:
    """Seconds until the 202, and the job."""
    body = orjson.dumps({"messages": [{"to": f"+1212{place:07d}", "body": BODY} for place in range(count)]})
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    started = time.monotonic()
    connection.request("POST", "/api/v1/bulk-messages", body, headers)
    response = connection.getresponse()
    answer = orjson.loads(response.read())
    seconds = time.monotonic() - started
    connection.close()
    if response.status != http.client.ACCEPTED:
        raise RuntimeError(f"{response.status}: {answer}")
    return seconds, answer["jobId"]


def _work() -> None:
    """It is about noon where the practice lies (bench/practice.py), so no text waits for the morning."""
    settings.MESSAGE_PROVIDER = f"{Instant.__module__}.{Instant.__qualname__}"
    while working.work_off(clock=timezone.now):
        pass
    print(_highest_megabytes())


def _highest_megabytes() -> int:
    """The most memory that this process has held; getrusage would tell of its parent's as well."""
    (line,) = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) // 1024


if __name__ == "__main__":
    main()
