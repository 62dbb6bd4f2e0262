"""Alerts and dashboard: right PromQL, of numbers that the service really gives; promtool plays made-up weeks."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from typing import Any

import promql_parser
import pytest
from prometheus_client import REGISTRY
from prometheus_client.parser import text_string_to_metric_families

from tests.conftest import PROJECT
from tests.deploy.files import DEPLOY, documents, rules
from tests.service.hook_calls import client

RULES = list(rules())
DASHBOARD = json.loads((DEPLOY / "grafana/platelet-hooks.json").read_text(encoding="utf-8"))
OF_PROMETHEUS = frozenset({"up"})


def targets() -> Iterator[tuple[str, str]]:
    """Title and expression of what the dashboard asks for, Grafana's variables filled."""
    for panel in DASHBOARD["panels"]:
        for target in panel.get("targets", ()):
            yield panel["title"], target["expr"].replace("$__rate_interval", "5m")


EXPRESSIONS = [(one.get("alert") or one["record"], one["expr"]) for one in RULES] + list(targets())


def selectors(node: Any) -> Iterator[Any]:
    """Every selector of a parsed expression."""
    if isinstance(node, promql_parser.VectorSelector):
        yield node
    for name in ("expr", "lhs", "rhs", "args", "param", "vector_selector"):
        inner = getattr(node, name, None)
        if inner is not None and inner is not node and not isinstance(inner, str):
            for one in inner if isinstance(inner, list) else [inner]:
                yield from selectors(one)


@cache
def given() -> dict[str, set[str]]:
    """What `/metrics` gives: the labels of each sample by its name. A family without samples yet names its labels."""
    found = {"platelet_hooks_store_up": set[str]()}
    text = client().get("/metrics").get_data(as_text=True)
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    for collector in set(REGISTRY._names_to_collectors.values()):
        names = set(getattr(collector, "_labelnames", ()))
        kind, name = getattr(collector, "_type", ""), getattr(collector, "_name", "")
        ends = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count"), "gauge": ("",)}
        for end in ends.get(kind, ()):
            found.setdefault(name + end, set()).update(names | ({"le"} if end == "_bucket" else set()))
    return found


RECORDED = {one["record"] for one in RULES if "record" in one}


@pytest.mark.parametrize(("name", "expression"), EXPRESSIONS, ids=[name for name, _ in EXPRESSIONS])
def test_an_expression_is_promql_of_numbers_that_are_there(name: str, expression: str) -> None:
    found, numbers = list(selectors(promql_parser.parse(expression))), given()
    assert found, "no number in it"
    for one in found:
        assert one.name in numbers.keys() | RECORDED | OF_PROMETHEUS
        for matcher in one.matchers.matchers:
            if one.name in numbers and matcher.name != "__name__":
                assert matcher.name in numbers[one.name] | {"instance", "job"}


def test_selectors_are_found_wherever_they_stand() -> None:
    text = 'sum by (a) (rate(x{b="c"}[5m] offset 1d)) / on (a) y unless (topk(3, z) > bool 1)'
    text += " and -max_over_time(w[1h:5m])"
    assert {one.name for one in selectors(promql_parser.parse(text))} == {"x", "y", "z", "w"}


def test_labels_that_an_alert_groups_by_are_there() -> None:
    for name, expression in EXPRESSIONS:
        by = {label for found in re.findall(r"by \(([^)]*)\)", expression) for label in found.split(", ")}
        known = set().union(*given().values()) | {"instance", "job"}
        assert by <= known, name


def test_every_number_that_operations_need_is_given() -> None:
    needed = {
        "calls": "platelet_hooks_calls_total",
        "latencies per stage": "platelet_hooks_stage_seconds_sum",
        "cards per rule, silent cards": "platelet_hooks_cards_total",
        "overrides": "platelet_hooks_overrides_total",
        "rejected resources": "platelet_hooks_rejected_resources_total",
        "fetches": "platelet_hooks_fetches_total",
        "queue losses": "platelet_hooks_store_lost_cards_total",
        "content version": "platelet_hooks_content_info",
        "a platelet code that vanishes": "platelet_hooks_platelet_codes_total",
    }
    assert [what for what, name in needed.items() if name not in given()] == []
    asked = "\n".join(expression for _, expression in EXPRESSIONS)
    assert [what for what, name in needed.items() if name not in asked] == []
    assert {"rule", "silenced_by", "service"} <= given()["platelet_hooks_cards_total"]


def test_an_alert_says_how_urgent_it_is_and_the_guide_says_what_to_do() -> None:
    guide = (PROJECT / "docs/operations.md").read_text(encoding="utf-8")
    for alert in (one for one in RULES if "alert" in one):
        assert alert["labels"]["severity"] in ("page", "ticket")
        assert alert["annotations"]["summary"]
        assert f"| `{alert['alert']}` |" in guide
    told = set(re.findall(r"^\| `(PlateletHooks\w+)` \|", guide, re.MULTILINE))
    assert told == {one["alert"] for one in RULES if "alert" in one}


def test_prometheus_reads_the_rules_and_asks_the_right_place() -> None:
    (whole,) = documents(DEPLOY / "prometheus/prometheus.yaml")
    assert [(DEPLOY / "prometheus" / one).is_file() for one in whole["rule_files"]] == [True]
    (job,) = whole["scrape_configs"]
    assert client().get(job["metrics_path"]).status_code == 200
    assert f'job="{job["job_name"]}"' in (DEPLOY / "prometheus/platelet-hooks.rules.yaml").read_text()


def test_every_alert_is_played_and_raised() -> None:
    played = [
        test
        for name in ("drift.test.yaml", "now.test.yaml")
        for group in documents(DEPLOY / "prometheus" / name)[0]["tests"]
        for test in group["alert_rule_test"]
    ]
    raised = {one["alertname"] for one in played if one["exp_alerts"]}
    assert raised == {one["alert"] for one in RULES if "alert" in one}


def test_promtool_finds_the_rules_sound_and_made_up_weeks_raise_the_right_alerts() -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        reason = "no promtool on this machine (Debian: apt-get install prometheus)"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    for command in (
        ["check", "rules", "platelet-hooks.rules.yaml"],
        ["check", "config", "--syntax-only", "prometheus.yaml"],
        ["test", "rules", "drift.test.yaml", "now.test.yaml"],
    ):
        done = subprocess.run(
            [promtool, *command],
            cwd=DEPLOY / "prometheus",
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr


# ----------------------------------------------------------------------------------------- dashboard


def test_the_panels_of_the_dashboard_have_their_own_places() -> None:
    numbers = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(set(numbers)) == len(numbers)
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        cells = {(place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])}
        assert max(x for x, _ in cells) < 24
        assert taken.isdisjoint(cells)
        taken |= cells


def test_the_dashboard_names_no_installation() -> None:
    (variable,) = DASHBOARD["templating"]["list"]
    assert (variable["name"], variable["type"], variable["current"]) == ("datasource", "datasource", {})
    for panel in DASHBOARD["panels"]:
        for target in panel.get("targets", ()):
            assert target["datasource"]["uid"] == "${datasource}"
            assert len({one["refId"] for one in panel["targets"]}) == len(panel["targets"])
