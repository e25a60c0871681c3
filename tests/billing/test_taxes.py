"""Taxes: which rates apply, and amounts that are rounded once."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.errors.taxes import TaxRateMissing
from billing.taxes import CustomerFacts, NetLine, Rate, SellerFacts, TaxNumber, spread, tax_of, totals
from portal.kit.money import half_up

DAY = date(2026, 3, 1)
GERMANY = SellerFacts(
    "eu_vat",
    "DE",
    rates=(
        Rate("vat-de", "VAT", Decimal(19), country="DE"),
        Rate("vat-de-low", "VAT", Decimal(7), "reduced", country="DE"),
        Rate("vat-fr", "TVA", Decimal(20), country="FR"),
    ),
)
KARNATAKA = SellerFacts("gst", "IN", "29", (Rate("gst18", "GST", Decimal(18), country="IN"),))


def flat(*percents: str) -> SellerFacts:
    """A seller with one rate, or several side by side that are named by code."""
    return SellerFacts("flat", "US", rates=tuple(Rate(f"r{one}", "Tax", Decimal(one)) for one in percents))


def one_line(customer: CustomerFacts, entity: SellerFacts, category: str = "standard") -> list[tuple[str, str, int]]:
    """Category or code, percent and amount of the taxes on a line of 100.00."""
    return [
        (tax.code, str(tax.percent), tax.amount)
        for tax in tax_of(customer, entity, [NetLine("a", 10000, category)], DAY)
    ]


@pytest.mark.parametrize(
    ("customer", "expected"),
    [
        pytest.param(CustomerFacts("DE"), ("vat-de", "19", 1900), id="at-home"),
        pytest.param(CustomerFacts(""), ("vat-de", "19", 1900), id="nobody-knows-where"),
        pytest.param(
            CustomerFacts("DE", tax_ids=(TaxNumber("eu_vat", "DE136695976"),)), ("vat-de", "19", 1900), id="at-home-b2b"
        ),
        pytest.param(CustomerFacts("FR"), ("vat-fr", "20", 2000), id="abroad-with-a-rate-of-destination"),
        pytest.param(CustomerFacts("MC"), ("vat-fr", "20", 2000), id="monaco-as-france"),
        pytest.param(CustomerFacts("IT"), ("vat-de", "19", 1900), id="abroad-without-one"),
        pytest.param(
            CustomerFacts("FR", tax_ids=(TaxNumber("eu_vat", "FR40303265045"),)),
            ("reverse", "0", 0),
            id="reverse-charge",
        ),
        pytest.param(
            CustomerFacts("FR", tax_ids=(TaxNumber("eu_vat", "FR40303265045", refused=True),)),
            ("vat-fr", "20", 2000),
            id="a-refused-number",
        ),
        pytest.param(
            CustomerFacts("FR", tax_ids=(TaxNumber("eu_vat", "DE136695976"),)), ("vat-fr", "20", 2000), id="home-number"
        ),
        pytest.param(CustomerFacts("US"), ("outside", "0", 0), id="outside-the-union"),
        pytest.param(
            CustomerFacts("GB", tax_ids=(TaxNumber("eu_vat", "XI123456789"),)),
            ("outside", "0", 0),
            id="northern-ireland",
        ),
        pytest.param(CustomerFacts("DE", tax_status="exempt"), ("exempt", "0", 0), id="exempt"),
        pytest.param(CustomerFacts("DE", tax_status="reverse"), ("reverse", "0", 0), id="reverse-by-status"),
    ],
)
def test_vat_goes_by_where_the_customer_sits_and_whether_it_is_in_business(
    customer: CustomerFacts, expected: tuple[str, str, int]
) -> None:
    assert one_line(customer, GERMANY) == [expected]


@pytest.mark.parametrize(
    ("customer", "expected"),
    [
        pytest.param(CustomerFacts("IN", "29"), [("gst18-cgst", "9", 900), ("gst18-sgst", "9", 900)], id="same-state"),
        pytest.param(CustomerFacts("IN"), [("gst18-cgst", "9", 900), ("gst18-sgst", "9", 900)], id="no-address"),
        pytest.param(CustomerFacts("IN", "27"), [("gst18-igst", "18", 1800)], id="across-states"),
        pytest.param(
            CustomerFacts("IN", "29", tax_ids=(TaxNumber("in_gst", "27AAPFU0939F1ZV"),)),
            [("gst18-igst", "18", 1800)],
            id="registered-elsewhere",
        ),
        pytest.param(CustomerFacts("DE"), [("export", "0", 0)], id="export"),
    ],
)
def test_gst_is_split_within_a_state(customer: CustomerFacts, expected: list[tuple[str, str, int]]) -> None:
    assert one_line(customer, KARNATAKA) == expected


def test_a_union_territory_has_a_half_of_its_own() -> None:
    chandigarh = SellerFacts("gst", "IN", "04", KARNATAKA.rates)
    assert [code for code, _, _ in one_line(CustomerFacts("IN", "04"), chandigarh)] == ["gst18-cgst", "gst18-utgst"]


def test_lines_of_other_categories_have_other_rates_on_one_document() -> None:
    lines = [NetLine("a", 10000), NetLine("b", 10000, "reduced"), NetLine("c", 500, "zero"), NetLine("d", 5, "exempt")]
    taxes = tax_of(CustomerFacts("DE"), GERMANY, lines, DAY)
    assert [(tax.key, tax.code, tax.amount) for tax in taxes] == [
        ("a", "vat-de", 1900),
        ("b", "vat-de-low", 700),
        ("c", "zero", 0),
        ("d", "exempt", 0),
    ]


def test_flat_rates_stand_side_by_side_where_their_place_fits() -> None:
    state = Rate("state", "State tax", Decimal("6.25"), country="US", region="TX")
    town = Rate("town", "City tax", Decimal(2), country="US", region="TX")
    entity = SellerFacts("flat", "US", rates=(state, town))
    assert one_line(CustomerFacts("US", "TX"), entity) == [("state", "6.25", 625), ("town", "2", 200)]
    with pytest.raises(TaxRateMissing):
        one_line(CustomerFacts("US", "OR"), entity)


def test_who_has_no_tax_charges_none_and_who_lacks_a_rate_is_told() -> None:
    assert one_line(CustomerFacts("DE"), SellerFacts("none", "DE")) == []
    for regime in ("eu_vat", "gst", "flat"):
        with pytest.raises(TaxRateMissing):
            one_line(CustomerFacts(""), SellerFacts(regime, "DE"))


def test_the_rate_of_the_day_applies() -> None:
    before = Rate("vat", "VAT", Decimal(22), country="EE", valid_until=date(2025, 7, 1))
    after = Rate("vat", "VAT", Decimal(24), country="EE", valid_from=date(2025, 7, 1))
    entity = SellerFacts("eu_vat", "EE", rates=(before, after))
    for day, amount in ((date(2025, 6, 30), 220), (date(2025, 7, 1), 240)):
        assert tax_of(CustomerFacts("EE"), entity, [NetLine("a", 1000)], day)[0].amount == amount


@pytest.mark.parametrize(
    ("net", "percent", "base", "amount"),
    [
        pytest.param(Fraction(20000 * 29, 30), "25", 19333, 4833, id="D01"),
        pytest.param(2999, "23.33", 2999, 700, id="D03-invoice"),
        pytest.param(Fraction(2999 * 6, 7), "23.33", 2571, 600, id="D03-credit"),
        pytest.param(0, "10", 0, 0, id="D05"),
        pytest.param(Fraction(5000 * 27, 28), "20", 4821, 964, id="D07"),
    ],
)
def test_d01_d03_d05_d07_tax_is_of_the_exact_net(net: Fraction, percent: str, base: int, amount: int) -> None:
    for sign in (1, -1):
        (tax,) = tax_of(CustomerFacts("US"), flat(percent), [NetLine("a", net * sign)], DAY)
        assert (tax.base, tax.amount) == (base * sign, amount * sign)


def test_a_rate_is_rounded_once_for_all_its_lines() -> None:
    lines = [NetLine(str(place), 33) for place in range(3)]
    taxes = tax_of(CustomerFacts("US"), flat("10"), lines, DAY)
    assert [tax.amount for tax in taxes] == [4, 3, 3]  # 9.9 once; each for itself would be 9.
    (total,) = totals(taxes)
    assert (total.base, total.amount) == (99, 10)


def test_two_lines_of_one_key_are_a_mistake_of_the_program() -> None:
    with pytest.raises(ValueError, match="key"):
        tax_of(CustomerFacts("DE"), GERMANY, [NetLine("a", 1), NetLine("a", 2)], DAY)


exact_amounts = st.builds(Fraction, st.integers(-(10**11), 10**11), st.integers(1, 366))
amounts = st.lists(exact_amounts, min_size=1, max_size=8)


@given(amounts)
def test_shares_sum_to_the_sum_rounded_once_and_are_each_off_by_less_than_one(exact: list[Fraction]) -> None:
    parts = spread(exact)
    assert sum(parts) == half_up(sum(exact, Fraction(0)))
    assert all(abs(part - amount) < 1 for part, amount in zip(parts, exact, strict=True))


@given(amounts, st.decimals(min_value=0, max_value=100, places=4))
def test_a_credit_of_everything_gives_back_what_was_charged(nets: list[Fraction], percent: Decimal) -> None:
    entity = SellerFacts("flat", "US", rates=(Rate("r", "Tax", percent),))

    def taxes(sign: int) -> list[int]:
        lines = [NetLine(str(place), net * sign) for place, net in enumerate(nets)]
        return [tax.amount for tax in tax_of(CustomerFacts("US"), entity, lines, DAY)]

    assert taxes(-1) == [-amount for amount in taxes(1)]
    assert sum(taxes(1)) == half_up(sum(nets, Fraction(0)) * Fraction(percent) / 100)
