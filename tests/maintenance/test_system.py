"""The system page: what it tells, to whom, and what it does when something hangs, hides or is away."""

import os
import threading
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path

import psycopg
import pytest
from django.db import connection
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from maintenance import runner
from maintenance.health import QUEUE_SLOW, queue
from maintenance.models import Heartbeat, JobRun
from maintenance.presenters import system as presenters
from maintenance.services import heartbeats
from maintenance.system import broker, database, machine, panels, versions
from maintenance.system.panels import Answer
from portal.kit import clock, context, health
from portal.kit.mode import services as mode
from portal.kit.services import writing
from tests.factories import World, actor_of
from tests.maintenance.test_system_mode import by_schedule

Browse = Callable[[User], Client]
PAGES = ("", "/database", "/configuration", "/logs")
HTMX = {"HX-Request": "true"}


def text_of(client: Client, page: str = "", **headers: str) -> str:
    """A page of the system."""
    reply = client.get(f"/platform/system{page}", headers=headers or None)
    assert reply.status_code == 200
    return reply.content.decode()


def lively(kind: str, name: str, *, silent: bool = False) -> None:
    """A process that gives signs of life, or did."""
    seen = clock.now() - (timedelta(minutes=5) if silent else timedelta(0))
    with context.system("a test"), writing():
        Heartbeat.objects.create(name=name, kind=kind, seen_at=seen, started_at=seen)


# --- who may ---


@pytest.mark.parametrize("page", PAGES)
def test_administrators_see_it_and_nobody_else(world: World, browser_of: Browse, page: str) -> None:
    for who in (world.root, world.admin):
        assert browser_of(who).get(f"/platform/system{page}").status_code == 200
    for who in (world.manager, world.clerk, world.stranger):
        assert browser_of(who).get(f"/platform/system{page}").status_code == 403


def test_the_parts_that_refresh_themselves_come_alone(world: World, browser_of: Browse) -> None:
    client = browser_of(world.admin)
    part = text_of(client, "/live", **HTMX)
    assert "<html" not in part
    assert "data-version" in part
    assert "<html" in text_of(client, "/live")
    assert "<html" not in text_of(client, "/logs/live", **HTMX)


# --- processes and queue ---


def test_that_no_worker_is_running_is_said_loudly(world: World, browser_of: Browse) -> None:
    page = text_of(browser_of(world.admin))
    assert "No worker is running." in page
    assert "The scheduler is not running." in page
    lively("worker", "worker silent.example:71", silent=True)
    page = text_of(browser_of(world.admin))
    assert "No worker is running." in page
    assert "silent.example:71" in page
    assert "Silent" in page


def test_living_processes_are_told_by_host_and_number(world: World, browser_of: Browse) -> None:
    lively("worker", "worker mill.example:4711")
    lively("beat", "beat mill.example:4712")
    page = text_of(browser_of(world.admin))
    assert "mill.example:4711" in page
    assert "mill.example:4712" in page
    assert "No worker is running." not in page
    assert heartbeats.alive("worker") == 1


def test_a_queue_that_does_not_move_is_a_finding(own_database: dict[str, str], world: World) -> None:
    assert queue() == "empty"
    run_id = by_schedule()
    assert queue().startswith("1 due")
    with context.system("a test"), writing():
        JobRun.objects.filter(pk=run_id).update(run_at=clock.now() - QUEUE_SLOW - timedelta(minutes=1))
    with pytest.raises(health.AwayError, match="the oldest for 6 min"):
        queue()
    assert {check.name: check.state for check in health.report().checks}["queue"] == "degraded"
    with context.acting(actor_of(world.root)) as current:
        mode.window_create(actor=current.actor, kind="closed", reason="New disks")
    assert "they wait for the end of maintenance" in queue()


# --- faults ---


@pytest.fixture
def redis_stopped(settings: Settings) -> None:
    """Nothing listens where Redis should be."""
    settings.REDIS_URL = "redis://:secret-word@127.0.0.1:1/0"


def test_with_redis_away_the_page_answers_and_says_so(world: World, browser_of: Browse, redis_stopped: None) -> None:
    page = text_of(browser_of(world.admin))
    assert "Redis cannot be reached" in page
    assert "It cannot be asked at the moment (ConnectionError)." in page
    assert "secret-word" not in page
    assert "PostgreSQL" in page


