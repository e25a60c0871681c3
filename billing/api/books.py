"""Revenue, ageing and the proof over the API, for staff and their tools."""

from datetime import date
from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import serializers
from rest_framework.request import Request

from billing.selectors import ageing, proofs, revenue
from billing.selectors.ledger import currencies as currencies_used
from billing.services.proofs import proof_start
from portal.kit import clock
from portal.kit.api import ApiView, Reply, endpoint, flag, identifier, json, one_of
from portal.kit.api.money import MoneyField, money_body
from portal.kit.api.parameters import Parameter, Words
from portal.kit.money import currencies


def day_parameter(name: str, description: Words) -> Parameter:
    """A day, such as 2026-01-31."""

    def read(given: str) -> date:
        try:
            return date.fromisoformat(given)
        except ValueError:
            raise ValueError(_("Write a day as 2026-01-31.")) from None

    return Parameter(name, description, read, {"type": "string", "format": "date"}, "2026-01-31")


CURRENCY = one_of("currency", gettext_lazy("Of the books; their first one if none is named."), currencies())
SANDBOX = flag("sandbox", gettext_lazy("Read the books of sandboxes."))
DAY = day_parameter("day", gettext_lazy("At the end of this day (UTC); today if none is named."))
CUSTOMER = identifier("customer_id", gettext_lazy("Only of this customer."))
_ID = "01890000-0000-7000-8000-0000000000f5"


class MonthReply(serializers.Serializer[Any]):
    """Deferred income of a month that was, or of this one."""

    month = serializers.DateField(help_text="Its first day (UTC).")
    opening = MoneyField()
    billed = MoneyField(help_text="Billed ahead.")
    taken_back = MoneyField(help_text="By credit notes and void invoices, before it was earned.")
    earned = MoneyField()
    other = MoneyField(help_text="Journals by hand.")
    closing = MoneyField()


class AheadReply(serializers.Serializer[Any]):
    """What is still to be earned in a month."""

    month = serializers.DateField()
    amount = MoneyField()


class RevenueReply(Reply):
    """Deferred income by month."""

    currency = serializers.CharField()
    held = MoneyField(help_text="What the ledger has as deferred.")
    to_come = MoneyField(help_text="What documents leave to be earned; the same, or the proof is broken.")
    months = MonthReply(many=True)
    ahead = AheadReply(many=True)
    example = {
        "currency": "EUR",
        "held": money_body(2800, "EUR"),
        "to_come": money_body(2800, "EUR"),
        "months": [
            {
                "month": "2026-03-01",
                "opening": money_body(0, "EUR"),
                "billed": money_body(3100, "EUR"),
                "taken_back": money_body(0, "EUR"),
                "earned": money_body(300, "EUR"),
                "other": money_body(0, "EUR"),
                "closing": money_body(2800, "EUR"),
            }
        ],
        "ahead": [{"month": "2026-03-01", "amount": money_body(2800, "EUR")}],
    }


class AgedReply(serializers.Serializer[Any]):
    """What is owed by days past the due date."""

    current = MoneyField()
    days_1_30 = MoneyField()
    days_31_60 = MoneyField()
    days_61_90 = MoneyField()
    days_over_90 = MoneyField()
    without_document = MoneyField()
    total = MoneyField()


class AgedCustomerReply(AgedReply):
    """What one customer owes."""

    customer_id = serializers.UUIDField()
    name = serializers.CharField()


_NAMES = ("current", "days_1_30", "days_31_60", "days_61_90", "days_over_90")
_AGED = {
    **dict.fromkeys((*_NAMES[1:], "without_document"), money_body(0, "EUR")),
    **dict.fromkeys(("current", "total"), money_body(1000, "EUR")),
}


class AgeingReply(Reply):
    """What customers owe on a day."""

    day = serializers.DateField()
    currency = serializers.CharField()
    whole = AgedReply()
    credit = MoneyField(help_text="What customers have to their credit; it is not set off.")
    ties = serializers.BooleanField(help_text="Whether documents and receivable accounts say the same.")
    customers = serializers.IntegerField(help_text="How many owe something; `items` are the 200 that owe most.")
    items = AgedCustomerReply(many=True)
    example = {
        "day": "2026-01-31",
        "currency": "EUR",
        "whole": _AGED,
        "credit": money_body(0, "EUR"),
        "ties": True,
        "customers": 1,
        "items": [{"customer_id": _ID, "name": "Ann", **_AGED}],
    }


