"""Accounts, journals and statements as pages show them."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.models import Entry, Journal, LedgerAccount, StatementLine
from billing.models.ledger import Kind
from billing.selectors import ledger as selectors
from billing.selectors.customers import customers
from portal.kit.context import Actor
from portal.kit.money import Money, shown
from portal.kit.preferences import day_text

HUES = 5
_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{4}(?=[0-9a-f]{8})")
WORDS = {  # Parts of the chart of accounts, as people say them.
    "receivable": gettext_lazy("Receivable"),
    "credit": gettext_lazy("Customer credit"),
    "wallet": gettext_lazy("Prepaid"),
    "bank": gettext_lazy("Bank"),
    "clearing": gettext_lazy("Payment providers"),
    "disputes": gettext_lazy("Disputes"),
    "tax": gettext_lazy("Tax"),
    "deferred": gettext_lazy("Deferred income"),
    "fees": gettext_lazy("Fees"),
    "bad_debt": gettext_lazy("Bad debt"),
    "discounts": gettext_lazy("Discounts"),
    "subscription": gettext_lazy("Subscriptions"),
    "usage": gettext_lazy("Usage"),
    "one_off": gettext_lazy("Single sales"),
    "capital": gettext_lazy("Capital"),
    "exchange": gettext_lazy("Exchange"),
    "marketing": gettext_lazy("Marketing"),
    "refunds": gettext_lazy("Refunds"),
    "courtesy": gettext_lazy("Courtesy"),
}


def money(amount: int, currency: str) -> str:
    """An amount in minor units as people write it."""
    return shown(Money(amount, currency))


def brief(text: str) -> str:
    """A path or key with the last letters of each id in it: whose it is stands beside it in words."""
    return _ID.sub("…", text)


def parts_of(path: str) -> list[str]:
    """The parts of a path below its root, without that of the sandboxes."""
    return path.removeprefix("sandbox:").split(":")[1:]


def label_of(account: LedgerAccount, names: Mapping[UUID, str] | None = None) -> str:
    """Its name, or its path in words, with the customer's of `names`; one whose name is not there by its last letters."""
    if account.name:
        return account.name
    words = [str(WORDS.get(part, part)) for part in parts_of(account.path)]
    if account.customer_id is not None:
        mine = str(account.customer_id)
        name = (names or {}).get(account.customer_id) or f"…{mine[-8:]}"
        words = [name if word == mine else word for word in words]
    return " · ".join(words)


# Pages of what journals are about.
_DOCUMENTS = {
    "invoice": ("billing:invoice", gettext_lazy("Invoice")),
    "payment": ("billing:payment", gettext_lazy("Payment")),
    "customer": ("billing:customer", gettext_lazy("Customer")),
    "statement_line": ("billing:statement_line", gettext_lazy("Line of a bank statement")),
}


def document_fact(target: Journal) -> list[dict[str, Any]]:
    """A fact for the journal's page: what it is about, with its page."""
    if target.document_id is None:
        return []
    route, label = _DOCUMENTS.get(target.document_kind, ("", ""))
    if not route:
        return [{"label": _("Document"), "value": f"{target.document_kind} {target.document_id}", "mono": True}]
    return [{"label": _("Document"), "value": label, "url": reverse(route, args=[target.document_id])}]


def whose(actor: Actor, target: LedgerAccount) -> list[dict[str, Any]]:
    """A fact for the account's page: the customer whose it is, to who may see customers."""
    buyer = customers(actor).filter(pk=target.customer_id).first() if target.customer_id else None
    if buyer is None:
        return []
    return [{"label": _("Customer"), "value": buyer.name, "url": reverse("billing:customer", args=[buyer.pk])}]


@dataclass(frozen=True)
class AccountRow:
    """One account in a list."""

    account: LedgerAccount
    amount: int
    names: Mapping[UUID, str] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """Its id."""
        return str(self.account.pk)

    @property
    def label(self) -> str:
        """Its name in words."""
        return label_of(self.account, self.names)

    @property
    def path(self) -> str:
        """Its path in the chart."""
        return self.account.path

    @property
    def under(self) -> str:
        """Path and currency."""
        return f"{brief(self.account.path)} · {self.account.currency}"

    @property
    def url(self) -> str:
        """Its page."""
        return reverse("billing:ledger_account", args=[self.account.pk])

    @property
    def hue(self) -> int:
        """Colour of its mark."""
        return list(Kind).index(Kind(self.account.kind)) % HUES

    @property
    def kind(self) -> str:
        """What it is, in words."""
        return str(self.account.shown_kind)

    @property
    def books(self) -> str:
        """Real or of sandboxes."""
        return _("Sandboxes") if self.account.sandbox else _("Real books")

    @property
    def balance(self) -> str:
        """What stands on it, on its own side."""
        return money(self.account.normal * self.amount, self.account.currency)

    @property
    def balance_value(self) -> Decimal:
        """The same in major units, for files."""
        return Money(self.account.normal * self.amount, self.account.currency).major


