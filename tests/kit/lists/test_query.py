"""Questions: one spelling, nothing guessed, hostile ones named."""

import dataclasses

import pytest
from django.http import QueryDict

from accounts.lists import people
from portal.kit.errors import CursorMalformed
from portal.kit.ids import uuid7
from portal.kit.lists.errors import QueryMalformed
from portal.kit.paging import Cursor

pytestmark = pytest.mark.django_db


def test_a_question_has_one_spelling() -> None:
    one = people.parse(
        "role=manager&role=admin&role=admin&q=%20ada%20&state=&limit=50&sort=-seen&columns=seen,email,seen"
    )
    assert one.query() == "q=ada&role=admin&role=manager&sort=-seen&columns=person%2Cseen%2Cemail&limit=50"
    assert people.parse(one.query()) == one
    assert one.narrowing_query() == "q=ada&role=admin&role=manager"
    assert people.parse({"role": ["admin", "manager"], "q": "ada"}).narrowing_query() == one.narrowing_query()
    assert people.parse(QueryDict("")).query() == ""
    assert not people.parse("sort=-seen").narrowing


def test_every_wrong_parameter_is_named_at_once() -> None:
    with pytest.raises(QueryMalformed) as caught:
        people.parse("state=x&role=y&sort=z&limit=3&columns=w&unknown=1&seen=tomorrow")
    assert set(caught.value.fields) == {"state", "role", "sort", "limit", "columns", "unknown", "seen"}
    assert all(texts for texts in caught.value.fields.values())


def test_further_parameters_are_the_callers() -> None:
    assert people.parse("include=roles&q=a", also=["include"]).text == "a"


def test_a_long_name_of_a_parameter_does_not_come_back_whole() -> None:
    with pytest.raises(QueryMalformed) as caught:
        people.parse({"x" * 5000: "1"})
    assert max(map(len, caught.value.fields)) <= 60


def test_cursors_of_ours_only() -> None:
    cursor = Cursor(uuid7())
    assert people.parse({"cursor": str(cursor)}).cursor == cursor
    for text in ("x", str(cursor)[:-1], str(cursor) + "A", "../../etc/passwd", "é" * 24):
        with pytest.raises(CursorMalformed):
            people.parse({"cursor": text})


def test_a_filter_is_changed_from_the_first_page() -> None:
    chosen = people.parse({"cursor": str(Cursor(uuid7())), "state": "active", "q": "a"})
    assert chosen.where("state", ()).query() == "q=a"
    assert chosen.where("state", (("state", "inactive"),)).query() == "q=a&state=inactive"


def test_a_range_of_days_knows_the_calendar() -> None:
    assert people.parse("created_from=2024-02-29").given("created") == (("created_from", "2024-02-29"),)
    for text in ("2023-02-29", "20240229", "2024-2-29", "1969-12-31", "3000-01-01", "2024-02-29T00:00", "９999-01-01"):
        with pytest.raises(QueryMalformed):
            people.parse({"created_from": text})


def test_chips_say_what_was_chosen() -> None:
    texts = {
        "created=7d": "Created in the last 7 days",
        "created_from=2026-01-05": "Created since 5 Jan 2026",
        "created_to=2026-01-05": "Created until 5 Jan 2026",
        "created_from=2026-01-05&created_to=2026-02-01": "Created 5 Jan 2026 to 1 Feb 2026",
        "seen=never": "Never signed in",
        "role=admin&role=user": "Role: Admin or User",
    }
    for query, text in texts.items():
        chosen = people.parse(query)
        (name,) = chosen.filters
        (each,) = (each for each in people.filters if each.name == name)
        assert each.words(chosen.given(name)) == text


def test_an_api_may_choose_any_size() -> None:
    assert dataclasses.replace(people.parse(""), size=7).query() == "limit=7"
