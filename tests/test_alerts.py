"""Alert rules that can fire: valid PromQL about metrics and labels that exist, and somebody knows what to do."""

import re
from typing import Any

import promql_parser
import pytest
import yaml
from prometheus_client import REGISTRY

from mybcat.environment import CHECKOUT
from mybcat.metrics import exposition

RULES: list[dict[str, Any]] = [
    rule
    for group in yaml.safe_load((CHECKOUT / "deploy/prometheus/alerts.yml").read_text())["groups"]
    for rule in group["rules"]
]
METRIC = re.compile(r"\bmybcat_\w+")
GAUGE = re.compile(r"^# TYPE (\w+) gauge$", re.MULTILINE)
SUFFIXES = {"counter": ("_total",), "histogram": ("_bucket", "_count", "_sum")}


@pytest.fixture
def known() -> set[str]:
    """Every metric as a rule may name it; one without samples yet counts as well."""
    counted = {family.name + suffix for family in REGISTRY.collect() for suffix in SUFFIXES.get(family.type, ())}
    # Gauges are read from PostgreSQL when asked for.
    return counted | set(GAUGE.findall(exposition().decode()))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_a_rule_can_fire(rule: dict[str, Any], known: set[str]) -> None:
    promql_parser.parse(rule["expr"])
    named = set(METRIC.findall(rule["expr"]))
    assert named
    assert named <= known
    assert rule["labels"]["severity"] in ("page", "ticket")
    assert set(rule["annotations"]) == {"summary", "do"}


def test_a_rule_about_a_metric_that_is_not_there_would_be_noticed(known: set[str]) -> None:
    assert "mybcat_events_unrelayed" in known
    assert "mybcat_events_unrelated" not in known
    with pytest.raises(ValueError, match="unclosed"):
        promql_parser.parse("sum(mybcat_events_unrelayed")


def test_alerts_have_names_of_their_own() -> None:
    names = [rule["alert"] for rule in RULES]
    assert len(names) == len(set(names))
