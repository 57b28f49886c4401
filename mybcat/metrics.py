"""What operators watch, in Prometheus' text format: counters of all processes, and depths of queues."""

import os
from collections.abc import Iterator
from pathlib import Path

import structlog
from django.db import Error, connection
from prometheus_client import REGISTRY, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector

from mybcat.bounded import Question
from mybcat.tenancy import platform_scope

logger = structlog.get_logger(__name__)

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
# A scrape waits no longer for PostgreSQL; Prometheus gives up after 10 s.
DEPTHS_SECONDS = 3.0

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
rate_limited = Counter("mybcat_rate_limited", "Requests refused because the caller asks too often", ["limit"])
rate_limit_unavailable = Counter("mybcat_rate_limit_unavailable", "Requests that passed uncounted: Redis was away")
live_sockets = Counter("mybcat_live_sockets", "Handshakes: opened, or the code of the refusal", ["outcome"])
live_resyncs = Counter("mybcat_live_resyncs", "Sockets told to fetch everything again: they read too slowly")
broker_failures = Counter("mybcat_broker_failures", "Nudges that the broker did not take in time")
# `route` is the template, such as api/v1/patients/<str:patient_id>: an id in a label would be a series each.
http_requests = Counter("mybcat_http_requests", "Requests answered", ["method", "route", "status"])
http_seconds = Histogram(
    "mybcat_http_request_seconds",
    "From the request's arrival in its thread to its answer",
    ["method", "route"],
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)

# Read when asked for, not kept by the relay: a gauge of a relay that has died would stay at its last, good value.
# name -> (meaning, label or none, query for label and value, or for the value alone).
_GAUGES = {
    "mybcat_events_unrelayed": (
        "Events not yet relayed",
        None,
        "SELECT count(*) FROM mybcat_event WHERE relayed_at IS NULL",
    ),
    "mybcat_events_oldest_unrelayed_seconds": (
        "Age of the oldest event not yet relayed: the outbox's",
        None,
        """
        SELECT coalesce(extract(epoch FROM clock_timestamp() - min(occurred_at)), 0)
        FROM mybcat_event WHERE relayed_at IS NULL
        """,
    ),
    "mybcat_deliveries_pending": (
        "Deliveries that are neither made nor given up",
        "listener",
        """
        SELECT listener, count(*) FROM mybcat_delivery
        WHERE status IN ('pending', 'leased') GROUP BY listener
        """,
    ),
    "mybcat_deliveries_oldest_pending_seconds": (
        "Age of the oldest delivery that is neither made nor given up",
        "listener",
        """
        SELECT listener, extract(epoch FROM clock_timestamp() - min(created_at))
        FROM mybcat_delivery WHERE status IN ('held', 'pending', 'leased') GROUP BY listener
        """,
    ),
    "mybcat_deliveries_dead": (
        "Deliveries given up, waiting for someone to replay them",
        "listener",
        "SELECT listener, count(*) FROM mybcat_delivery WHERE status = 'dead' GROUP BY listener",
    ),
    "mybcat_database_connections": (
        "Connections to PostgreSQL, of all clients",
        "state",
        """
        SELECT CASE WHEN usename = session_user THEN 'ours' ELSE 'others' END, count(*)
        FROM pg_stat_activity WHERE usename IS NOT NULL GROUP BY 1
        """,
    ),
    "mybcat_database_connections_limit": (
        "Connections that PostgreSQL allows",
        None,
        "SELECT current_setting('max_connections')::int",
    ),
}


def exposition() -> bytes:
    """All metrics, of every process where PROMETHEUS_MULTIPROC_DIR is set, else of this one.

    Never raises for PostgreSQL's absence, nor waits long for it: the gauges are then missing.
    """
    gauges = CollectorRegistry()
    gauges.register(_Gauges())
    if not _SHARED:
        return generate_latest(REGISTRY) + generate_latest(gauges)
    counted = CollectorRegistry()
    MultiProcessCollector(counted)  # type: ignore[no-untyped-call]
    return generate_latest(counted) + generate_latest(gauges)


class _Gauges:
    def collect(self) -> Iterator[GaugeMetricFamily]:
        try:
            yield from _QUESTION.answer(seconds=DEPTHS_SECONDS)
        except (Error, TimeoutError) as error:
            logger.warning("Gauges could not be read", exc_info=error)


def _read() -> list[GaugeMetricFamily]:
    with platform_scope(reason="metrics"), connection.cursor() as cursor:
        gauges = []
        for name, (meaning, label, query) in _GAUGES.items():
            gauge = GaugeMetricFamily(name, meaning, labels=[label] if label else [])
            cursor.execute(query)
            for *labels, value in cursor.fetchall():
                gauge.add_metric(labels, float(value))
            gauges.append(gauge)
        return gauges


_QUESTION = Question(_read)
