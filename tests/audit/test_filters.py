"""Filters and places in the list, as they stand in an address."""

from base64 import urlsafe_b64encode
from datetime import UTC, date, datetime, timedelta
from typing import get_args, get_type_hints
from uuid import uuid4

import pytest
from django.http import QueryDict

from audit import filters
from audit.errors import FilterMalformed
from audit.filters import EventFilter
from portal.kit import clock, ids, paging
from portal.kit.errors import CursorMalformed
from portal.kit.paging import Cursor
from portal.kit.registry import Event as EventSpec

CHOICES = {"category": filters.CATEGORIES, "outcome": filters.OUTCOMES, "severity": filters.SEVERITIES}
NOW = datetime(2026, 5, 20, 12, tzinfo=UTC)


def test_every_declared_category_and_severity_can_be_chosen() -> None:
    hints = get_type_hints(EventSpec)
    assert set(get_args(hints["category"])) == set(filters.CATEGORIES)
    assert set(get_args(hints["severity"])) == set(filters.SEVERITIES)


def test_an_empty_address_is_the_last_thirty_days() -> None:
    assert filters.parse({}) == EventFilter()
    with clock.at(NOW):
        assert EventFilter().bounds() == (ids.first_of(NOW - timedelta(days=30)), None)


def test_empty_fields_of_a_form_narrow_nothing() -> None:
    assert filters.parse(dict.fromkeys(filters.READERS, " ")) == EventFilter()


def test_days_are_taken_whole() -> None:
    chosen = filters.parse({"date_from": "2026-03-01", "date_to": "2026-03-31"})
    first, beyond = chosen.bounds()
    assert ids.time_of(first) == datetime(2026, 3, 1, tzinfo=UTC)
    assert beyond is not None
    assert ids.time_of(beyond) == datetime(2026, 4, 1, tzinfo=UTC)


def test_a_last_day_alone_looks_at_the_window_before_it() -> None:
    first, _ = EventFilter(date_to=date(2026, 3, 31), days=90).bounds()
    assert ids.time_of(first) == datetime(2026, 4, 1, tzinfo=UTC) - timedelta(days=90)


def test_the_window_widens_step_by_step_and_not_beyond_chosen_dates() -> None:
    steps, chosen = [], EventFilter()
    while (days := chosen.wider()) is not None:
        steps.append(days)
        chosen = EventFilter(days=days)
    assert steps == [90, 365, 3650]
    assert EventFilter(date_from=date(2026, 1, 1)).wider() is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("category", "everything"),
        ("outcome", "OK"),
        ("severity", "fatal"),
        ("category", "data,everything"),
        ("organisation", "northern-lights"),
        ("address", "10.0.0.0/8"),
        ("address", "fe80::1%eth0"),
        ("address", "localhost"),
        ("date_from", "31.03.2026"),
        ("date_from", "2026-02-30"),
        ("date_to", "9999-12-31"),
        ("date_to", "0001-01-01"),
        ("days", "31"),
        ("days", "-30"),
        ("days", "\u0663\u0660"),
        ("actor", "a" * 255),
        ("target", "a" * 255),
        ("code", "a" * 255),
        ("request_id", "a" * 255),
    ],
)
def test_a_value_that_cannot_be_one_is_named(name: str, value: str) -> None:
    with pytest.raises(FilterMalformed) as caught:
        filters.parse({name: value})
    assert caught.value.status == 400
    assert list(caught.value.fields) == [name]


def test_all_wrong_values_are_named_at_once() -> None:
    with pytest.raises(FilterMalformed) as caught:
        filters.parse({"category": "x", "days": "x", "actor": "fine"})
    assert set(caught.value.fields) == {"category", "days"}


@pytest.mark.parametrize("name", filters.SEVERAL)
def test_a_filter_of_several_values_takes_them_with_commas_or_one_by_one(name: str) -> None:
    first, second = list(CHOICES[name])[:2]
    together = filters.parse({name: f"{second}, {first}"})
    apart = filters.parse(QueryDict(f"{name}={second}&{name}={first}&{name}="))
    assert together == apart
    assert getattr(together, name) == (first, second)


def test_one_wrong_value_among_several_is_refused() -> None:
    with pytest.raises(FilterMalformed) as caught:
        filters.parse(QueryDict("severity=critical&severity=fatal"))
    assert list(caught.value.fields) == ["severity"]


def test_a_filter_is_written_as_it_is_read() -> None:
    query = {
        "actor": "ada@example.com",
        "category": "data,security",
        "outcome": "failed",
        "organisation": str(uuid4()),
        "address": "2001:db8::7",
        "date_from": "2026-03-01",
        "date_to": "2026-03-31",
        "days": "90",
    }
    assert filters.parse(query).query() == query
    assert filters.parse({}).query() == {}


def test_the_first_day_may_not_be_after_the_last() -> None:
    with pytest.raises(FilterMalformed):
        filters.parse({"date_from": "2026-04-01", "date_to": "2026-03-31"})


def test_nul_never_reaches_the_database() -> None:
    assert filters.parse({"actor": "no\0ra"}).actor == "nora"


@pytest.mark.parametrize("backwards", [False, True])
def test_a_cursor_reads_as_it_was_written(backwards: bool) -> None:
    cursor = Cursor(uuid4(), backwards)
    assert paging.parse(str(cursor)) == cursor


def test_no_cursor_is_the_first_page() -> None:
    assert paging.parse("") is None


HOSTILE = [
    "older",
    "0" * 23,
    "0" * 25,
    "=" * 24,
    "é" * 24,
    "\u0660" * 24,
    "a" * 24 + "\n",
    "a" * 1_000_000,
    "' OR 1=1; --            ",
    urlsafe_b64encode(bytes([2, 0]) + bytes(16)).decode(),
    urlsafe_b64encode(bytes([1, 2]) + bytes(16)).decode(),
    urlsafe_b64encode(bytes([1, 0]) + bytes(13)).decode(),
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_a_cursor_that_we_did_not_make_is_refused(text: str) -> None:
    with pytest.raises(CursorMalformed) as caught:
        paging.parse(text)
    assert caught.value.status == 400
