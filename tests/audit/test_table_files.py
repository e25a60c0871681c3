"""What is taken out of the table as a file, and what is kept of it as a view."""

import io
import re
import zipfile
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from accounts.models import User
from audit.selectors import table
from portal.kit.models import SavedView
from tests.audit.support import CODE, count_of, told_of, unsaved
from tests.audit.test_exports import _erase
from tests.audit.test_narrowing import many, naive
from tests.audit.test_organisation_pages import Tenants, tenants
from tests.audit.test_pages import URL, text_of
from tests.audit.test_table import OURS, TABLE, file_of, shown
from tests.factories import World

__all__ = ["many", "tenants"]
pytestmark = pytest.mark.django_db
BrowserOf = Callable[[User], Client]


# --- files ---


def test_a_file_holds_persons_while_their_key_lives_and_never_secrets(world: World, browser_of: BrowserOf) -> None:
    someone = unsaved("Nora Quist")
    told_of(someone, {"password": ("old-secret", "new-secret"), "name": ("Nora Berg", "Nora Quist")})
    browser, query = browser_of(world.admin), f"&code={CODE}&target={someone.pk}"
    (line,) = file_of(browser, query)
    assert line["Target"] == "Nora Quist"
    assert "secret" not in str(line)
    assert line["Time"].endswith("Z")
    _erase(someone)
    (line,) = file_of(browser, query)
    assert "Nora" not in str(line)
    assert line["Target"].startswith("erased person")
    assert count_of("kit.list.exported") == 2


def test_a_file_holds_every_page_once_in_its_order(
    many: list[UUID], world: World, browser_of: BrowserOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal.kit.lists.export.CHUNK", 4)
    monkeypatch.setattr(table, "COUNTED", 3)
    query = "&severity=critical&sort=time&columns=event,time,severity,code"
    lines = file_of(browser_of(world.admin), query)
    assert len(lines) == len(naive({"severity": "critical"}))
    assert [line["Time"] for line in lines] == sorted(line["Time"] for line in lines)
    assert {line["Severity"] for line in lines} == {"Critical"}
    book = browser_of(world.admin).get(f"{TABLE}?format=xlsx{query}")
    body = b"".join(book.streaming_content)  # type: ignore[attr-defined]
    assert "xl/worksheets/sheet1.xml" in zipfile.ZipFile(io.BytesIO(body)).namelist()


# --- saved views ---


def test_its_views_are_its_own(world: World, browser_of: BrowserOf) -> None:
    browser = browser_of(world.manager)
    body = {"do": "view-save", "name": "Refusals of the table", "query": "outcome=denied&columns=event,time,code"}
    reply = browser.post(TABLE, body)
    assert reply.status_code == 302
    view = SavedView.objects.get()
    assert (view.list_name, view.owner_id) == ("audit.events", world.manager.pk)
    opened = text_of(browser.get(reply["Location"]))
    assert "Outcome: Refused" in opened
    assert 'aria-current="true">Refusals of the table<' in opened
    assert str(view.pk) not in text_of(browser.get(URL))
    kept = {"do": "save", "name": "Of the timeline", "query": "outcome=failed"}
    assert browser.post(f"{URL}/saved", kept).status_code == 302
    (other,) = SavedView.objects.exclude(pk=view.pk)
    assert str(other.pk) not in re.findall(r"\?view=([0-9a-f-]{36})", shown(browser))


def test_a_view_of_an_organisation_stays_in_it(tenants: Tenants, world: World, browser_of: BrowserOf) -> None:
    body: dict[str, Any] = {"do": "view-save", "name": "Ours alone", "query": "outcome=denied", "shared": "1"}
    assert browser_of(tenants.owner).post(OURS, body).status_code == 302
    view = SavedView.objects.get()
    assert view.organisation_id == tenants.here.pk
    assert f"?view={view.pk}" in shown(browser_of(tenants.owner), at=OURS)
    assert f"?view={view.pk}" not in shown(browser_of(world.admin))
