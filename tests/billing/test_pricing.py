"""What use costs, by the six models, and what coupons take off. Names tell the scenario's id; amounts are minor units."""

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.discounts import discounts
from billing.pricing import PriceShape, ShapeInvalid, Tier, charge, tier_charges
from portal.kit.money import allocate, half_up

D = Decimal


def tiered(model: str, *tiers: tuple[int | None, int, int], charge_zero: bool = True) -> PriceShape:
    """A price of tiers (up to, per unit, flat)."""
    return PriceShape(model, tiers=tuple(Tier(*one) for one in tiers), charge_zero=charge_zero)


GRADUATED = tiered("graduated", (5, 1000, 10000), (None, 500, 5000))
VOLUME = tiered("volume", (5, 1000, 10000), (None, 500, 5000))


@pytest.mark.parametrize(("units", "expected"), [(3, 13000), (8, 21500), (5, 15000), (6, 20500)])
def test_e01_graduated(units: int, expected: int) -> None:
    assert charge(GRADUATED, units) == expected
    assert sum(part.amount for part in tier_charges(GRADUATED, units)) == expected


@pytest.mark.parametrize(("units", "expected"), [(3, 13000), (5, 15000), (6, 8000), (D("5.5"), 7750)])
def test_all_units_of_a_volume_cost_what_the_last_one_costs(units: Decimal, expected: int) -> None:
    assert charge(VOLUME, units) == expected


@pytest.mark.parametrize(("units", "free", "expected"), [(3, 0, 10000), (15, 0, 20000), (3, 5, 0), (12, 5, 10000)])
def test_e03_package(units: int, free: int, expected: int) -> None:
    assert charge(PriceShape("package", 10000, package_size=10, free_units=free), units) == expected


def test_a_package_is_due_when_it_is_begun_and_none_is_due_for_nothing() -> None:
    price = PriceShape("package", 100, package_size=10)
    assert [charge(price, units) for units in (0, D("0.001"), 10, D("10.001"))] == [0, 100, 100, 200]


def test_e05_percentage_with_a_free_amount() -> None:
    price = PriceShape("percentage", 500, percent=D(1), free_amount=1500)
    assert charge(price, events=[400] * 4) == 501
    assert charge(price, events=[*[400] * 4, 1000]) == 1011
    assert half_up(Fraction(501) * Fraction("1.2")) == 601
    assert half_up(Fraction(1011) * Fraction("1.2")) == 1213
    assert charge(price, events=[]) == 0
    assert charge(PriceShape("percentage", 30, percent=D("1.5")), events=[0, 1000]) == 75


def test_a_percentage_without_a_fee_needs_only_the_sum() -> None:
    assert charge(PriceShape("percentage", percent=D("2.9"), free_amount=1000), 3000) == 58
    with pytest.raises(ValueError, match="events"):
        charge(PriceShape("percentage", 500, percent=D(1)), 3000)


def test_e07_flat_fee_of_the_first_tier_at_zero_usage() -> None:
    tiers = ((10, 200, 10000), (None, 100, 5000))
    for model in ("graduated", "volume"):
        assert charge(tiered(model, *tiers), 0) == 10000
        assert charge(tiered(model, *tiers, charge_zero=False), 0) == 0
        assert charge(tiered(model, *tiers, charge_zero=False), 1) == 10200
    assert half_up(Fraction(10000) * Fraction("1.2")) == 12000


def test_flat_and_per_seat_are_exact() -> None:
    assert charge(PriceShape("flat", 2900), 7) == 2900
    assert charge(PriceShape("per_seat", 2995), 7) == 20965
    assert charge(PriceShape("per_seat", D("0.0002")), 12_345) == Fraction(24690, 10000)


