"""Charts: right numbers, round ticks, words for who cannot see them, and never a script or style."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.kit import charts
from portal.kit.charts import Point

VALUES = st.lists(st.floats(min_value=-1e9, max_value=1e9, allow_nan=False), min_size=1, max_size=60)


def _heights(svg: str, name: str = "bar") -> list[float]:
    return [float(found) for found in re.findall(rf'<rect class="{name}"[^>]*height="([\d.]+)"', svg)]


@pytest.mark.parametrize(
    ("values", "ticks"),
    [
        ([0, 3], (0, 1, 2, 3)),
        ([190], (0, 50, 100, 150, 200)),
        ([0.3], (0, 0.1, 0.2, 0.3)),
        ([-180, 420], (-200, 0, 200, 400, 600)),
        ([0, 0], (0, 1)),
        ([], (0, 1)),
        ([1], (0, 1)),
        ([1_234_567], (0, 500_000, 1_000_000, 1_500_000)),
    ],
)
def test_ticks_are_round_and_hold_every_value_and_zero(values: list[float], ticks: tuple[float, ...]) -> None:
    assert charts.scale(values).ticks == ticks


@given(VALUES)
def test_any_values_have_few_ticks_in_order_that_hold_them(values: list[float]) -> None:
    found = charts.scale(values)
    assert list(found.ticks) == sorted(set(found.ticks))
    assert 2 <= len(found.ticks) <= 8
    low, high = found.ticks[0], found.ticks[-1]
    slack = (high - low) * 1e-6
    assert low - slack <= min(0, *values, 0) <= max(0, *values, 0) <= high + slack
    for value in values:
        assert charts.TOP - 0.1 <= found.y(value) <= charts.TOP + charts.HEIGHT + 0.1


@given(VALUES)
def test_any_values_can_be_drawn_both_ways(values: list[float]) -> None:
    points = [Point(str(place), value) for place, value in enumerate(values)]
    for draw in (charts.bars, charts.line):
        svg = str(draw(points, title="Any", unit="things"))
        assert "nan" not in svg
        assert "inf" not in svg
        assert svg.count("<title>") == len(values)


def test_bars_are_as_high_as_their_values_and_a_small_one_can_be_seen() -> None:
    svg = str(charts.bars([Point("a", 100), Point("b", 50), Point("c", 0.001), Point("d", 0)], title="T", unit="u"))
    heights = _heights(svg)
    assert heights[0] == charts.HEIGHT
    assert heights[1] == charts.HEIGHT / 2
    assert heights[2] == 1.5
    assert heights[3] == 0


def test_values_below_zero_hang_from_the_line_of_zero() -> None:
    svg = str(charts.bars([Point("a", 100), Point("b", -100)], title="T", unit="u"))
    assert _heights(svg) == _heights(svg, "bar below") == [charts.HEIGHT / 2]
    zero = re.search(r'<line class="zero"[^>]*y1="([\d.]+)"', svg)
    below = re.search(r'class="bar below" x="[^"]*" y="([\d.]+)"', svg)
    assert zero is not None
    assert below is not None
    assert zero[1] == below[1]


def test_the_same_numbers_stand_in_a_table_with_whole_names() -> None:
    points = [Point("20 Nov", 1234, "Friday, 20 November 2026"), Point("21 Nov", 7)]
    html = str(charts.line(points, title="Sign-ins per day", unit="sign-ins"))
    rows = re.findall(r'<th scope="row">([^<]*)</th>\s*<td class="num">([^<]*)</td>', html)
    assert rows == [("Friday, 20 November 2026", "1,234"), ("21 Nov", "7")]
    assert "2 values, 1,241 sign-ins in all, most on Friday, 20 November 2026: 1,234." in html
    assert 'role="img"' in html


def test_many_points_have_few_words_below_them_and_the_last_is_always_named() -> None:
    points = [Point(f"day{place}", place) for place in range(365)]
    for draw in (charts.bars, charts.line):
        labels = re.findall(r">(day\d+)</text>", str(draw(points, title="T", unit="u")))
        assert 2 <= len(labels) <= charts.LABELS
        assert labels[-1] == "day364"


def test_one_point_is_drawn_and_none_says_so() -> None:
    assert 'class="dot"' in str(charts.line([Point("today", 4)], title="T", unit="u"))
    for draw in (charts.bars, charts.line):
        html = str(draw([], title="T", unit="u"))
        assert "No numbers for this time yet" in html
        assert "<svg" not in html
        assert str(draw([Point("x", float("nan"))], title="T", unit="u")) == html


def test_words_from_outside_cannot_become_markup_and_nothing_needs_script_or_style() -> None:
    evil = '"><script>alert(1)</script>'
    for draw in (charts.bars, charts.line):
        html = str(draw([Point(evil, 1, evil), Point(evil, 2, evil)], title=evil, unit=evil))
        assert "<script" not in html
        assert "style=" not in html
        assert not re.search(r"<[^>]*\son\w+=", re.sub(r'"[^"]*"', '""', html))
