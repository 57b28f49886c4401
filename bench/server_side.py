"""How long requests took as the server has it: from their arrival in a thread to their answer, as in /metrics."""

from collections import Counter

from prometheus_client import CollectorRegistry
from prometheus_client.multiprocess import MultiProcessCollector

_BUCKET = "mybcat_http_request_seconds_bucket"


def served() -> Counter[float]:
    """Requests since the metrics began, by the most seconds that they took: the histogram's bounds, cumulative."""
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    found: Counter[float] = Counter()
    for metric in registry.collect():
        for sample in metric.samples:
            if sample.name == _BUCKET:
                found[float(sample.labels["le"])] += int(sample.value)
    return found


def bound(before: Counter[float], after: Counter[float], percent: float) -> float:
    """Of the requests in between: `percent` took no longer than this many seconds. One of the histogram's bounds."""
    total = after[float("inf")] - before[float("inf")]
    return min(most for most in after if after[most] - before[most] >= total * percent / 100)