@pytest.mark.parametrize(
    "wrong",
    [
        PriceShape("barter", 1),
        PriceShape("flat", -1),
        PriceShape("flat", 1, tiers=(Tier(None),)),
        PriceShape("graduated"),
        tiered("graduated", (5, 1, 0)),
        tiered("graduated", (None, 1, 0), (None, 1, 0)),
        tiered("volume", (5, 1, 0), (5, 1, 0), (None, 1, 0)),
        tiered("volume", (5, -1, 0), (None, 1, 0)),
        PriceShape("package", 1),
        PriceShape("package", 1, package_size=0),
        PriceShape("percentage"),
        PriceShape("percentage", percent=D(101)),
    ],
)
def test_a_price_that_cannot_be_computed_is_refused(wrong: PriceShape) -> None:
    with pytest.raises(ShapeInvalid):
        charge(wrong, 1)


def test_nobody_uses_less_than_nothing() -> None:
    asked: list[Callable[[], object]] = [
        lambda: charge(GRADUATED, -1),
        lambda: charge(PriceShape("percentage", percent=D(1)), events=[5, -1]),
        lambda: charge(GRADUATED, 1, events=[1]),
    ]
    for ask in asked:
        with pytest.raises(ValueError, match=r"quantity"):
            ask()


_QUANTITY = st.decimals(0, 10**6, places=3)
_STEPS = st.lists(st.tuples(st.integers(1, 1000), st.integers(0, 5000), st.integers(0, 9000)), min_size=1, max_size=5)


@given(_STEPS, _QUANTITY, _QUANTITY)
def test_graduated_is_the_sum_of_what_lies_in_each_tier(
    steps: list[tuple[int, int, int]], one: Decimal, other: Decimal
) -> None:
    ends, end = [], 0
    for width, _unit, _flat in steps[:-1]:
        end += width
        ends.append(end)
    shape = tiered(
        "graduated", *((up_to, unit, flat) for up_to, (_width, unit, flat) in zip([*ends, None], steps, strict=True))
    )
    low, high = sorted((one, other))
    assert charge(shape, low) <= charge(shape, high)
    parts = tier_charges(shape, high)
    assert sum(part.units for part in parts) == Fraction(high)
    expected = Fraction(0)
    for place, (_width, unit, flat) in enumerate(steps):
        start = Fraction(ends[place - 1]) if place else Fraction(0)
        stop = Fraction(ends[place]) if place < len(ends) else Fraction(high)
        inside = max(min(Fraction(high), stop) - start, Fraction(0))
        expected += inside * unit + (flat if inside or place == 0 else 0)
    assert charge(shape, high) == expected


def test_d05_coupon_larger_than_the_invoice() -> None:
    assert discounts([10000], amount_off=11000) == [10000]
    assert discounts([3000, 0, -500, 1000], amount_off=9999) == [3000, 0, 0, 1000]


def test_d09_allocation_keeps_the_total() -> None:
    lines = [1000, 2000, 3000, 4000] * 2
    parts = discounts(lines, amount_off=3500)
    assert sum(parts) == 3500
    assert parts == allocate(3500, lines)
    for turned in (list(reversed(lines)), sorted(lines)):
        spread: dict[int, set[int]] = {}
        for line, part in [
            *zip(lines, parts, strict=True),
            *zip(turned, discounts(turned, amount_off=3500), strict=True),
        ]:
            spread.setdefault(line, set()).add(part)
        assert all(max(found) - min(found) <= 1 for found in spread.values())


@given(
    st.lists(st.integers(-(10**6), 10**9), max_size=12), st.integers(1, 10**10), st.decimals(D("0.0001"), 100, places=4)
)
def test_a_discount_never_makes_a_line_negative(lines: list[int], off: int, percent: Decimal) -> None:
    whole = sum(line for line in lines if line > 0)
    for parts, wanted in (
        (discounts(lines, amount_off=off), min(off, whole)),
        (discounts(lines, percent_off=percent), half_up(Fraction(whole) * Fraction(percent) / 100)),
    ):
        assert sum(parts) == wanted
        assert all(0 <= part <= max(line, 0) for part, line in zip(parts, lines, strict=True))


@pytest.mark.parametrize(
    "given_", [{}, {"amount_off": 5, "percent_off": D(5)}, {"amount_off": 0}, {"percent_off": D(-1)}]
)
def test_a_discount_is_a_share_or_an_amount(given_: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="share"):
        discounts([100], **given_)  # type: ignore[arg-type]
