"""Key figures from the log of movements."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.kpis.costs import spend_of
from billing.kpis.flows import (
    MONTHS_OF_YEAR,
    Flow,
    flow_of,
    gross_retention,
    lifetime_value,
    net_retention,
    parts_of,
    quick_ratio,
    standing_parts,
)
from billing.settings import MARGIN
from portal.kit.kpis import Category, Figure, Kpi, Part, Span, Unit, kpis, missing, once, ratio
from portal.kit.registry import Text


def _flow(span: Span) -> Flow:
    return once(("flow", span), lambda: flow_of(span))


def _of(pick: Callable[[Flow], int]) -> Callable[[Span], Figure]:
    return lambda span: Figure(Fraction(pick(_flow(span))))


def _from(make: Callable[[Flow], Figure]) -> Callable[[Span], Figure]:
    return lambda span: make(_flow(span))


def _moved(*kinds: str) -> Callable[[Span], Sequence[Part]]:
    return lambda span: parts_of(span, *kinds)


def _yearly(span: Span) -> Sequence[Part]:
    return [replace(part, value=part.value * MONTHS_OF_YEAR) for part in standing_parts(span)]


def _margin() -> Fraction | None:
    margin = MARGIN.value()
    return Fraction(margin, 100) if margin else None


_NO_MARGIN = gettext_lazy("the gross margin, which stands under Settings")
_NO_SPEND = gettext_lazy("sales and marketing spend (an expense account of the ledger marked so)")


def _arpa(flow: Flow) -> Figure:
    return Figure(flow.arpa) if flow.arpa is not None else Figure(None, note=_("nobody pays"))


def _ltv(span: Span) -> Figure:
    margin = _margin()
    return missing(_NO_MARGIN) if margin is None else lifetime_value(_flow(span), margin)


def _cac(span: Span) -> Figure:
    spend = spend_of(span)
    if spend is None:
        return missing(_NO_SPEND)
    return ratio(spend, _flow(span).new_customers, none=_("no new customers"))


def _payback(span: Span) -> Figure:
    margin, cac, flow = _margin(), _cac(span), _flow(span)
    if margin is None:
        return missing(_NO_MARGIN)
    if cac.value is None:
        return cac
    return ratio(cac.value * flow.new_customers, flow.new * margin, none=_("nothing new"))


def _ltv_to_cac(span: Span) -> Figure:
    worth, cost = _ltv(span), _cac(span)
    if worth.value is None:
        return worth
    return cost if cost.value is None else ratio(worth.value, cost.value, none=_("no spend"))


def _customer_churn(flow: Flow) -> Figure:
    return ratio(flow.lost, flow.payers_start, none=_("nobody paid at the start"))


def _sale(flow: Flow) -> Figure:
    return ratio(flow.new, flow.new_customers, none=_("no new customers"))


def _money(
    code: str,
    label: Text,
    definition: Text,
    read: Callable[[Span], Figure],
    parts: Callable[[Span], Sequence[Part]] | None = None,
    *,
    unit: Unit = "money",
    good: bool = True,
    category: Category = "business",
) -> None:
    kpis.add(Kpi(code, label, unit, category, "up" if good else "down", definition, read, parts))


_money(
    "mrr",
    gettext_lazy("MRR"),
    gettext_lazy(
        "Monthly value of active and past due subscriptions at the end: yearly / 12, quarterly / 3, weekly x 52 / 12, daily x "
        "365 / 12. Without tax, trials, free plans, metered use and unpaid ones; discounts that last for ever count, others do not."
    ),
    _of(lambda flow: flow.end),
    standing_parts,
)
_money(
    "net_new_mrr",
    gettext_lazy("Net new MRR"),
    gettext_lazy("New + reactivation + expansion - contraction - churn; the MRR at the end less that at the start."),
    _of(lambda flow: flow.net_new),
    _moved(),
)
_money(
    "new_mrr",
    gettext_lazy("New MRR"),
    gettext_lazy("MRR of customers that pay for the first time."),
    _of(lambda flow: flow.new),
    _moved("new"),
)
_money(
    "expansion_mrr",
    gettext_lazy("Expansion MRR"),
    gettext_lazy("What paying customers' totals grew by."),
    _of(lambda flow: flow.expansion),
    _moved("expansion"),
)
_money(
    "contraction_mrr",
    gettext_lazy("Contraction MRR"),
    gettext_lazy(
        "What paying customers' totals shrank by without going to nothing; one of two subscriptions cancelled is one."
    ),
    _of(lambda flow: flow.contraction),
    _moved("contraction"),
    good=False,
)
_money(
    "churned_mrr",
    gettext_lazy("Churned MRR"),
    gettext_lazy("MRR of customers whose total went to nothing, on the day it took effect."),
    _of(lambda flow: flow.churn),
    _moved("churn"),
    good=False,
)
_money(
    "reactivation_mrr",
    gettext_lazy("Reactivation MRR"),
    gettext_lazy("MRR of customers that had left and pay again; apart from new MRR."),
    _of(lambda flow: flow.reactivation),
    _moved("reactivation"),
)
_money(
    "arr",
    gettext_lazy("ARR"),
    gettext_lazy("12 x MRR at the end: a run rate, not what contracts promise."),
    _of(lambda flow: flow.end * MONTHS_OF_YEAR),
    _yearly,
)
_money(
    "arpa",
    gettext_lazy("ARPA"),
    gettext_lazy("MRR / paying customers, both at the end."),
    _from(_arpa),
    standing_parts,
)
_money(
    "ltv",
    gettext_lazy("Customer lifetime value"),
    gettext_lazy("ARPA x gross margin / customer churn rate; not defined when nobody left."),
    _ltv,
)
_money(
    "cac",
    gettext_lazy("Customer acquisition cost"),
    gettext_lazy("Sales and marketing spend of the ledger / new paying customers."),
    _cac,
    good=False,
)
_money(
    "cac_payback",
    gettext_lazy("CAC payback"),
    gettext_lazy("CAC / (MRR per new customer x gross margin)."),
    _payback,
    unit="months",
    good=False,
)
_money(
    "ltv_cac", gettext_lazy("LTV : CAC"), gettext_lazy("Lifetime value / acquisition cost."), _ltv_to_cac, unit="factor"
)
_money(
    "nrr",
    gettext_lazy("Net revenue retention"),
    gettext_lazy("(S + expansion - contraction - churn) / S, with S the MRR at the start; reactivation is left out."),
    _from(net_retention),
    unit="share",
)
_money(
    "grr",
    gettext_lazy("Gross revenue retention"),
    gettext_lazy("(S - contraction - churn) / S, with S the MRR at the start."),
    _from(gross_retention),
    unit="share",
)
_money(
    "customer_churn",
    gettext_lazy("Customer churn rate"),
    gettext_lazy("Customers that paid at the start and pay nothing at the end / those that paid at the start."),
    _from(_customer_churn),
    _moved("churn"),
    unit="share",
    good=False,
    category="customers",
)
_money(
    "quick_ratio",
    gettext_lazy("Quick ratio"),
    gettext_lazy("(New + expansion) / (contraction + churn); reactivation is left out."),
    _from(quick_ratio),
    unit="factor",
    category="sales",
)
_money(
    "average_deal",
    gettext_lazy("Average deal size"),
    gettext_lazy("New MRR / customers that pay for the first time."),
    _from(_sale),
    _moved("new"),
    category="sales",
)
