"""Importing people: what the upload and its preview say, before anything is done."""

import csv
import io
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import PeopleImport, User
from accounts.services import imports
from maintenance.models import JobRun
from portal.kit import context
from tests.accounts.helpers import (
    HEADER,
    THREE,
    events,
    people_rows,
    text_of,
    upload,
    uploaded,
)
from tests.factories import World, actor_of, person

Browser = Callable[[User], Client]


def test_the_preview_shows_everything_and_creates_nobody(world: World, browser_of: Browser) -> None:
    client = browser_of(world.admin)
    before = User.objects.count()
    body = "name,department,username,email\n" + "".join(f"Good {n},x,good{n},good{n}@example.org\n" for n in range(12))
    body += f"Bad,x,{world.clerk.username.upper()},bad@example.org\n=1+1,x,formula,no-address\nShort,x\n"
    response = upload(client, body)
    page = client.get(response["Location"])
    text = text_of(page)
    for words in ("Ready 12", "Refused 3", "Rows in the file 15", "department", "Good 9", "2 more ready rows"):
        assert words in text, words
    assert "Good 10" not in text
    assert f"14 username {world.clerk.username} Somebody has this already." in text
    assert "15 name =1+1 It starts like a formula" in text
    assert "15 email no-address It is not an e-mail address." in text
    assert "16 – 2 / 4 The row has not as many values" in text
    assert User.objects.count() == before
    assert not JobRun.objects.exists()
    assert not events("accounts.import.confirmed")


def test_of_many_refused_rows_a_hundred_are_shown_and_all_are_in_the_download(
    world: World, browser_of: Browser
) -> None:
    client = browser_of(world.admin)
    found = uploaded(client, HEADER + "".join(f"=Bad {n},bad{n},bad{n}@example.org\n" for n in range(250)))
    page = client.get(f"/platform/people/import/{found.pk}")
    text = text_of(page)
    assert "Refused 250" in text
    assert "150 more refused values are not shown." in text
    assert "=Bad 99" in text
    assert "=Bad 100" not in text
    assert "There is no row to import" in text
    download = client.get(f"/platform/people/import/{found.pk}/refused.csv")
    assert download["Content-Disposition"] == 'attachment; filename="refused-rows.csv"'
    rows = list(csv.reader(io.StringIO(download.content.decode("utf-8-sig"))))
    assert rows[0] == ["line", "field", "value", "reason"]
    assert len(rows) == 251
    assert rows[1][:3] == ["2", "name", "'=Bad 0"]
    assert not any(cell.startswith(("=", "+", "-", "@", "\t")) for row in rows for cell in row)


def test_what_stands_in_the_file_is_shown_as_text(world: World, browser_of: Browser) -> None:
    client = browser_of(world.admin)
    found = uploaded(
        client, HEADER + "<script>alert(1)</script>,ada,ada@example.org\n<img src=x>,bad name,x@example.org\n"
    )
    body = client.get(f"/platform/people/import/{found.pk}").content.decode()
    assert "<script>alert" not in body
    assert "<img src" not in body
    assert "&lt;script&gt;alert(1)" in body


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "empty"),
        (HEADER.encode() + b"Ren\xe9,rene,rene@example.org\n", "Line 2, byte 4 is not UTF-8 (0xE9)"),
        (THREE.encode("utf-16"), "UTF-16"),
        (b"PK\x03\x04" + b"\0" * 10, "spreadsheet"),
        (b"first,second\n1,2\n", "missing there: name, username, email"),
        (b"x" * 10_000_001, "larger than 10 MB"),
    ],
)
def test_a_file_that_cannot_be_read_says_why_and_leaves_nothing(
    world: World, browser_of: Browser, body: bytes, says: str
) -> None:
    response = upload(browser_of(world.admin), body)
    assert response.status_code == 422
    assert says in text_of(response)
    assert not PeopleImport.objects.exists()


def test_no_file_at_all_is_a_form_error(world: World, browser_of: Browser) -> None:
    assert browser_of(world.admin).post("/platform/people/import").status_code == 422


def test_the_check_asks_the_database_as_often_for_many_rows_as_for_few(world: World) -> None:
    def queries(number: int) -> int:
        with context.acting(actor_of(world.admin)), CaptureQueriesContext(connection) as captured:
            imports.import_upload(
                actor=actor_of(world.admin), filename="x", lines=iter(people_rows(number).encode().splitlines(True))
            )
        return len(captured)

    queries(1)
    assert queries(2) == queries(500) <= 7


def test_an_import_is_its_uploaders_alone(world: World, browser_of: Browser) -> None:
    found = uploaded(browser_of(world.admin), THREE)
    other = browser_of(person("Other", role="admin"))
    url = f"/platform/people/import/{found.pk}"
    assert [
        other.get(url).status_code,
        other.get(f"{url}/refused.csv").status_code,
        other.post(f"{url}/confirm").status_code,
    ] == [404] * 3
    assert not JobRun.objects.exists()
    found.refresh_from_db()
    assert found.state == "preview"


def test_the_sample_passes_its_own_check(world: World, browser_of: Browser) -> None:
    client = browser_of(world.admin)
    sample = client.get("/platform/people/import/sample.csv")
    found = uploaded(client, sample.content)
    assert (len(found.accepted), found.refused) == (2, [])
