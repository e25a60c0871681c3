"""Reading at scrape time: kept for a moment, never hanging, and a failure costs its own series alone."""

import os
import re
import subprocess
import sys
import threading
import time
from datetime import timedelta
from types import SimpleNamespace

import psycopg
import pytest
from django.db import OperationalError, connection
from prometheus_client import REGISTRY
from pytest_django import Settings

from portal.kit import clock, context, health, measures, readings
from portal.kit.models import OutboundMessage, SuppressedAddress
from portal.kit.readings import Distribution, Reading, Samples, Series
from portal.kit.services import writing
from tests.monitoring.conftest import Scrape
from tests.plugin import ROOT

ONE = Series("steward_kit_test_one", "gauge", "A test.")


@pytest.fixture
def only(monkeypatch: pytest.MonkeyPatch) -> list[Reading]:
    """A list in place of the declared readings."""
    mine: list[Reading] = []
    monkeypatch.setattr(readings, "readings", mine)
    return mine


def _errors(name: str) -> float:
    return REGISTRY.get_sample_value("steward_kit_scrape_errors_total", {"reading": name}) or 0


# --- What they are ---


def test_every_declared_series_is_shown(db: None, scrape: Scrape) -> None:
    found = scrape()

    missing = [
        series.shown
        for reading in readings.readings
        for series in reading.series
        if f"# TYPE {series.shown} {series.kind}\n" not in found.text
    ]
    assert missing == []


def test_names_say_room_noun_and_unit_and_labels_no_person_nor_id(db: None, scrape: Scrape) -> None:
    declared = [series for reading in readings.readings for series in reading.series]

    assert [series.name for series in declared if not re.fullmatch(r"steward_[a-z]+(_[a-z0-9]+)+", series.name)] == []
    assert len({series.name for series in declared}) == len(declared)
    labels = {label for series in declared for label in series.labels}
    assert labels <= {
        "name",
        "outcome",
        "state",
        "kind",
        "schedule",
        "cleanup",
        "version",
        "environment",
        "group",
        "currency",
        "code",
    }


def test_the_number_of_series_does_not_grow_with_the_data(db: None, scrape: Scrape) -> None:
    text = scrape().text
    ours = [line for line in text.splitlines() if line.startswith(("steward_maintenance", "steward_kit_database"))]

    assert 50 < len(ours) < 1_000


def test_no_other_part_exports_a_series_of_the_same_name(db: None, scrape: Scrape) -> None:
    types = re.findall(r"^# TYPE (\S+)", scrape().text, re.MULTILINE)

    assert [name for name in types if name.startswith("steward_") and types.count(name) > 1] == []


# --- Failures ---


def test_a_reading_that_fails_is_absent_and_counted(only: list[Reading], scrape: Scrape) -> None:
    def broken() -> Samples:
        raise ValueError("as asked")

    other = Series("steward_kit_test_two", "gauge", "A test.")
    only.append(Reading("kit.test_broken", (ONE,), broken, asks_database=False))
    only.append(Reading("kit.test_whole", (other,), lambda: {other.name: [((), 7)]}, asks_database=False))
    before = _errors("kit.test_broken")

    found = scrape()

    assert found(ONE.name) is None
    assert found(other.name) == 7
    assert _errors("kit.test_broken") == before + 1
    assert found("steward_kit_scrape_errors_total", reading="kit.test_broken") == before + 1


def test_a_series_that_was_not_declared_is_a_failure(only: list[Reading], scrape: Scrape) -> None:
    only.append(Reading("kit.test_more", (ONE,), lambda: {ONE.name: [((), 1)], "other": []}, asks_database=False))

    assert scrape()(ONE.name) is None


def test_a_database_that_is_away_is_asked_once_in_a_scrape(only: list[Reading], scrape: Scrape) -> None:
    asked: list[str] = []

    def away() -> Samples:
        asked.append("away")
        raise OperationalError("the connection is refused")

    only += [Reading(name, (ONE,), away) for name in ("kit.test_first", "kit.test_second")]
    only.append(Reading("kit.test_disk", (ONE,), lambda: {ONE.name: [((), 1)]}, asks_database=False))
    before = _errors("kit.test_second")

    assert scrape()(ONE.name) == 1
    assert asked == ["away"]
    assert _errors("kit.test_second") == before + 1


AWAY = """
import django
django.setup()
from django.test import RequestFactory
from portal.kit import metrics
print(metrics.metrics(RequestFactory().get("/metrics")).content.decode())
"""


