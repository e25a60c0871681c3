"""Revenue, ageing and the proof as pages show them."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from billing.models import ProofRun
from billing.presenters.ledger import money
from billing.proof import CHECKS
from billing.selectors.ageing import BUCKETS, Aged, Ageing, OpenDocument
from billing.selectors.revenue import Month, Waterfall
from billing.services.proofs import FIRST, LEDGER
from portal.kit.money import Money
from portal.kit.preferences import day_text
from portal.kit.templatetags.kit import count

COLUMNS = {
    "current": gettext_lazy("Not due yet"),
    "1-30": gettext_lazy("1 to 30 days"),
    "31-60": gettext_lazy("31 to 60 days"),
    "61-90": gettext_lazy("61 to 90 days"),
    "90+": gettext_lazy("Over 90 days"),
}
_TONES = {"current": "ok", "1-30": "warn", "31-60": "warn", "61-90": "bad", "90+": "bad", "other": ""}


def month_text(month: date) -> str:
    """A month in words."""
    return date_format(month, "F Y")


def waterfall_shown(found: Waterfall) -> dict[str, Any]:
    """Months that were, newest first, and months to come with what is left after each."""

    def shown(amount: int) -> str:
        return money(amount, found.currency)

    left, ahead = found.to_come, []
    most = max((abs(amount) for _month, amount in found.ahead), default=0)
    for month, amount in found.ahead:
        left -= amount
        ahead.append(
            {
                "label": month_text(month),
                "amount": shown(amount),
                "left": shown(left),
                "bar": abs(amount) * 100 // most if most else 0,
            }
        )
    present = found.past[-1]
    first = next((place for place, month in enumerate(found.past) if _moved(month)), len(found.past) - 1)
    return {
        "past": [_month_row(month, found.currency) for month in reversed(found.past[first:])],
        "others": any(month.other for month in found.past),
        "ahead": ahead,
        "held": shown(found.held),
        "to_come": shown(found.to_come),
        "earned": shown(present.earned),
        "billed": shown(present.billed),
        "even": found.held == found.to_come,
        "apart": shown(found.held - found.to_come),
    }


def _moved(month: Month) -> bool:
    return any((month.opening, month.billed, month.back, month.earned, month.other))


def _month_row(month: Month, currency: str) -> dict[str, str]:
    parts = ("opening", "billed", "back", "earned", "other", "closing")
    amounts = {name: getattr(month, name) for name in parts}
    shown = {name: money(amount, currency) if amount else "" for name, amount in amounts.items()}
    return {"label": month_text(month.first), **shown}


def ageing_table(found: Ageing) -> tuple[list[str], list[list[object]]]:
    """Labels and rows of the file: amounts in major units, as exact numbers, and their currency."""

    def major(amount: int) -> Decimal:
        return Money(amount, found.currency).major

    columns = [_("Customer"), _("Currency"), *(str(COLUMNS[name]) for name in BUCKETS), _("No document"), _("Owed")]
    rows: list[list[object]] = [
        [
            row.name,
            found.currency,
            *(major(row.aged.amounts[name]) for name in BUCKETS),
            major(row.aged.other),
            major(row.aged.total),
        ]
        for row in found.rows
    ]
    return columns, rows


def ageing_shown(found: Ageing, documents: Sequence[OpenDocument], *, books: str, whose: UUID | None) -> dict[str, Any]:
    """The columns with their sums, a row per customer, and the documents of one."""

    def amounts(aged: Aged) -> list[dict[str, str]]:
        return [
            {
                "label": str(COLUMNS[name]),
                "value": money(aged.amounts[name], found.currency) if aged.amounts[name] else "",
            }
            for name in BUCKETS
        ]

    base = {"books": books, "currency": found.currency, "to": found.day.isoformat()}
    rows = [
        {
            "name": row.name,
            "url": f"?{urlencode({**base, 'customer': str(row.customer_id)})}",
            "amounts": amounts(row.aged),
            "other": money(row.aged.other, found.currency) if row.aged.other else "",
            "total": money(row.aged.total, found.currency),
        }
        for row in found.rows
    ]
    more = found.customers - len(rows)
    return {
        "columns": [str(COLUMNS[name]) for name in BUCKETS],
        "rows": rows,
        "sums": [
            {"label": str(COLUMNS[name]), "value": money(found.whole.amounts[name], found.currency), "name": name}
            for name in BUCKETS
        ],
        "total": money(found.whole.total, found.currency),
        "others": money(found.whole.other, found.currency) if found.whole.other else "",
        "credit": money(found.credit, found.currency) if found.credit else "",
        "even": found.even,
        "by_documents": money(found.whole.documents if found.due is None else found.due, found.currency),
        "more": ngettext("%(count)s customer more", "%(count)s customers more", more) % {"count": count(more)}
        if more > 0
        else "",
        "back_url": f"?{urlencode(base)}",
        "files": [
            (name.upper(), f"?{urlencode({**base, **({'customer': str(whose)} if whose else {}), 'format': name})}")
            for name in ("csv", "xlsx")
        ],
        "customer_name": found.rows[0].name if whose and found.rows else "",
        "customer_url": reverse("billing:customer", args=[whose]) if whose and found.rows else "",
        "documents": [_document_row(one, found.currency) for one in documents],
    }


def _document_row(one: OpenDocument, currency: str) -> dict[str, Any]:
    if one.invoice_id is None:
        late = _("About no document")
    elif one.late <= 0:
        late = str(COLUMNS["current"])
    else:
        late = ngettext("%(count)s day late", "%(count)s days late", one.late) % {"count": count(one.late)}
    return {
        "label": one.number or _("Without a document"),
        "url": reverse("billing:invoice", args=[one.invoice_id]) if one.invoice_id else "",
        "due": day_text(one.due_at.date()) if one.due_at else "",
        "tone": _TONES[one.bucket],
        "late": late,
        "amount": money(one.amount, currency),
    }


def proof_shown(runs: Sequence[ProofRun]) -> dict[str, Any]:
    """The checks as the last run left them, and the runs."""
    labels = {check.name: str(check.label) for check in CHECKS}
    labels[LEDGER] = _("The ledger balances, row by row")
    last = runs[0] if runs else None
    checks = [_check_row(labels.get(one["name"], one["name"]), one) for one in last.results] if last else []
    return {
        "checks": checks,
        "last": last,
        "runs": [
            {
                "at": run.started_at,
                "seconds": (run.ended_at - run.started_at).total_seconds(),
                "tone": "bad" if run.wrong else "ok",
                "label": _differences(run.wrong) if run.wrong else _("All equal"),
            }
            for run in runs
        ],
    }


def _check_row(label: str, one: dict[str, Any]) -> dict[str, Any]:
    number = int(one["number"])
    return {
        "label": label,
        "tone": "bad" if number else "ok",
        "state": _differences(number) if number else _("Equal"),
        "first": [
            {"what": what, "expected": count(expected), "found": count(found)} for what, expected, found in one["first"]
        ],
        "more": max(0, number - FIRST) if len(one["first"]) == FIRST else 0,
    }


def _differences(number: int) -> str:
    return ngettext("%(count)s difference", "%(count)s differences", number) % {"count": count(number)}
