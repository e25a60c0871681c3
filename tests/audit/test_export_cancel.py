"""An export whose run is cancelled on the page of jobs: its own page says so, and a second try can finish it."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from accounts.models import User
from audit import files, selectors
from audit.errors import ExportsUnderWay
from audit.models import Export
from audit.selectors.exported import RUN_CANCELLED
from audit.services import exports
from maintenance import runner
from maintenance.models import JobRun
from maintenance.services import runs
from portal.kit import context, registry
from tests.audit.support import count_of, in_organisation
from tests.audit.test_export_pages import EXPORTS
from tests.audit.test_exports import asked, large, planted, table
from tests.audit.test_pages import text_of
from tests.factories import World, actor_of, person

pytestmark = pytest.mark.django_db
BrowserOf = Callable[[User], Client]
State = Export.State
JOBS = "/platform/jobs"


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "STEWARD_VAR", tmp_path)


@pytest.fixture
def export(world: World, monkeypatch: pytest.MonkeyPatch) -> Export:
    """An export of the administrator that waits for its worker."""
    planted(20)
    large(monkeypatch)
    found = asked(world.admin, {"request_id": "many"})
    assert found.run_id is not None
    return found


def run_of(export: Export) -> JobRun:
    """The run that writes it."""
    assert export.run_id is not None
    return JobRun.objects.get(pk=export.run_id)


def cancelled_while_running(world: World, export: Export, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the worker meet the order to stop in its second batch."""
    writes, calls = files.Part.append, []

    def append(self: files.Part, lines: bytes) -> int:
        calls.append(len(lines))
        if len(calls) == 2:
            with context.acting(actor_of(world.admin)) as now:
                runs.run_cancel(actor=now.actor, run=run_of(export))
        return writes(self, lines)

    with monkeypatch.context() as patched:
        patched.setattr(files.Part, "append", append)
        assert export.run_id is not None
        runner.execute(export.run_id)
    assert run_of(export).state == "cancelled"


def state_for(user: User, export: Export) -> Export.State:
    """What its page says."""
    with context.acting(actor_of(user)) as now:
        return selectors.state_of(selectors.export(now.actor, export.pk))


def test_the_event_that_tells_of_it_is_one_that_a_room_declares() -> None:
    assert RUN_CANCELLED in registry.events


def test_cancelled_before_it_began_it_is_shown_as_cancelled(
    world: World, browser_of: BrowserOf, export: Export
) -> None:
    browser = browser_of(world.admin)
    page = f"{EXPORTS}/{export.pk}"
    assert "Being written" in text_of(browser.get(page))
    assert browser.post(f"{JOBS}/{export.run_id}/cancel").status_code == 302
    shown = text_of(browser.get(page))
    assert "It was cancelled" in shown
    assert "Being written" not in shown
    assert "/cancel" not in shown
    live = text_of(browser.get(page, headers={"HX-Request": "true"}))
    assert "data-done" in live
    listed = text_of(browser.get(EXPORTS))
    assert "Cancelled" in listed
    assert "Being written" not in listed
    assert count_of("audit.export.finished") == 0


def test_cancelled_in_the_middle_it_has_not_failed(
    world: World, browser_of: BrowserOf, export: Export, monkeypatch: pytest.MonkeyPatch
) -> None:
    cancelled_while_running(world, export, monkeypatch)
    shown = text_of(browser_of(world.admin).get(f"{EXPORTS}/{export.pk}"))
    assert "It was cancelled" in shown
    assert "Failed" not in shown
    assert "/file" not in shown
    assert state_for(world.admin, export) == State.CANCELLED


def test_queued_again_it_goes_on_and_is_whole(
    world: World, browser_of: BrowserOf, export: Export, monkeypatch: pytest.MonkeyPatch
) -> None:
    cancelled_while_running(world, export, monkeypatch)
    browser = browser_of(world.admin)
    assert browser.post(f"{JOBS}/{export.run_id}/retry").status_code == 302
    assert state_for(world.admin, export) != State.CANCELLED
    assert export.run_id is not None
    runner.execute(export.run_id)
    assert state_for(world.admin, export) == State.READY
    content = browser.get(f"{EXPORTS}/{export.pk}/file").getvalue()
    assert len({row["id"] for row in table(content)}) == 20


def test_an_export_that_failed_by_itself_has_not_been_cancelled(
    world: World, export: Export, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(self: files.Part, lines: bytes) -> int:
        raise RuntimeError("broken")

    monkeypatch.setattr(files.Part, "append", broken)
    assert export.run_id is not None
    runner.execute(export.run_id)
    assert state_for(world.admin, export) == State.FAILED


def test_what_was_cancelled_takes_no_place_of_the_next(world: World, export: Export) -> None:
    for _ in range(exports.LIVE_LIMIT - 1):
        asked(world.admin, {"request_id": "many"})
    with pytest.raises(ExportsUnderWay):
        asked(world.admin, {"request_id": "many"})
    with context.acting(actor_of(world.admin)) as now:
        runs.run_cancel(actor=now.actor, run=run_of(export))
    assert asked(world.admin, {"request_id": "many"}).state == State.WORKING


def test_in_an_organisation_the_page_says_the_same(
    world: World, browser_of: BrowserOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = person("Owner")
    here = in_organisation("quiet-harbour", (owner, "owner"))
    planted(8, organisation_id=here.pk)
    large(monkeypatch)
    page = browser_of(owner).post("/o/quiet-harbour/audit/exports", {"format": "csv"})["Location"]
    assert "Being written" in text_of(browser_of(owner).get(page))
    run_id = Export.objects.get().run_id
    assert browser_of(world.admin).post(f"{JOBS}/{run_id}/cancel").status_code == 302
    assert "It was cancelled" in text_of(browser_of(owner).get(page))
