"""Money in minor units: exponents, parsing, the one rounding, parts that sum."""

from fractions import Fraction

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from portal.kit.money import (
    MOST,
    AmountInvalid,
    CurrencyUnknown,
    Money,
    allocate,
    currencies,
    exponent,
    half_up,
    parsed,
    shown,
)


def test_decimals_are_those_of_the_standard() -> None:
    assert [exponent(code) for code in ("EUR", "JPY", "KWD", "INR")] == [2, 0, 3, 2]
    assert {"EUR", "JPY"} < set(currencies())
    assert "XAU" not in currencies()


@pytest.mark.parametrize("code", ["XAU", "eur", "", "EURO", "X" * 100])
def test_an_unknown_currency_is_refused(code: str) -> None:
    with pytest.raises(CurrencyUnknown):
        Money(1, code)


@pytest.mark.parametrize(
    ("text", "currency", "amount"),
    [("19.99", "EUR", 1999), (" 5 ", "EUR", 500), ("12", "JPY", 12), ("-1.5", "KWD", -1500)],
)
def test_what_people_write_becomes_minor_units(text: str, currency: str, amount: int) -> None:
    assert parsed(text, currency) == Money(amount, currency)


@pytest.mark.parametrize(
    ("text", "currency"),
    [
        ("0.005", "USD"),
        ("10.55", "JPY"),
        ("1,50", "EUR"),
        ("NaN", "EUR"),
        ("Infinity", "EUR"),
        ("1e30", "EUR"),
        ("", "EUR"),
    ],
)
def test_too_many_decimals_and_nonsense_are_refused_never_rounded(text: str, currency: str) -> None:
    with pytest.raises(AmountInvalid):
        parsed(text, currency)


@pytest.mark.parametrize("amount", [True, 1.0, "1", MOST + 1])
def test_an_amount_is_a_whole_number_within_bounds(amount: object) -> None:
    with pytest.raises(AmountInvalid):
        Money(amount, "EUR")  # type: ignore[arg-type]


def test_sums_are_of_one_currency() -> None:
    assert Money(5, "EUR") + Money(7, "EUR") - Money(2, "EUR") == -Money(-10, "EUR")
    with pytest.raises(ValueError, match="cannot be added"):
        Money(5, "EUR") + Money(7, "USD")


def test_halves_go_away_from_zero() -> None:
    assert [half_up(Fraction(n, 2)) for n in (1, 3, -1, -3, 4)] == [1, 2, -1, -2, 2]


def test_only_nothing_is_false() -> None:
    assert [bool(Money(amount, "EUR")) for amount in (-1, 0, 1, 2)] == [True, False, True, True]


@pytest.mark.parametrize(
    ("language", "text"), [("de", "19,99\N{NO-BREAK SPACE}€"), ("en", "€19.99"), (None, "€19.99"), ("xx", "€19.99")]
)
def test_it_is_written_as_the_language_writes_it(language: str | None, text: str) -> None:
    with translation.override(language):
        assert shown(Money(1999, "EUR")) == text


def test_it_is_shown_with_its_currency() -> None:
    assert shown(Money(123456, "EUR")) == "€1,234.56"
    assert shown(Money(1200, "JPY")) == "¥1,200"


@given(st.integers(-(10**9), 10**9), st.lists(st.integers(0, 10**6), min_size=1, max_size=20).filter(any))
def test_parts_sum_to_the_whole_and_no_part_is_off_by_more_than_one(total: int, weights: list[int]) -> None:
    parts = allocate(total, weights)
    assert sum(parts) == total
    assert all(
        abs(part - Fraction(total * weight, sum(weights))) < 1 for part, weight in zip(parts, weights, strict=True)
    )


def test_a_discount_over_eight_lines_keeps_its_total_whatever_their_order() -> None:
    weights = [1000, 2000, 3000, 4000] * 2
    parts = allocate(3500, weights)
    assert sum(parts) == 3500
    turned = allocate(3500, weights[::-1])[::-1]
    assert all(abs(a - b) <= 1 for a, b in zip(parts, turned, strict=True))


@pytest.mark.parametrize("weights", [[], [0, 0], [1, -1]])
def test_weights_have_to_make_sense(weights: list[int]) -> None:
    with pytest.raises(ValueError):
        allocate(10, weights)