class ProofCheckReply(serializers.Serializer[Any]):
    """What one check found."""

    name = serializers.CharField()
    differences = serializers.IntegerField()


class ProofReply(Reply):
    """The last proof of documents against the ledger; `started_at` is null before the first."""

    started_at = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)
    differences = serializers.IntegerField()
    checks = ProofCheckReply(many=True)
    example = {
        "started_at": "2026-01-31T04:50:00Z",
        "ended_at": "2026-01-31T04:50:02Z",
        "differences": 0,
        "checks": [{"name": "receivable", "differences": 0}],
    }


class ProofStartedReply(Reply):
    """The run of a proof."""

    run_id = serializers.UUIDField()
    example = {"run_id": _ID}


class BooksApi(ApiView, abstract=True):
    """What these endpoints share."""

    def currency(self) -> str:
        """The currency that was asked for, or the first of the books."""
        known = currencies_used(self.actor, sandbox=bool(self.asked["sandbox"]))
        return self.asked["currency"] or (known[0] if known else "EUR")


class RevenueView(BooksApi):
    """Deferred income by month."""

    access = "ledger:read"

    @endpoint(reply=RevenueReply, query=(CURRENCY, SANDBOX))
    def get(self, request: Request) -> HttpResponse:
        """Read what was billed ahead, what was earned of it in each month, and what is still to come."""
        sandbox = bool(self.asked["sandbox"])
        found = revenue.waterfall(self.actor, self.currency(), clock.now().date(), sandbox=sandbox)
        parts = ("opening", "billed", "earned", "other", "closing")
        months = [
            {
                "month": month.first,
                "taken_back": money_body(month.back, found.currency),
                **{name: money_body(getattr(month, name), found.currency) for name in parts},
            }
            for month in found.past
        ]
        ahead = [{"month": month, "amount": money_body(amount, found.currency)} for month, amount in found.ahead]
        stand = {name: money_body(getattr(found, name), found.currency) for name in ("held", "to_come")}
        return self.single({"currency": found.currency, **stand, "months": months, "ahead": ahead})


class AgeingView(BooksApi):
    """What customers owe by age."""

    access = "ledger:read"

    @endpoint(reply=AgeingReply, query=(CURRENCY, DAY, CUSTOMER, SANDBOX))
    def get(self, request: Request) -> HttpResponse:
        """Read what was owed at the end of a day, by customer and by days past the due date."""
        found = ageing.ageing(
            self.actor,
            self.currency(),
            self.asked["day"] or clock.now().date(),
            sandbox=bool(self.asked["sandbox"]),
            customer_id=self.asked["customer_id"],
        )
        items = [
            {"customer_id": row.customer_id, "name": row.name, **_aged(row.aged, found.currency)} for row in found.rows
        ]
        body = {"day": found.day, "currency": found.currency, "whole": _aged(found.whole, found.currency)}
        body["credit"] = money_body(found.credit, found.currency)
        return self.single(body | {"ties": found.even, "customers": found.customers, "items": items})


class ProofView(ApiView):
    """The proof of documents against the ledger."""

    access = "ledger:read"

    @endpoint(reply=ProofReply)
    def get(self, request: Request) -> HttpResponse:
        """Read what the last proof found."""
        last = next(iter(proofs.proof_runs(self.actor)), None)
        checks = [{"name": one["name"], "differences": one["number"]} for one in last.results] if last else []
        return self.single(
            {
                "started_at": last.started_at if last else None,
                "ended_at": last.ended_at if last else None,
                "differences": last.wrong if last else 0,
                "checks": checks,
            }
        )

    @endpoint(access="ledger:admin", reply=ProofStartedReply, status=202)
    def post(self, request: Request) -> HttpResponse:
        """Have the proof run now; while one is under way, it is that one."""
        return json({"run_id": proof_start(actor=self.actor)}, status=202)


def _aged(found: ageing.Aged, currency: str) -> dict[str, Any]:
    parts = dict(zip(_NAMES, (found.amounts[name] for name in ageing.BUCKETS), strict=True))
    parts |= {"without_document": found.other, "total": found.total}
    return {name: money_body(amount, currency) for name, amount in parts.items()}
