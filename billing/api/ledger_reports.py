"""Trial balance, balance sheet and income statement over the API, of any day or time."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time
from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import serializers
from rest_framework.request import Request

from billing.api.books import CURRENCY, DAY, SANDBOX, BooksApi, day_parameter
from billing.models.ledger import Kind
from billing.selectors.totals import Total, totals
from billing.times import end_of
from portal.kit import clock
from portal.kit.api import MoneyField, ParameterMalformed, Reply, endpoint, money_body

FIRST = day_parameter(
    "from", gettext_lazy("From the beginning of this day (UTC); of the year of the last one if none is named.")
)
LAST = day_parameter("to", gettext_lazy("To the end of this day (UTC); today if none is named."))
_EUR = money_body(1999, "EUR")
_ITEM = {
    "account_id": "01890000-0000-7000-8000-0000000000f5",
    "path": "assets:bank:main",
    "kind": "asset",
    "accounts": 1,
}
_SALES = _ITEM | {"path": "income:subscription", "kind": "income"}


class ItemReply(serializers.Serializer[Any]):
    """An account, or all accounts of customers of one sort: those are one item without an id."""

    account_id = serializers.UUIDField(allow_null=True)
    path = serializers.CharField(help_text="Of the account; of customers' accounts the part that they share.")
    kind = serializers.ChoiceField(choices=Kind.choices)
    accounts = serializers.IntegerField(help_text="How many it is the sum of.")


class AmountItemReply(ItemReply):
    """An item with what stands on it, on the side on which accounts of its kind grow."""

    amount = MoneyField()


class SidesItemReply(ItemReply):
    """An item with the side on which it stands."""

    debit = MoneyField()
    credit = MoneyField()


class TrialBalanceReply(Reply):
    """Every account on the side where it stands at the end of a day."""

    currency = serializers.CharField()
    day = serializers.DateField()
    debit = MoneyField()
    credit = MoneyField()
    balanced = serializers.BooleanField(help_text="Whether both sides sum to the same.")
    items = SidesItemReply(many=True)
    example = {
        "currency": "EUR",
        "day": "2026-01-31",
        "debit": _EUR,
        "credit": _EUR,
        "balanced": True,
        "items": [
            {**_ITEM, "debit": _EUR, "credit": money_body(0, "EUR")},
            {**_SALES, "debit": money_body(0, "EUR"), "credit": _EUR},
        ],
    }


class BalanceSheetReply(Reply):
    """What there is, what is owed and what is owned at the end of a day."""

    currency = serializers.CharField()
    day = serializers.DateField()
    assets = MoneyField()
    liabilities = MoneyField()
    equity = MoneyField(help_text="The result so far included.")
    result = MoneyField(help_text="Income less expenses so far.")
    balanced = serializers.BooleanField(help_text="Whether assets are liabilities and equity.")
    items = AmountItemReply(many=True)
    example = {
        "currency": "EUR",
        "day": "2026-01-31",
        "assets": _EUR,
        "liabilities": money_body(0, "EUR"),
        "equity": _EUR,
        "result": _EUR,
        "balanced": True,
        "items": [{**_ITEM, "amount": _EUR}],
    }


class IncomeStatementReply(Reply):
    """What was earned and spent in a time."""

    currency = serializers.CharField()
    first = serializers.DateField()
    last = serializers.DateField()
    income = MoneyField()
    expenses = MoneyField()
    result = MoneyField()
    items = AmountItemReply(many=True)
    example = {
        "currency": "EUR",
        "first": "2026-01-01",
        "last": "2026-01-31",
        "income": _EUR,
        "expenses": money_body(0, "EUR"),
        "result": _EUR,
        "items": [{**_SALES, "amount": _EUR}],
    }


class ReportApi(BooksApi, abstract=True):
    """What the reports share."""

    def at_end_of(self, day: date, currency: str) -> list[Total]:
        """What stands on the accounts at the end of a day."""
        return totals(self.actor, currency, sandbox=bool(self.asked["sandbox"]), until=end_of(day))


class TrialBalanceView(ReportApi):
    """The trial balance."""

    access = "ledger:read"

    @endpoint(reply=TrialBalanceReply, query=(CURRENCY, DAY, SANDBOX))
    def get(self, request: Request) -> HttpResponse:
        """Read every account on the side where it stands at the end of a day; both sides sum to the same."""
        currency, day = self.currency(), self.asked["day"] or clock.now().date()
        found = self.at_end_of(day, currency)
        debit, credit = (sum(max(sign * one.amount, 0) for one in found) for sign in (1, -1))
        items = [
            _item(one)
            | {
                "debit": money_body(max(one.amount, 0), currency),
                "credit": money_body(max(-one.amount, 0), currency),
            }
            for one in found
        ]
        sides = {"debit": money_body(debit, currency), "credit": money_body(credit, currency)}
        return self.single({"currency": currency, "day": day, **sides, "balanced": debit == credit, "items": items})


class BalanceSheetView(ReportApi):
    """The balance sheet."""

    access = "ledger:read"

    @endpoint(reply=BalanceSheetReply, query=(CURRENCY, DAY, SANDBOX))
    def get(self, request: Request) -> HttpResponse:
        """Read what there is, what is owed and what is owned at the end of a day."""
        currency, day = self.currency(), self.asked["day"] or clock.now().date()
        found = self.at_end_of(day, currency)
        assets, owed = _sum(found, Kind.ASSET), _sum(found, Kind.LIABILITY)
        result = _sum(found, Kind.INCOME) - _sum(found, Kind.EXPENSE)
        own = _sum(found, Kind.EQUITY) + result
        shown = [one for one in found if one.kind in {Kind.ASSET, Kind.LIABILITY, Kind.EQUITY}]
        parts = {"assets": assets, "liabilities": owed, "equity": own, "result": result}
        return self.single(
            {
                "currency": currency,
                "day": day,
                **{name: money_body(amount, currency) for name, amount in parts.items()},
                "balanced": assets == owed + own,
                "items": _amounts(shown, currency),
            }
        )


class IncomeStatementView(ReportApi):
    """The income statement."""

    access = "ledger:read"

    @endpoint(reply=IncomeStatementReply, query=(CURRENCY, FIRST, LAST, SANDBOX))
    def get(self, request: Request) -> HttpResponse:
        """Read what was earned and what was spent in a time, and what is left."""
        currency, last = self.currency(), self.asked["to"] or clock.now().date()
        first = self.asked["from"] or last.replace(month=1, day=1)
        if first > last:
            raise ParameterMalformed(fields={"from": [_("Name a day that is not after the last one.")]})
        found = totals(
            self.actor,
            currency,
            sandbox=bool(self.asked["sandbox"]),
            since=datetime.combine(first, time(), UTC),
            until=end_of(last),
            kinds=(Kind.INCOME, Kind.EXPENSE),
        )
        income, spent = _sum(found, Kind.INCOME), _sum(found, Kind.EXPENSE)
        parts = {"income": income, "expenses": spent, "result": income - spent}
        sums = {name: money_body(amount, currency) for name, amount in parts.items()}
        return self.single(
            {"currency": currency, "first": first, "last": last, **sums, "items": _amounts(found, currency)}
        )


def _sum(found: Iterable[Total], kind: Kind) -> int:
    return sum(one.shown for one in found if one.kind == kind)


def _item(one: Total) -> dict[str, Any]:
    account = one.account
    return {
        "account_id": account.pk if account else None,
        "path": account.path if account else one.sort,
        "kind": one.kind,
        "accounts": one.accounts,
    }


def _amounts(found: Sequence[Total], currency: str) -> list[dict[str, Any]]:
    return [_item(one) | {"amount": money_body(one.shown, currency)} for one in found]
