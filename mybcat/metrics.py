"""What operators watch, in Prometheus' text format: counters of all processes, and depths of queues."""

import os
from collections.abc import Iterator
from pathlib import Path

import structlog
from django.db import Error, connection
from prometheus_client import REGISTRY, CollectorRegistry, Counter, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector

from mybcat.tenancy import platform_scope

logger = structlog.get_logger(__name__)

# The library reads the variable too: each process then counts in a file there, and one of them adds up.
_SHARED = os.environ.get("PROMETHEUS_MULTIPROC_DIR", "")
if _SHARED:
    Path(_SHARED).mkdir(parents=True, exist_ok=True)

cross_practice_attempts = Counter("mybcat_cross_practice_attempts", "Requests for an id of another practice")
prevented_leaks = Counter("mybcat_prevented_leaks", "Answers held back because another practice's row was in them")
audit_entries_sealed = Counter("mybcat_audit_entries_sealed", "Audit entries that got their place in a chain")
alarms_told = Counter("mybcat_alarms_told", "Alarms to operators, by how telling them ended", ["channel", "outcome"])
chore_failures = Counter("mybcat_chore_failures", "Rounds of the relay's chores that failed", ["chore"])
events_relayed = Counter("mybcat_events_relayed", "Events that got their place in the practice's sequence")
relay_failures = Counter("mybcat_relay_failures", "Rounds of the relay that failed", ["because"])
deliveries_settled = Counter("mybcat_deliveries_settled", "Attempts, by how they ended", ["listener", "outcome"])
broker_failures = Counter("mybcat_broker_failures", "Nudges that the broker did not take in time")

# Read when asked for, not kept by the relay: a gauge of a relay that has died would stay at its last, good value.
_UNRELAYED = "SELECT count(*) FROM mybcat_event WHERE relayed_at IS NULL"
_BY_LISTENER = {
    "mybcat_deliveries_oldest_pending_seconds": (
        "Age of the oldest delivery that is neither made nor given up",
        """
        SELECT listener, extract(epoch FROM clock_timestamp() - min(created_at))
        FROM mybcat_delivery WHERE status IN ('pending', 'leased') GROUP BY listener
        """,
    ),
    "mybcat_deliveries_dead": (
        "Deliveries given up, waiting for someone to replay them",
        "SELECT listener, count(*) FROM mybcat_delivery WHERE status = 'dead' GROUP BY listener",
    ),
}


def exposition() -> bytes:
    """All metrics, of every process where PROMETHEUS_MULTIPROC_DIR is set, else of this one.

    Never raises for PostgreSQL's absence: the depths are then missing.
    """
    depths = CollectorRegistry()
    depths.register(_Depths())
    if not _SHARED:
        return generate_latest(REGISTRY) + generate_latest(depths)
    counted = CollectorRegistry()
    MultiProcessCollector(counted)  # type: ignore[no-untyped-call]
    return generate_latest(counted) + generate_latest(depths)


class _Depths:
    def collect(self) -> Iterator[GaugeMetricFamily]:
        try:
            yield from self._gauges()
        except Error as error:
            logger.warning("Depths could not be read", exc_info=error)

    def _gauges(self) -> list[GaugeMetricFamily]:
        with platform_scope(reason="metrics"), connection.cursor() as cursor:
            cursor.execute(_UNRELAYED)
            unrelayed = cursor.fetchone()[0]
            gauges = [GaugeMetricFamily("mybcat_events_unrelayed", "Events not yet relayed", value=unrelayed)]
            for name, (meaning, query) in _BY_LISTENER.items():
                gauge = GaugeMetricFamily(name, meaning, labels=["listener"])
                cursor.execute(query)
                for listener, value in cursor.fetchall():
                    gauge.add_metric([listener], float(value))
                gauges.append(gauge)
        return gauges
