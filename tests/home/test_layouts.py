"""Layouts: what may stand in them, and how widgets move."""

from typing import Any

import pytest

from portal.home import layouts
from portal.home.layouts import Layout
from portal.kit import errors
from portal.kit.widgets import widgets


def board() -> Layout:
    """Two rows of figures above one wide widget: widths 3 3 3 3, 8 4, 12."""
    return layouts.made(
        *(("home.kpi", 3, {"kpi": "mrr"}) for _place in range(4)),
        ("audit.activity", 8),
        ("accounts.people", 4),
        ("home.steps", 12),
    )


def order(layout: Layout) -> list[int]:
    return [item["id"] for item in layout]


@pytest.mark.parametrize(
    ("number", "way", "expected"),
    [
        (2, "left", [2, 1, 3, 4, 5, 6, 7]),
        (2, "right", [1, 3, 2, 4, 5, 6, 7]),
        (1, "left", [1, 2, 3, 4, 5, 6, 7]),
        (7, "right", [1, 2, 3, 4, 5, 6, 7]),
        (1, "down", [2, 3, 4, 5, 1, 6, 7]),
        (4, "down", [1, 2, 3, 5, 6, 4, 7]),
        (6, "up", [1, 2, 3, 6, 4, 5, 7]),
        (7, "down", [1, 2, 3, 4, 5, 6, 7]),
        (3, "up", [3, 1, 2, 4, 5, 6, 7]),
    ],
)
def test_a_widget_moves_by_a_place_or_a_row(number: int, way: str, expected: list[int]) -> None:
    assert order(layouts.moved(board(), number, way)) == expected


def test_no_move_ever_loses_a_widget_and_each_ends_at_the_edge() -> None:
    for way in ("left", "right", "up", "down"):
        for number in order(board()):
            layout = board()
            for _step in range(20):
                layout = layouts.moved(layout, number, way)
                assert sorted(order(layout)) == [1, 2, 3, 4, 5, 6, 7]
            assert order(layout)[0 if way in {"left", "up"} else -1] == number


def test_a_widget_grows_and_shrinks_by_its_own_steps() -> None:
    wider = layouts.widened(board(), 1, 1)
    assert wider[0]["width"] == 4
    for _step in range(9):
        wider = layouts.widened(wider, 1, 1)
    assert wider[0]["width"] == widgets.get("home.kpi").widths[-1]
    assert layouts.widened(board(), 1, -1)[0]["width"] == 3


def test_a_new_widget_takes_the_lowest_free_id() -> None:
    left = layouts.without(board(), 2)
    assert order(layouts.added(left, "home.notices")) == [1, 3, 4, 5, 6, 7, 2]


GOOD = {"id": 1, "widget": "home.kpi", "width": 3, "options": {"kpi": "mrr", "days": "30", "target": "12.5"}}


@pytest.mark.parametrize(
    "wrong",
    [
        {**GOOD, "widget": "no.such"},
        {**GOOD, "widget": None},
        {**GOOD, "widget": "accounts.organisation"},
        {**GOOD, "width": 5},
        {**GOOD, "width": True},
        {**GOOD, "width": "3"},
        {**GOOD, "id": 0},
        {**GOOD, "id": "1"},
        {**GOOD, "id": True},
        {**GOOD, "id": layouts.MOST_ID + 1},
        {**GOOD, "more": 1},
        {**GOOD, "options": {"kpi": "no_such"}},
        {**GOOD, "options": {"days": "31"}},
        {**GOOD, "options": {"target": "much"}},
        {**GOOD, "options": {"target": "1e9"}},
        {**GOOD, "options": {"target": "٣"}},
        {**GOOD, "options": {"other": "1"}},
        {**GOOD, "options": []},
        "text",
        None,
    ],
)
def test_a_widget_that_there_cannot_be_is_refused(wrong: Any) -> None:
    with pytest.raises(errors.Invalid):
        layouts.cleaned([wrong], "platform")


def test_what_is_no_list_is_too_long_or_comes_twice_is_refused() -> None:
    one = layouts.item_of("audit.activity", 1)
    many: tuple[Any, ...] = (
        {},
        "[]",
        None,
        [GOOD, GOOD],
        [one, {**one, "id": 2}],
        [{**GOOD, "id": n} for n in range(1, 82)],
    )
    for wrong in many:
        with pytest.raises(errors.Invalid):
            layouts.cleaned(wrong, "platform")


def test_every_declared_widget_has_a_place_and_a_template() -> None:
    from django.template.loader import get_template

    for one in widgets:
        assert one.width in one.widths, one.code
        assert set(one.widths) <= {3, 4, 6, 8, 12}
        assert one.height in {1, 2, 3, 5, 8}, "the style sheet has no other"
        get_template(one.template)
        realm = next(iter(one.realms))
        assert layouts.cleaned([layouts.item_of(one.code, 1)], realm)


def test_a_stored_widget_that_is_gone_by_now_is_left_out() -> None:
    stored = [GOOD, {**GOOD, "id": 2, "widget": "gone.away"}]
    assert order(layouts.readable(stored, "platform")) == [1]


def test_where_a_row_holds_two_what_has_nothing_beside_it_takes_the_row() -> None:
    assert layouts.alone(board()) == {6}, "It stands between two wide ones."
    assert layouts.alone(layouts.without(board(), 5)) == {6}, "The fifth of five."
    assert layouts.alone(layouts.without(layouts.without(board(), 5), 6)) == set()
    assert layouts.alone([]) == set()
