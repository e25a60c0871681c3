"""The chart of accounts and the reports as pages show them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from billing.models.ledger import Kind
from billing.presenters.ledger import WORDS, label_of, money
from billing.selectors.totals import Total
from portal.kit.templatetags.kit import count


@dataclass
class Group:
    """Accounts of one part of the chart, with their sum; those of customers are one row. `before`: the sum of the time that
    it is compared with, if it is."""

    label: str
    currency: str
    rows: list[dict[str, Any]] = field(default_factory=list)
    amount: int = 0
    before: int | None = None

    @property
    def total(self) -> str:
        """The sum, on the side of the kind."""
        return money(self.amount, self.currency)

    @property
    def earlier(self) -> str:
        """The sum that it is compared with; empty for none."""
        return "" if self.before is None else money(self.before, self.currency)


_KINDS = {
    Kind.ASSET: gettext_lazy("Assets"),
    Kind.LIABILITY: gettext_lazy("Liabilities"),
    Kind.EQUITY: gettext_lazy("Equity"),
    Kind.INCOME: gettext_lazy("Income"),
    Kind.EXPENSE: gettext_lazy("Expenses"),
}


def groups(found: Sequence[Total], currency: str, before: Sequence[Total] | None = None) -> list[Group]:
    """The tree of accounts by kind, in the order of a balance sheet; customers' accounts of one sort are one row.
    `before` are the totals that it is compared with."""
    made: list[Group] = []
    for kind, label in _KINDS.items():
        mine = [total for total in found if total.kind == kind]
        theirs = None if before is None else [total for total in before if total.kind == kind]
        if mine or theirs:
            made.append(_group(Group(str(label), currency), mine, theirs))
    return made


@dataclass
class _Line:
    """A row of a report: an account, or all accounts of customers of one sort."""

    label: str
    url: str
    path: str = ""
    customers: int = 0
    amount: int = 0
    before: int = 0

    @property
    def under(self) -> str:
        """Its path, or how many customers it is of."""
        words = ngettext("%(count)s customer", "%(count)s customers", self.customers)
        return self.path or words % {"count": count(self.customers)}


def _lines(totals: Sequence[Total], before: Sequence[Total] = ()) -> list[_Line]:
    """Both in rows, in the order of `totals`."""
    made: dict[str, _Line] = {}
    for total in totals:
        line = _line(made, total)
        line.amount += total.shown
        line.customers += total.accounts
    for total in before:
        _line(made, total).before += total.shown
    return list(made.values())


def _line(made: dict[str, _Line], total: Total) -> _Line:
    """The row that a total belongs to; customers who owe and who have paid too much are one row of a balance sheet."""
    account, sort = total.account, total.sort
    if account is not None:
        url = reverse("billing:ledger_account", args=[account.pk])
        return made.setdefault(account.path, _Line(label_of(account), url, account.path))
    url = f"{reverse('billing:ledger_accounts')}?q={sort}"
    return made.setdefault(f"{total.kind}:{sort}", _Line(str(WORDS.get(sort, sort)), url))


def _group(group: Group, totals: Sequence[Total], before: Sequence[Total] | None) -> Group:
    group.before = None if before is None else 0
    for line in _lines(totals, before or ()):
        group.amount += line.amount
        row = _row(line.label, line.under, line.amount, group.currency, line.url)
        if group.before is not None:
            group.before += line.before
            row["earlier"] = money(line.before, group.currency)
        group.rows.append(row)
    group.rows.sort(key=lambda row: str(row["label"]))
    return group


def _row(label: object, under: str, amount: int, currency: str, url: str) -> dict[str, Any]:
    return {"label": label, "under": under, "amount": money(amount, currency), "raw": amount, "url": url}


def trial_rows(found: Sequence[Total], currency: str) -> dict[str, Any]:
    """The trial balance: every account on the side where it stands, those of customers of one sort as one row; both sides
    sum to the same."""
    rows = []
    debit = credit = 0
    sides = {True: [one for one in found if one.amount > 0], False: [one for one in found if one.amount < 0]}
    for is_debit, totals in sides.items():
        for line in _lines(totals):
            amount = abs(line.amount)
            debit, credit = debit + amount * is_debit, credit + amount * (not is_debit)
            rows.append(
                {
                    "label": line.label,
                    "path": line.under,
                    "url": line.url,
                    "debit": money(amount, currency) if is_debit else "",
                    "credit": "" if is_debit else money(amount, currency),
                }
            )
    return {"trial": rows, "debit": money(debit, currency), "credit": money(credit, currency), "even": debit == credit}


def sheet(found: Sequence[Total], before: Sequence[Total] | None, currency: str) -> dict[str, Any]:
    """The balance sheet: what there is against what is owed and owned; the result so far is part of what is owned."""
    named = {group.label: group for group in groups(found, currency, before)}
    assets, owed, own = (_named(named, kind, currency, before) for kind in (Kind.ASSET, Kind.LIABILITY, Kind.EQUITY))
    result = _result(found)
    row = _row(_("Result so far"), _("Income less expenses"), result, currency, "")
    own.amount += result
    if before is not None:
        own.before = (own.before or 0) + _result(before)
        row["earlier"] = money(_result(before), currency)
    own.rows.append(row)
    return {
        "sides": [[assets], [owed, own]],
        "left": assets.total,
        "right": money(owed.amount + own.amount, currency),
        "even": assets.amount == owed.amount + own.amount,
    }


def _named(named: dict[str, Group], kind: Kind, currency: str, before: Sequence[Total] | None) -> Group:
    label = str(_KINDS[kind])
    return named.get(label) or Group(label, currency, before=None if before is None else 0)


def _result(found: Sequence[Total]) -> int:
    return sum(-total.amount for total in found if total.kind in {Kind.INCOME, Kind.EXPENSE})


def statement_of_income(found: Sequence[Total], before: Sequence[Total] | None, currency: str) -> dict[str, Any]:
    """Income and expenses of a time, and what is left."""
    named = {group.label: group for group in groups(found, currency, before)}
    income, spent = (_named(named, kind, currency, before) for kind in (Kind.INCOME, Kind.EXPENSE))
    return {
        "sides": [[income], [spent]],
        "result": money(income.amount - spent.amount, currency),
        "earlier_result": money(_result(before), currency) if before is not None else "",
    }
