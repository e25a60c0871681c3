"""The generated pages of the documentation are what the code declares, and the schema's page is what the database has."""

import io
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.utils import translation
from prometheus_client import REGISTRY
from pytest_django import Settings

from accounts.models import User
from docs import build
from portal.home import references
from portal.home.references import errors as error_page
from portal.home.references import schema
from portal.home.references.tables import ROOMS
from portal.kit import readings, registry
from tests.factories import World

BrowserOf = Callable[[User], Client]
ROOT = Path(settings.BASE_DIR)


def _page(noun: str) -> str:
    return (ROOT / references.PAGES[noun].path).read_text("utf-8")


@pytest.mark.parametrize("noun", references.PAGES)
def test_the_committed_page_is_the_generated_one(noun: str) -> None:
    assert _page(noun) == references.PAGES[noun].text(), "Run make references"


@pytest.mark.parametrize("noun", references.PAGES)
def test_the_command_prints_and_writes_the_same(noun: str, settings: Settings, tmp_path: Path) -> None:
    settings.BASE_DIR = tmp_path
    (tmp_path / "docs").mkdir()
    printed = io.StringIO()

    call_command(noun, "reference", stdout=printed)
    call_command(noun, "reference", "--write", stdout=io.StringIO())

    assert (tmp_path / references.PAGES[noun].path).read_text("utf-8") == printed.getvalue()


def test_every_code_of_an_error_has_an_entry_that_can_be_linked_to() -> None:
    codes = {code for code, _error in error_page.declared()}

    assert set(re.findall(r'<a id="([\w.]+)"></a>`\1` \| \d{3} \| \*\*', _page("errors"))) == codes
    assert codes <= build.anchors(ROOT / "docs" / "errors.md")


def test_every_error_says_what_it_is_and_what_to_do() -> None:
    wanting = [code for code, error in error_page.declared() if not (str(error.title) and str(error.default_detail))]
    assert wanting == []


def test_every_declaration_stands_on_the_page_of_its_kind() -> None:
    assert [event.code for event in registry.events if f"| `{event.code}` |" not in _page("events")] == []
    assert [right.code for right in registry.permissions if f"| `{right.code}` |" not in _page("permissions")] == []
    listed = _page("jobs")
    names = [one.name for one in (*registry.jobs, *registry.schedules)]
    assert [name for name in names if f"| `{name}` |" not in listed] == []


def test_every_series_of_ours_stands_on_its_page() -> None:
    read = {series.shown for reading in readings.readings for series in reading.series}
    counted = {f"{family.name}_total" for family in REGISTRY.collect() if family.name.startswith("steward_")}

    assert set(re.findall(r"^\| `(steward_\w+)` \|", _page("metrics"), re.MULTILINE)) == read | counted


@pytest.mark.django_db
def test_the_page_of_the_schema_has_the_walls_triggers_and_columns_of_the_database() -> None:
    tables = {model._meta.db_table: model for room in ROOMS for model in schema.tables_of(room)}
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relrowsecurity AND relnamespace = 'public'::regnamespace")
        walled = {name for (name,) in cursor.fetchall()}
        cursor.execute(
            "SELECT c.relname, t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid "
            "WHERE NOT t.tgisinternal AND t.tgparentid = 0"
        )
        triggers = {pair for pair in cursor.fetchall() if pair[0] in tables}
        cursor.execute("SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'")
        columns = {pair for pair in cursor.fetchall() if pair[0] in tables}

    assert walled & set(tables) == schema.walled() & set(tables)
    assert triggers == {(table, name) for table in tables for name in schema.triggers().get(table, ())}
    shown = {(name, field.column) for name, model in tables.items() for field in model._meta.concrete_fields}
    assert shown - columns == set()


def test_pages_are_in_english_whatever_language_is_active() -> None:
    with translation.override("en-xa"):
        assert references.PAGES["errors"].text() == _page("errors")


@pytest.mark.django_db
def test_the_type_of_a_problem_leads_to_its_entry(world: World, browser_of: BrowserOf) -> None:
    reader = browser_of(world.stranger)
    problem = reader.get("/api/v1/nothing-here").json()
    path, _, code = problem["type"].partition("#")
    page = reader.get(path)

    assert (page.status_code, code) == (200, "kit.not_found")
    text = page.content.decode()
    assert all(f'<li id="{known}">' in text for known, _error in error_page.declared())
    assert Client().get(path).status_code == 302


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("409 Maintenance_Overlaps", ["kit.maintenance_overlaps"]),
        ("<script>alert(1)", []),
        ("\0kit.not_json", ["kit.not_json"]),
    ],
)
def test_the_page_of_errors_finds_codes_in_which_all_words_are(
    world: World, browser_of: BrowserOf, words: str, expected: list[str]
) -> None:
    text = browser_of(world.stranger).get("/docs/errors", {"q": words}).content.decode()

    assert re.findall(r'<li id="([\w.]+)">', text) == expected
    assert "<script>alert" not in text
