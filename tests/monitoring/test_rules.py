"""The alert rules: each fires and is gone again in promtool's tests, reads series that exist, and says what to do."""

import re
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings

from docs import build
from portal.kit import readings

FOLDER = Path(settings.BASE_DIR) / "deploy" / "prometheus"
RULES = FOLDER / "rules" / "steward.yml"
TESTS = sorted((FOLDER / "tests").glob("*.yml"))
SEVERITIES = {"critical", "high", "medium", "low"}
# What prometheus_client, django-prometheus and Prometheus itself give; test_readings sees that the page has ours.
OTHERS = {
    "up",
    "steward_kit_scrape_errors_total",
    "steward_kit_errors_total",
    "django_http_responses_total_by_status_total",
    "django_http_requests_latency_including_middlewares_seconds_bucket",
}


@cache
def _rules() -> list[dict[str, Any]]:
    return [rule for group in yaml.safe_load(RULES.read_text("utf-8"))["groups"] for rule in group["rules"]]


def _alerts() -> dict[str, dict[str, Any]]:
    return {rule["alert"]: rule for rule in _rules() if "alert" in rule}


def _promtool(*words: str) -> None:
    done = subprocess.run(["promtool", *words], cwd=FOLDER, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_promtool_accepts_rules_and_example() -> None:
    _promtool("check", "rules", str(RULES))
    _promtool("check", "config", "prometheus.yml")


@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.stem)
def test_each_alert_fires_and_is_gone_again(path: Path) -> None:
    _promtool("test", "rules", str(path))


def test_every_alert_is_seen_silent_then_firing_then_silent() -> None:
    seen: dict[str, list[list[bool]]] = {}
    for path in TESTS:
        for case in yaml.safe_load(path.read_text("utf-8"))["tests"]:
            names = {step["alertname"] for step in case["alert_rule_test"]}
            for name in names:
                steps = [bool(step["exp_alerts"]) for step in case["alert_rule_test"] if step["alertname"] == name]
                seen.setdefault(name, []).append(steps)

    assert [name for name in _alerts() if [False, True, False] not in seen.get(name, [])] == []


def test_every_series_in_the_rules_is_one_that_we_export() -> None:
    exported = OTHERS | {series.shown for reading in readings.readings for series in reading.series}
    recorded = {rule["record"] for rule in _rules() if "record" in rule}
    named = {
        name
        for rule in _rules()
        for name in re.findall(r"\b(?:steward[_:]|django_|up\b)[\w:]*", re.sub(r'"[^"]*"', '""', rule["expr"]))
    }

    assert named - exported - recorded == set()
    assert recorded <= named


def test_every_alert_says_what_to_do_and_where_more_stands() -> None:
    runbook = (Path(settings.BASE_DIR) / "docs" / "runbook.md").read_text("utf-8")
    sections = {f"docs/runbook.md#{build.anchor(name)}" for name in re.findall(r"^### (\w+)$", runbook, re.MULTILINE)}

    for name, rule in _alerts().items():
        assert rule["labels"]["severity"] in SEVERITIES, name
        assert set(rule["annotations"]) == {"summary", "description", "runbook"}, name
        assert rule["annotations"]["description"].endswith("."), name
        assert rule["annotations"]["runbook"] == f"docs/runbook.md#{name.lower()}", name
    assert {rule["annotations"]["runbook"] for rule in _alerts().values()} == sections


# --- docs/monitoring.md is true ---


def _table(heading: str) -> list[list[str]]:
    text = (Path(settings.BASE_DIR) / "docs" / "monitoring.md").read_text("utf-8")
    section = text.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    rows = [line.strip("|").split("|") for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row] for row in rows[2:]]


def test_the_page_lists_every_alert_with_its_severity() -> None:
    listed = [(name.strip("`"), severity) for name, severity, _when in _table("Alerts")]

    assert listed == [(name, rule["labels"]["severity"]) for name, rule in _alerts().items()]