def test_without_the_database_the_page_answers_with_what_needs_none() -> None:
    nowhere = "postgresql://steward_app:x@127.0.0.1:1/steward"
    environment = {**os.environ, "DATABASE_URL": nowhere, "DATABASE_OWNER_URL": nowhere, "STEWARD_METRICS_KEY": ""}
    text = subprocess.run(
        [sys.executable, "-c", AWAY],
        cwd=ROOT,
        env={**environment, "STEWARD_LOG_LEVEL": "error"},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout

    assert "\nsteward_kit_disk_free_bytes " in text
    assert "steward_maintenance_runs_live" not in text
    for name in ("kit.database", "maintenance.jobs", "maintenance.schedules", "maintenance.cleanups"):
        assert f'steward_kit_scrape_errors_total{{reading="{name}"}} 1.0' in text


def test_a_locked_table_does_not_hold_the_scrape(
    own_database: dict[str, str], scrape: Scrape, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readings, "STATEMENT_TIMEOUT", "200ms")
    before = _errors("maintenance.jobs")
    with psycopg.connect(own_database["DATABASE_OWNER_URL"]) as owner:
        owner.execute("LOCK TABLE maintenance_job_run IN ACCESS EXCLUSIVE MODE")
        found = scrape()

    assert found("steward_maintenance_queue_oldest_seconds") is None
    assert found("steward_kit_database_size_bytes") is not None
    assert _errors("maintenance.jobs") == before + 1
    assert scrape()("steward_maintenance_queue_oldest_seconds") == 0


def test_the_limit_of_a_reading_does_not_stay_on_the_connection(db: None, scrape: Scrape) -> None:
    scrape()

    with connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone() == ("0",)


# --- Kept for a moment ---


def test_many_scrapers_cost_the_database_no_more_than_one(only: list[Reading], monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[float] = []
    now = SimpleNamespace(moment=100.0)
    monkeypatch.setattr(readings, "time", SimpleNamespace(monotonic=lambda: now.moment))

    def read() -> Samples:
        asked.append(now.moment)
        return {ONE.name: [((), len(asked))]}

    only.append(Reading("kit.test_kept", (ONE,), read, asks_database=False))
    collector = readings.Readings()
    threads = [threading.Thread(target=collector.collect) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert asked == [100.0]

    now.moment += readings.KEPT_SECONDS
    (family,) = collector.collect()
    assert [sample.value for sample in family.samples] == [2]


def test_a_distribution_is_a_histogram(only: list[Reading], scrape: Scrape) -> None:
    series = Series("steward_kit_test_seconds", "histogram", "A test.", ("name",))
    value = Distribution((("1.0", 2.0), ("+Inf", 3.0)), 9.5)
    only.append(Reading("kit.test_histogram", (series,), lambda: {series.name: [(("a",), value)]}, asks_database=False))

    found = scrape()

    assert found("steward_kit_test_seconds_bucket", name="a", le="1.0") == 2
    assert found("steward_kit_test_seconds_count", name="a") == 3
    assert found("steward_kit_test_seconds_sum", name="a") == 9.5


# --- The installation itself ---


def test_the_disk_is_measured_where_the_installation_writes(scrape: Scrape, settings: Settings) -> None:
    settings.STEWARD_VAR = settings.STEWARD_VAR / "not" / "made" / "yet"

    found = scrape()

    size, free = found("steward_kit_disk_size_bytes"), found("steward_kit_disk_free_bytes")
    assert size is not None
    assert free is not None
    assert 0 < free < size
    assert found("steward_kit_disk_free_ratio") == pytest.approx(free / size)
    assert found("steward_kit_info", version=settings.VERSION, environment="development") == 1


def test_the_database_server_is_measured(db: None, scrape: Scrape) -> None:
    found = scrape()

    size, limit = found("steward_kit_database_size_bytes"), found("steward_kit_database_connections_limit")
    connections = found("steward_kit_database_connections")
    assert size is not None
    assert size > 1 << 20
    assert connections is not None
    assert limit is not None
    assert 1 <= connections <= limit
    assert found("steward_kit_database_dead_rows_ratio") is not None


def test_a_transaction_that_was_left_open_is_seen(own_database: dict[str, str], scrape: Scrape) -> None:
    assert scrape()("steward_kit_database_oldest_transaction_seconds") == 0
    with psycopg.connect(own_database["DATABASE_URL"]) as other:
        other.execute("SELECT 1")
        found = scrape()

    oldest = found("steward_kit_database_oldest_transaction_seconds")
    assert oldest is not None
    assert oldest > 0


def test_a_clock_that_is_ahead_of_the_database_is_seen(
    db: None, scrape: Scrape, monkeypatch: pytest.MonkeyPatch
) -> None:
    ahead = SimpleNamespace(time=lambda: time.time() + 3600)
    monkeypatch.setattr(measures, "time", ahead)

    assert scrape()("steward_kit_clock_skew_seconds") == pytest.approx(3600, abs=60)


def test_migrations_that_wait_are_told(db: None, scrape: Scrape, monkeypatch: pytest.MonkeyPatch) -> None:
    assert scrape()("steward_kit_migrations_pending") == 0
    monkeypatch.setattr(health, "migrations", _two_wait)

    assert scrape()("steward_kit_migrations_pending") == 1


def _two_wait() -> str:
    raise health.AwayError("2 migrations are not applied. Run manage.py database init.")


def test_mails_are_counted_by_what_became_of_them(db: None, scrape: Scrape) -> None:
    now = clock.now()
    names = (
        "queued_messages",
        "oldest_seconds",
        "failed_messages",
        "held_messages",
        "sent_total",
        "suppressed_addresses",
    )
    read = scrape()
    assert [read(f"steward_kit_mail_{name}") for name in names] == [0, 0, 0, 0, 0, 0]
    with context.system("a test"), writing():
        for state, sent_at in (("queued", None), ("kept", None), ("failed", None), ("held", None), ("sent", now)):
            OutboundMessage.objects.create(
                address="ada@example.org",
                category="job",
                subject="One",
                text="Text",
                state=state,
                sent_at=sent_at,
                queued_at=now - timedelta(hours=1),
            )
        SuppressedAddress.objects.create(address="nobody@example.org", reason="bounced")
    read = scrape()
    queued, oldest, *others = (read(f"steward_kit_mail_{name}") for name in names)
    assert (queued, others) == (1, [1, 1, 1, 1])
    assert oldest == pytest.approx(3600, abs=60)