@pytest.fixture
def locked(own_database: dict[str, str]) -> Iterator[None]:
    """Somebody else holds a table exclusively: its size cannot be asked."""
    name = connection.settings_dict["NAME"]
    with psycopg.connect(os.environ["STEWARD_TEST_ADMIN_URL"], dbname=name) as other:
        other.execute("LOCK TABLE kit_note IN ACCESS EXCLUSIVE MODE")
        yield


def test_a_table_that_is_locked_holds_up_its_panel_alone(
    own_database: dict[str, str], world: World, browser_of: Browse, locked: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(panels, "SECONDS", 0.3)
    page = text_of(browser_of(world.admin), "/database")
    assert page.count("No answer in 2 s. The rest of the page is not affected.") == 1
    assert "accounts_session_digest_key" in page


def test_a_check_that_waits_for_a_lock_is_a_finding_and_the_rest_is_told(
    own_database: dict[str, str], world: World, browser_of: Browse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "STATEMENT_SECONDS", 1)
    client = browser_of(world.admin)
    name = connection.settings_dict["NAME"]
    with psycopg.connect(os.environ["STEWARD_TEST_ADMIN_URL"], dbname=name) as other:
        other.execute("LOCK TABLE maintenance_heartbeat IN ACCESS EXCLUSIVE MODE")
        monkeypatch.setattr(panels, "SECONDS", 0.3)
        page = text_of(client)
    assert "no answer within 1 s" in page
    assert "No answer in 2 s." in page
    assert "all applied" in page


def test_a_slow_statement_is_ended_and_the_transaction_goes_on(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(panels, "SECONDS", 0.2)

    def slow() -> str:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(30)")
        return "late"

    assert panels.ask_database("slow", slow) == Answer(None, "slow")
    assert panels.ask_database("quick", database.server).value is not None
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('statement_timeout')")
        assert cursor.fetchone()[0] == "0", "What follows is not limited."


def test_what_a_login_may_not_see_is_said(world: World) -> None:
    def forbidden() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT * FROM pg_authid")

    answer = panels.ask_database("forbidden", forbidden)
    assert answer.problem == "hidden"
    assert presenters.problem(answer) == "The login of the application may not see that."


def test_what_hangs_outside_the_database_is_given_up_and_not_joined_by_a_second(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(panels, "SECONDS", 0.05)
    release, asked = threading.Event(), []

    def hang() -> str:
        asked.append(1)
        release.wait(30)
        return "late"

    assert panels.ask_aside("folder", hang, keep=0).problem == "slow"
    assert panels.ask_aside("folder", hang, keep=0).problem == "slow"
    assert len(asked) == 1
    release.set()
    panels._hanging["folder"].join(10)
    assert panels.ask_aside("folder", lambda: "there", keep=0) == Answer("there")


def test_a_failure_outside_is_told_without_its_words() -> None:
    def fail() -> None:
        raise ValueError("redis://:secret-word@host")

    assert panels.ask_aside("failing", fail) == Answer(None, "away", "ValueError")


def test_answers_are_kept_for_their_time() -> None:
    asked: list[int] = []
    for _ in range(3):
        assert panels.ask_aside("counted", lambda: asked.append(1)).problem == ""
    assert len(asked) == 1
    panels.forget_everything()
    panels.ask_aside("counted", lambda: asked.append(1), keep=0)
    panels.ask_aside("counted", lambda: asked.append(1), keep=0)
    assert len(asked) == 3


# --- facts ---


def test_the_database_tells_its_size_sessions_and_largest_tables(world: World) -> None:
    server = database.server()
    assert server.size > 1_000_000
    assert 1 <= server.sessions <= server.most_sessions
    tables = {table.name: table for table in database.tables(100)}
    assert tables["audit_event"].parts > 10, "The parts of a partitioned table are one."
    assert tables["accounts_user"].bytes > tables["accounts_user"].index_bytes > 0
    sizes = [table.bytes for table in database.tables()]
    assert sizes == sorted(sizes, reverse=True)
    assert len(sizes) == database.LARGEST
    assert {index.table for index in database.indexes(2_000)} >= {"accounts_user", "maintenance_job_run"}


def test_without_the_extension_there_are_no_statements(world: World, browser_of: Browse) -> None:
    assert database.statements() is None
    assert "pg_stat_statements is not installed" in text_of(browser_of(world.admin), "/database")


def test_growth_is_a_straight_line_through_the_days() -> None:
    first = date(2026, 1, 1)
    days = [(first + timedelta(days=place), 1_000_000 + 50_000 * place) for place in range(10)]
    assert database.slope_of(days) == pytest.approx(50_000)
    assert database.slope_of(days[:6]) is None
    assert database.slope_of([]) is None
    growth = database.Growth(days, 50_000.0)
    assert growth.full_in_days(2_000_000) == 40
    assert database.Growth(days, -1.0).full_in_days(2_000_000) is None


def test_growth_is_read_from_the_sizes_that_are_kept(world: World) -> None:
    today = date(2026, 3, 10)
    with context.system("a test"), writing(), connection.cursor() as cursor:
        # Found before the table of the same name, so the test knows every row in it.
        cursor.execute('CREATE TEMP TABLE maintenance_size_sample (day date, "table" text, bytes bigint)')
        rows = [(today - timedelta(days=place), "", 1_000_000 - 10_000 * place) for place in range(120)]
        cursor.executemany("INSERT INTO maintenance_size_sample VALUES (%s, %s, %s)", rows)
        cursor.execute("INSERT INTO maintenance_size_sample VALUES (%s, 'accounts_user', 7)", [today])
    found = database.growth()
    assert found is not None
    assert len(found.days) == database.SAMPLES
    assert found.days[-1] == (today, 1_000_000)
    assert found.bytes_per_day == pytest.approx(10_000)


def test_the_forecast_says_what_cannot_be_seen(settings: Settings) -> None:
    first = date(2026, 1, 1)
    days = [(first + timedelta(days=place), 1_000_000 + 50_000 * place) for place in range(10)]
    growth = Answer(database.Growth(days, 50_000.0))
    disks = Answer([machine.Disk("/var", 2_000_000, 9_000_000)])
    settings.STEWARD_EMBEDDED = True
    told = presenters.growth_values(growth, disks)
    assert "full in about 40 days" in told["sentence"]
    assert told["chart"]
    settings.STEWARD_EMBEDDED = False
    assert "cannot be seen from here" in presenters.growth_values(growth, disks)["sentence"]
    assert "needs a week" in presenters.growth_values(Answer(database.Growth(days[:2], None)), disks)["sentence"]
    assert "No sizes" in presenters.growth_values(Answer(None), disks)["sentence"]


def test_redis_tells_its_memory_and_keys(settings: Settings) -> None:
    found = broker.broker()
    assert found is not None
    assert found.used_bytes > 0
    settings.REDIS_URL = ""
    assert broker.broker() is None


def test_folders_are_counted_without_following_links_and_up_to_a_limit(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    outside, folder = tmp_path / "outside", tmp_path / "uploads"
    (folder / "deep").mkdir(parents=True)
    outside.mkdir()
    (outside / "large").write_bytes(b"x" * 1000)
    (folder / "one").write_bytes(b"x" * 10)
    (folder / "deep" / "two").write_bytes(b"x" * 5)
    (folder / "link").symlink_to(outside)
    settings.MEDIA_ROOT = folder
    found = {one.name: one for one in machine.folders()}["uploads"]
    assert found.files == 3, "The link is one entry, and what it points to is none."
    assert 15 <= found.bytes < 1000
    assert found.oldest_at is not None
    assert not found.partial
    monkeypatch.setattr(machine, "FILES_LIMIT", 1)
    assert {one.name: one for one in machine.folders()}["uploads"].partial


def test_the_machine_and_the_versions_are_told() -> None:
    found = machine.machine()
    assert 0 < found.memory_free <= found.memory_total
    assert found.process_bytes > 1_000_000
    assert machine.disks()[0].total > 0
    assert dict(versions.versions())["Steward"]
    assert versions.dump_tool()[:1].isdigit()


def test_a_page_shows_the_last_run_of_each_job(own_database: dict[str, str], world: World, browser_of: Browse) -> None:
    runner.execute(by_schedule())
    page = text_of(browser_of(world.admin))
    assert "Clean-up: Expired sessions" in page
    assert "Succeeded" in page
