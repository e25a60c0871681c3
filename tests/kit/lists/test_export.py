"""Exports: what is shown is what is written, harmless in a spreadsheet, bounded, on record."""

import csv
import io
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from portal.kit.lists import export
from tests.accounts.helpers import events, text_of
from tests.factories import World
from tests.kit.lists.support import URL, crowd

Browser = Callable[[User], Client]


def _bytes(response: Any) -> bytes:
    assert response.status_code == 200
    return b"".join(response.streaming_content)


def _rows(response: Any) -> list[list[str]]:
    return list(csv.reader(io.StringIO(_bytes(response).decode("utf-8-sig"))))


def test_a_csv_has_the_columns_the_order_and_the_filters_of_the_view(world: World, browser_of: Browser) -> None:
    crowd(120)
    client = browser_of(world.manager)
    response = client.get(f"{URL}?q=crowd&sort=-person&columns=username,seen&limit=25&format=csv")
    assert response["Content-Type"].startswith("text/csv")
    assert response["Content-Disposition"].startswith('attachment; filename="people-')
    rows = _rows(response)
    assert rows[0] == ["Person", "User name", "Last seen"]
    assert len(rows) == 121
    assert [row[0] for row in rows[1:]] == sorted((row[0] for row in rows[1:]), reverse=True)
    assert rows[1][2] == ""


def test_the_event_tells_what_was_taken_and_not_whom(world: World, browser_of: Browser) -> None:
    crowd(2)
    _bytes(browser_of(world.manager).get(f"{URL}?q=crowd0001&format=csv"))
    (event,) = events("kit.list.exported")
    assert event.actor_id == world.manager.pk
    assert (event.data["list"], event.data["format"], event.data["rows"]) == ("accounts.people", "csv", 1)
    assert "crowd0001" not in str(event.data)


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", " =", "=cmd|' /C calc'!A0"])
def test_what_a_spreadsheet_would_run_is_made_harmless(world: World, browser_of: Browser, start: str) -> None:
    crowd(1, name=f"{start}1+1")
    client = browser_of(world.manager)
    rows = _rows(client.get(f"{URL}?q=crowd0000&format=csv"))
    assert rows[1][0] == f"'{start}1+1"
    book = zipfile.ZipFile(io.BytesIO(_bytes(client.get(f"{URL}?q=crowd0000&format=xlsx"))))
    sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet  # No formula: a string of that text.


def test_an_xlsx_holds_the_same_rows(world: World, browser_of: Browser) -> None:
    crowd(3)
    book = zipfile.ZipFile(io.BytesIO(_bytes(browser_of(world.manager).get(f"{URL}?q=crowd&format=xlsx"))))
    sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert sheet.count("<row ") == 4
    assert "Crowd 0002" in sheet


def test_chunks_join_without_a_gap(world: World, browser_of: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "CHUNK", 7)
    crowd(30)
    rows = _rows(browser_of(world.manager).get(f"{URL}?q=crowd&columns=username&format=csv&sort=-seen"))
    assert sorted(row[1] for row in rows[1:]) == [f"crowd{place:04}" for place in range(30)]


def test_too_many_rows_are_refused_whole(world: World, browser_of: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "MOST", 4)
    crowd(5)
    response = browser_of(world.manager).get(f"{URL}?q=crowd&format=csv")
    assert response.status_code == 409
    assert "Narrow the list" in text_of(response)
    assert events("kit.list.exported") == []


def test_who_may_not_see_the_list_exports_nothing(world: World, browser_of: Browser) -> None:
    for user in (world.clerk, world.stranger):
        response = browser_of(user).get(f"{URL}?format=csv")
        assert response.status_code == 403
    assert events("kit.list.exported") == []
