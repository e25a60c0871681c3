"""The pages of exports: asking, watching, fetching; for who asked, and for nobody else."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from accounts.models import User
from audit.models import Event, Export
from audit.services import exports
from maintenance import runner
from maintenance.models import JobRun
from portal.kit import clock
from tests.audit.support import count_of
from tests.audit.test_exports import folder, large, planted, table
from tests.audit.test_pages import URL, text_of
from tests.factories import World

pytestmark = pytest.mark.django_db
EXPORTS = f"{URL}/exports"
BrowserOf = Callable[[User], Client]


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "STEWARD_VAR", tmp_path)


def asked(browser: Client, **query: str) -> str:
    """Ask for an export; the address of its page."""
    reply = browser.post(EXPORTS, {"format": "csv", **query})
    assert reply.status_code == 302, text_of(reply)
    return str(reply["Location"])


def test_from_the_filtered_timeline_to_the_file(world: World, browser_of: BrowserOf) -> None:
    ids = planted(3)
    browser = browser_of(world.admin)
    timeline = text_of(browser.get(URL, {"request_id": "many"}))
    assert f'action="{EXPORTS}"' in timeline
    assert '<input type="hidden" name="request_id" value="many">' in timeline
    page = asked(browser, request_id="many")
    shown = text_of(browser.get(page))
    assert "Ready" in shown
    assert Export.objects.get().sha256 in shown
    (link,) = re.findall(r'href="([^"]+/file)"', shown)
    reply = browser.get(link)
    assert reply["Content-Type"] == "text/csv; charset=utf-8"
    assert re.fullmatch(r'attachment; filename="audit-\d{8}-\d{6}\.csv"', reply["Content-Disposition"])
    assert reply["Cache-Control"] == "no-store"
    content = reply.getvalue()
    assert reply["Content-Length"] == str(len(content))
    assert [row["id"] for row in table(content)] == ids
    assert count_of("audit.export.downloaded") == 1
    assert link in text_of(browser.get(EXPORTS))


def test_a_large_export_is_watched_until_it_is_ready(
    world: World, browser_of: BrowserOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    planted(8)
    large(monkeypatch)
    browser = browser_of(world.admin)
    page = asked(browser)
    waiting = text_of(browser.get(page))
    assert "data-poll" in waiting
    assert "data-done" not in waiting.replace('data-done="', "")
    assert "/file" not in waiting
    export = Export.objects.get()
    assert export.run_id is not None
    runner.execute(export.run_id)
    part = browser.get(page, headers={"HX-Request": "true"})
    assert "<html" not in text_of(part)
    assert "data-done" in text_of(part)
    assert "/file" in text_of(part)


def test_an_export_can_be_cancelled_on_its_page(
    world: World, browser_of: BrowserOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    planted(8)
    large(monkeypatch)
    browser = browser_of(world.admin)
    page = asked(browser)
    (action,) = re.findall(r'action="([^"]+/cancel)"', text_of(browser.get(page)))
    assert browser.post(action).status_code == 302
    assert "Cancelled" in text_of(browser.get(page))
    assert Export.objects.get().state == "cancelled"


@pytest.mark.parametrize("name", ["manager", "clerk", "stranger"])
def test_without_the_right_there_is_no_export(world: World, browser_of: BrowserOf, name: str) -> None:
    page = asked(browser_of(world.admin))
    browser = browser_of(getattr(world, name))
    before = (Export.objects.count(), JobRun.objects.count(), len(folder()))
    for path in (EXPORTS, page, f"{page}/file"):
        assert browser.get(path).status_code == 403
    for path in (EXPORTS, f"{page}/cancel"):
        assert browser.post(path, {"format": "csv"}).status_code == 403
    assert (Export.objects.count(), JobRun.objects.count(), len(folder())) == before
    assert count_of("audit.export.downloaded") == 0


def test_who_may_only_read_is_offered_no_export(world: World, browser_of: BrowserOf) -> None:
    assert EXPORTS not in text_of(browser_of(world.manager).get(URL))


def test_another_persons_export_is_not_there(world: World, browser_of: BrowserOf) -> None:
    page = asked(browser_of(world.admin))
    browser = browser_of(world.root)
    for path in (page, f"{page}/file"):
        assert browser.get(path).status_code == 404
    assert browser.post(f"{page}/cancel").status_code == 404
    assert page not in text_of(browser.get(EXPORTS))
    assert count_of("audit.export.downloaded") == 0


def test_an_expired_file_is_gone(world: World, browser_of: BrowserOf) -> None:
    page = asked(browser_of(world.admin))
    with clock.at(clock.now() + exports.KEEP):
        browser = browser_of(world.admin)
        assert browser.get(f"{page}/file").status_code == 410
        assert "/file" not in text_of(browser.get(page))


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"format": "xlsx"}, 422),
        ({}, 422),
        ({"format": "csv", "category": "everything"}, 400),
        ({"format": "csv", "date_from": "yesterday"}, 400),
        ({"format": "csv", "organisation": "'; DROP TABLE"}, 400),
    ],
)
def test_a_hostile_order_is_refused_and_nothing_is_written(
    world: World, browser_of: BrowserOf, body: dict[str, str], status: int
) -> None:
    assert browser_of(world.admin).post(EXPORTS, body).status_code == status
    assert (Export.objects.count(), JobRun.objects.count(), folder()) == (0, 0, [])
    assert Event.objects.filter(code__startswith="audit.export").count() == 0


def test_looking_at_the_list_costs_the_same_whatever_its_length(world: World, browser_of: BrowserOf) -> None:
    browser = browser_of(world.admin)
    assert "No exports" in text_of(browser.get(EXPORTS))
    for _ in range(3):
        asked(browser)
    assert text_of(browser.get(EXPORTS)).count("/file") == 3