def account_rows(actor: Actor, found: Sequence[LedgerAccount]) -> list[AccountRow]:
    """Rows of a list; one query for all balances, and one for the names of customers."""
    sums, names = selectors.balances(actor, found), selectors.names_of(actor, found)
    return [AccountRow(one, sums.get(one.pk, 0), names) for one in found]


@dataclass(frozen=True)
class JournalRow:
    """One journal in a list."""

    journal: Journal
    amount: str

    @property
    def id(self) -> str:
        """Its id."""
        return str(self.journal.pk)

    @property
    def label(self) -> str:
        """What it says."""
        return self.journal.description or self.kind

    @property
    def under(self) -> str:
        """Its key, as people tell one from another."""
        return brief(self.journal.key)

    @property
    def url(self) -> str:
        """Its page."""
        return reverse("billing:journal", args=[self.journal.pk])

    @property
    def hue(self) -> int:
        """Colour of its mark."""
        return sum(self.journal.kind.encode()) % HUES

    @property
    def kind(self) -> str:
        """What it was posted for, in words."""
        return kind_of(self.journal)

    @property
    def tone(self) -> str:
        """Tone of the chip."""
        return {"reversal": "warn", "manual": "info"}.get(self.journal.kind, "")

    @property
    def event_at(self) -> datetime:
        """When it happened."""
        return self.journal.event_at

    @property
    def recorded_at(self) -> datetime:
        """When it was written."""
        return self.journal.recorded_at


def kind_of(target: Journal) -> str:
    """What a journal was posted for, in words."""
    words = {
        "manual": _("By hand"),
        "reversal": _("Reversal"),
        "bank": _("Bank"),
        "hold": _("Hold"),
        "invoice": _("Invoice"),
        "payment": _("Payment"),
        "refund": _("Refund"),
        "credit_note": _("Credit note"),
        "revenue": _("Earned"),
        "settlement": _("Settlement"),
        "bad_debt": _("Bad debt"),
    }
    return words.get(target.kind, target.kind.replace("_", " ").capitalize())


def journal_rows(actor: Actor, found: Sequence[Journal]) -> list[JournalRow]:
    """Rows of a list; one query for all amounts (the debits, per currency)."""
    sums: dict[UUID, list[str]] = defaultdict(list)
    for journal_id, currency, amount in selectors.debits(actor, found):
        sums[journal_id].append(money(amount, currency))
    return [JournalRow(one, ", ".join(sums[one.pk])) for one in found]


def entry_rows(actor: Actor, found: Sequence[Entry], *, running: bool) -> list[dict[str, Any]]:
    """Entries with debit and credit apart. `running`: with what stood on the account after each."""
    rows = []
    names = {} if running else selectors.names_of(actor, [entry.account for entry in found])
    for entry in found:
        amount = money(abs(entry.amount), entry.currency)
        rows.append(
            {
                "label": label_of(entry.account, names),
                "path": brief(entry.account.path),
                "url": reverse("billing:ledger_account", args=[entry.account_id]),
                "journal": entry.journal.description or kind_of(entry.journal) if running else "",
                "journal_url": reverse("billing:journal", args=[entry.journal_id]),
                "kind": kind_of(entry.journal) if running else "",
                "reference": brief(entry.reference),
                "debit": amount if entry.amount > 0 else "",
                "credit": amount if entry.amount < 0 else "",
                "after": money(entry.account.normal * entry.balance_after, entry.currency) if running else "",
                "event_at": entry.event_at,
            }
        )
    return rows


@dataclass(frozen=True)
class StatementRow:
    """One line of a bank statement in a list."""

    line: StatementLine

    @property
    def id(self) -> str:
        """Its id."""
        return str(self.line.pk)

    @property
    def label(self) -> str:
        """Who it was with."""
        return self.line.counterparty or self.line.reference or _("No text")

    @property
    def under(self) -> str:
        """What it said."""
        return self.line.reference

    @property
    def url(self) -> str:
        """Its page."""
        return reverse("billing:statement_line", args=[self.line.pk])

    @property
    def hue(self) -> int:
        """Colour of its mark."""
        return sum(self.label.encode()) % HUES

    @property
    def bank(self) -> str:
        """The bank account."""
        return self.line.bank

    @property
    def tone(self) -> str:
        """Tone of the chip."""
        return state_tone(self.line)

    @property
    def state(self) -> str:
        """Its state in words."""
        return str(StatementLine.State(self.line.state).label)

    @property
    def amount(self) -> str:
        """What came in or went out."""
        return money(self.line.amount, self.line.currency)

    @property
    def amount_value(self) -> Decimal:
        """The same in major units, for files."""
        return Money(self.line.amount, self.line.currency).major

    @property
    def booked_on(self) -> date:
        """The bank's day."""
        return self.line.booked_on

    @property
    def booked(self) -> str:
        """The bank's day in words."""
        return day_text(self.line.booked_on)


def state_tone(line: StatementLine) -> str:
    """Tone of a line's state."""
    return {"open": "warn", "matched": "ok"}.get(line.state, "")


def statement_rows(found: Sequence[StatementLine]) -> list[StatementRow]:
    """Rows of a list."""
    return [StatementRow(line) for line in found]
