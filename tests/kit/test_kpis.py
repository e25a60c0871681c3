"""Key figures: spans, what is shared, what is missing, and how they are written."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest

from portal.kit.kpis import Figure, Kpi, Span, change, missing, once, ratio, together, written

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def _kpi(unit: str = "count", direction: str = "up") -> Kpi:
    return Kpi("x", "X", unit, "business", direction, "What x is.", lambda span: Figure(None))  # type: ignore[arg-type]


def test_the_span_before_is_as_long_and_ends_where_this_one_begins() -> None:
    span = Span(NOON, NOON + timedelta(days=30), "EUR")
    assert (span.before().end, span.before().length) == (NOON, timedelta(days=30))


def test_figures_read_together_ask_once() -> None:
    asked: list[int] = []
    with together():
        assert [once("a", lambda: asked.append(1)) for _ in range(3)] == [None] * 3
    assert len(asked) == 1
    once("a", lambda: asked.append(1))
    once("a", lambda: asked.append(1))
    assert len(asked) == 3, "alone, every one asks"


def test_no_divisor_no_number() -> None:
    assert ratio(3, 0, none="no loss") == Figure(None, note="no loss")
    assert ratio(3, 4, none="no loss").value == Fraction(3, 4)
    assert missing("spend").value is None


@pytest.mark.parametrize(
    ("unit", "value", "text"),
    [
        ("money", Fraction(19999, 10), "€20.00"),
        ("share", Fraction(1, 3), "33.3 %"),
        ("factor", Fraction(53, 13), "4.08"),
        ("count", Fraction(1234), "1,234"),
        ("days", Fraction(30), "30.0 days"),
        ("months", Fraction(13, 2), "6.5 months"),
        ("per_minute", Fraction(5, 2), "2.5 a minute"),
        ("seconds", Fraction(1, 8), "0.125 s"),
    ],
)
def test_each_unit_is_written_as_people_read_it(unit: str, value: Fraction, text: str) -> None:
    assert written(_kpi(unit), Figure(value), "EUR") == text


def test_where_there_is_no_number_the_reason_stands() -> None:
    assert written(_kpi("factor"), Figure(None, note="no loss"), "EUR") == "no loss"
    assert written(_kpi("factor"), missing("spend"), "EUR") == "–"


@pytest.mark.parametrize(
    ("unit", "direction", "now", "then", "expected"),
    [
        ("count", "up", 12, 10, (Fraction(1, 5), "good")),
        ("count", "down", 12, 10, (Fraction(1, 5), "bad")),
        ("count", "none", 12, 10, (Fraction(1, 5), "")),
        ("count", "up", 10, 10, (Fraction(0), "")),
        ("count", "up", 10, 0, (None, "")),
        ("money", "up", 10, -10, (Fraction(2), "good")),
    ],
)
def test_a_change_is_relative_and_good_or_bad(
    unit: str, direction: str, now: int, then: int, expected: tuple[Fraction | None, str]
) -> None:
    assert change(_kpi(unit, direction), Figure(Fraction(now)), Figure(Fraction(then))) == expected


def test_a_share_moves_in_its_own_points() -> None:
    assert change(_kpi("share"), Figure(Fraction(3, 4)), Figure(Fraction(1, 2))) == (Fraction(1, 4), "good")
    assert change(_kpi("share"), Figure(None), Figure(Fraction(1, 2))) == (None, "")
