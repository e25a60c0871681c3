"""How a clean-up behaves among others: locks, overlap, guards, several at once, a stop half way."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.db import connection
from pytest_django.fixtures import Settings

from accounts.models import Session
from audit.models import Event
from maintenance import cleaning, runner
from maintenance.cleaning import pressure, running
from maintenance.errors import NotConfirmed, PreviewStale
from maintenance.models import JobRun
from maintenance.selectors import cleanups as selectors
from maintenance.services import cleanups, runs
from portal.kit import clock, context, errors
from tests.factories import World, actor_of
from tests.maintenance.cleaning_support import (
    DAY,
    THINGS,
    Declare,
    as_owner,
    declare,
    ran,
    result_of,
    started,
    things,
    unconfirmed,
)
from tests.maintenance.conftest import fresh
from tests.maintenance.test_kill import add_sessions
from tests.waiting import wait_for

__all__ = ["declare"]
pytestmark = pytest.mark.usefixtures("own_database")
SESSIONS = "accounts.expired_sessions"
OLD = "INSERT INTO things (at) SELECT now() - interval '60 days' FROM generate_series(1, {n})"
YOUNG = "INSERT INTO things (at) SELECT now() FROM generate_series(1, {n})"


@contextmanager
def holding(environment: dict[str, str], statement: str) -> Iterator[psycopg.Connection[Any]]:
    """A transaction of the owner that keeps open what `statement` has taken."""
    with psycopg.connect(environment["DATABASE_OWNER_URL"]) as other:
        other.execute(statement)
        yield other
        other.rollback()


def _things(environment: dict[str, str], *, old: int, young: int) -> None:
    as_owner(environment, THINGS, OLD.format(n=old), YOUNG.format(n=young), "ANALYZE things")


# --- locks ---


def test_who_holds_the_table_is_named_and_the_clean_up_goes_on_afterwards(
    own_database: dict[str, str], world: World, declare: Declare, monkeypatch: pytest.MonkeyPatch
) -> None:
    _things(own_database, old=20, young=5)
    declare(things())
    run_id = started(actor_of(world.admin), "kit.things")
    waits: list[float] = []
    with holding(own_database, "LOCK TABLE things IN SHARE MODE") as other:

        def release(seconds: float) -> None:
            waits.append(seconds)
            other.rollback()

        monkeypatch.setattr(time, "sleep", release)
        runner.execute(run_id)
        number = other.info.backend_pid
    run = fresh(run_id)
    assert result_of(run)["deleted"] == 20
    assert waits[0] == running.BACK_OFF[0]
    told = [text for _at, text in run.log if "Waiting for a lock on things" in text]
    assert f"process {number} of role steward_owner holds ShareLock" in told[0]


def test_a_table_that_stays_held_ends_the_run_with_a_sentence_and_nothing_deleted(
    own_database: dict[str, str], world: World, declare: Declare, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "BACK_OFF", (0.01,))
    _things(own_database, old=20, young=5)
    declare(things())
    run_id = started(actor_of(world.admin), "kit.things")
    with holding(own_database, "LOCK TABLE things IN SHARE MODE"):
        runner.execute(run_id)
    run = fresh(run_id)
    assert run.state == "failed"
    assert "End that session" in run.error
    assert "steward_owner" in run.error
    assert as_owner(own_database, "SELECT count(*) FROM things") == [(25,)]


def test_an_open_transaction_of_another_is_told_since_it_keeps_vacuum_from_freeing(
    own_database: dict[str, str], world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_sessions(world.clerk, 3, expires_in=-2 * DAY)
    monkeypatch.setattr(pressure, "OLD_SNAPSHOT", timedelta(seconds=-1))
    monkeypatch.setattr(pressure, "FAR_BEHIND", 0)
    with psycopg.connect(own_database["DATABASE_URL"]) as other:
        other.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; SELECT 1")
        run = ran(actor_of(world.admin), SESSIONS)
        expected = f"process {other.info.backend_pid}"
        other.rollback()
    assert any(text.startswith("Vacuum cannot free space while") and expected in text for _at, text in run.log)


# --- overlap ---


@pytest.mark.parametrize("together", ["single", "group"])
def test_the_same_clean_up_twice_at_once_is_done_by_the_one_that_began(world: World, together: str) -> None:
    add_sessions(world.clerk, 10, expires_in=-2 * DAY)
    actor = actor_of(world.admin)
    with context.acting(actor):
        first = runs.run_enqueue(cleaning.JOB, actor=actor, args={"cleanup": SESSIONS}, key="first")
        items = {"group": "expired-sessions", "items": [{"cleanup": SESSIONS}]}
        args = {"cleanup": SESSIONS} if together == "single" else items
        second = runs.run_enqueue(cleaning.JOB, actor=actor, args=args, key="second")
    with context.system("a test"):
        assert runs.run_claim(run_id=first, worker="the first") is not None
    runner.execute(second)
    result = result_of(fresh(second))
    one = result if together == "single" else result["items"][0]
    assert (one["skipped"], one["other"], result["deleted"]) == ("overlap", str(first), 0)
    assert Session.objects.count() == 10
    assert not Event.objects.filter(code="maintenance.cleanup.finished").exists()


def test_pressing_the_button_twice_is_one_run(world: World) -> None:
    actor = actor_of(world.admin)
    assert started(actor, SESSIONS) == started(actor, SESSIONS)
    assert started(actor, "all", word="everything") == started(actor, "all", word="everything")
    assert JobRun.objects.count() == 2


# --- guards ---


def test_by_night_a_share_above_the_limit_stops_the_clean_up_before_it_begins(
    own_database: dict[str, str], world: World, declare: Declare
) -> None:
    _things(own_database, old=1500, young=500)
    declare(things(max_share=50))
    run = unconfirmed(actor_of(world.admin), cleanup="kit.things")
    assert run.state == "failed"
    assert "1,500 of 2,000 rows (75 %)" in run.error
    assert as_owner(own_database, "SELECT count(*) FROM things") == [(2000,)]
    assert not Event.objects.filter(code__startswith="maintenance.cleanup").exists()


def test_a_person_who_types_the_name_may_take_more_than_the_limit_and_nobody_else(
    own_database: dict[str, str], world: World, declare: Declare
) -> None:
    _things(own_database, old=1500, young=500)
    declare(things(max_share=50))
    actor = actor_of(world.admin)
    for word in ("", "things", "KIT.THINGS"):
        with pytest.raises(NotConfirmed):
            started(actor, "kit.things", word=word)
    assert not JobRun.objects.exists()
    assert result_of(ran(actor, "kit.things", word=" kit.things "))["deleted"] == 1500


def test_nothing_younger_than_the_floor_goes_whoever_asks(
    own_database: dict[str, str], world: World, declare: Declare
) -> None:
    as_owner(
        own_database, THINGS, *(f"INSERT INTO things (at) VALUES (now() - interval '{n} hours')" for n in (1, 5, 40))
    )
    declare(things(floor=timedelta(hours=4)))
    actor = actor_of(world.admin)
    with pytest.raises(errors.Invalid) as refused:
        cleaning.preview(actor=actor, name="kit.things", hours=3)
    assert "from 4 to" in refused.value.fields["older_than_hours"][0]
    assert cleaning.preview(actor=actor, name="kit.things", hours=4).count == 2
    # Not even when it stands so in the row of the run.
    run = unconfirmed(actor, cleanup="kit.things", cutoff=(clock.now() + DAY).isoformat(), sure=True)
    assert result_of(run)["deleted"] == 2
    assert as_owner(own_database, "SELECT count(*) FROM things") == [(1,)]


@pytest.mark.parametrize("hours", [-1, 10**9])
def test_an_impossible_age_is_refused(world: World, hours: int) -> None:
    with pytest.raises(errors.Invalid):
        cleaning.preview(actor=actor_of(world.admin), name=SESSIONS, hours=hours)


def test_a_token_of_one_preview_confirms_no_other(world: World) -> None:
    actor = actor_of(world.admin)
    token = cleaning.overview(actor=actor, name="temp-files").token
    for name in ("expired-sessions", "all", SESSIONS):
        with pytest.raises(PreviewStale), context.acting(actor):
            cleanups.cleanup_start(actor=actor, name=name, token=token, word="everything")
    assert not JobRun.objects.exists()


# --- several ---


def test_everything_runs_one_after_the_other_and_each_leaves_its_event(world: World) -> None:
    add_sessions(world.clerk, 7, expires_in=-2 * DAY)
    actor = actor_of(world.admin)
    with pytest.raises(NotConfirmed):
        started(actor, "all")
    run = ran(actor, "all", word="everything")
    result = result_of(run)
    names = [item["cleanup"] for item in result["items"]]
    assert sorted(names) == sorted(spec.name for spec in cleaning.members("all"))
    assert names[-1] == "maintenance.vacuum"
    assert result["deleted"] >= 7
    told = Event.objects.filter(code="maintenance.cleanup.finished")
    assert sorted(event.data["cleanup"] for event in told) == sorted(names)
    assert selectors.last_cleanups()[SESSIONS].result == next(i for i in result["items"] if i["cleanup"] == SESSIONS)
    assert run in selectors.history(actor, name=SESSIONS)


def test_one_that_fails_does_not_stop_the_next(own_database: dict[str, str], world: World, declare: Declare) -> None:
    _things(own_database, old=1500, young=500)
    declare(things(max_share=50, category="expired-sessions"))
    add_sessions(world.clerk, 4, expires_in=-2 * DAY)
    actor = actor_of(world.admin)
    run = unconfirmed(actor, group="expired-sessions", items=[{"cleanup": "kit.things"}, {"cleanup": SESSIONS}])
    items = result_of(run)["items"]
    assert "75 %" in items[0]["error"]
    assert items[1]["deleted"] == 4
    assert Event.objects.filter(code="maintenance.cleanup.finished").count() == 1


# --- numbers ---


def test_the_result_tells_free_space_and_returned_space_apart(
    own_database: dict[str, str], world: World, declare: Declare
) -> None:
    _things(own_database, old=3000, young=3000)
    declare(things())
    result = result_of(ran(actor_of(world.admin), "kit.things"))
    assert (result["rows_before"], result["rows_after"]) == (6000, 3000)
    assert result["bytes_before"] <= result["bytes_after"]
    assert result["returned"] == 0
    assert result["reusable"] == pytest.approx(result["bytes_before"] / 2, rel=0.05)
    event = Event.objects.get(code="maintenance.cleanup.finished")
    assert event.data["reusable"] == result["reusable"]


def test_it_works_as_large_a_share_of_the_time_as_is_set(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(time, "sleep", pauses.append)
    for duty in (100, 50, 25, 1):
        settings.STEWARD_CLEANUP_DUTY = duty
        running._rest(0.2, waited=False)
    assert pauses == pytest.approx([0.2, 0.6, running.LONGEST_PAUSE])
    settings.STEWARD_CLEANUP_DUTY = 100
    running._rest(0.2, waited=True)
    assert pauses[-1] == running.GIVE_WAY


def test_who_waits_for_a_batch_is_seen(own_database: dict[str, str], world: World) -> None:
    add_sessions(world.clerk, 1, expires_in=DAY)
    with context.system("a test"), connection.cursor() as cursor:
        assert not pressure.others_wait()
        cursor.execute("SELECT 1")
    wait_for(
        lambda: pressure.holders("accounts_session") == "", what="no lock is held"
    )  # What made the world may still be ending.
    with holding(own_database, "LOCK TABLE accounts_session IN EXCLUSIVE MODE") as other:
        assert f"process {other.info.backend_pid}" in pressure.holders("accounts_session")
