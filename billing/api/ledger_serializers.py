"""Bodies of the ledger."""

from collections.abc import Sequence
from typing import Any

from rest_framework import serializers

from billing.api.money_serializers import FORM, KEY
from billing.models import Entry, Journal, LedgerAccount
from billing.models.ledger import PATH, Kind
from portal.kit.api import Body, MoneyField, Reply, money_body

_ACCOUNT, _JOURNAL = (f"01890000-0000-7000-8000-0000000000f{number}" for number in (5, 6))
_MOMENT = "2026-01-31T08:30:00Z"


class AccountReply(Reply):
    """An account of the ledger."""

    id = serializers.UUIDField()
    path = serializers.CharField()
    kind = serializers.ChoiceField(Kind.values)
    name = serializers.CharField()
    sandbox = serializers.BooleanField(help_text="Whether it stands in the books of sandboxes.")
    customer_id = serializers.UUIDField(allow_null=True)
    balance = MoneyField(help_text="On the account's own side: what an asset holds, what a liability owes.")
    created_at = serializers.DateTimeField()
    example = {
        "id": _ACCOUNT,
        "path": "assets:bank:main",
        "kind": "asset",
        "name": "",
        "sandbox": False,
        "customer_id": None,
        "balance": {"amount": 1999, "currency": "EUR"},
        "created_at": _MOMENT,
    }


class JournalReply(Reply):
    """A journal of the ledger."""

    id = serializers.UUIDField()
    key = serializers.CharField()
    kind = serializers.CharField()
    description = serializers.CharField()
    event_at = serializers.DateTimeField(help_text="When it happened.")
    recorded_at = serializers.DateTimeField(help_text="When it was written.")
    document_kind = serializers.CharField()
    document_id = serializers.UUIDField(allow_null=True)
    customer_id = serializers.UUIDField(allow_null=True)
    reverses_id = serializers.UUIDField(allow_null=True)
    sandbox = serializers.BooleanField()
    example = {
        "id": _JOURNAL,
        "key": "invoice:INV-2026-0001",
        "kind": "invoice",
        "description": "Invoice INV-2026-0001",
        "event_at": _MOMENT,
        "recorded_at": _MOMENT,
        "document_kind": "invoice",
        "document_id": _ACCOUNT,
        "customer_id": _ACCOUNT,
        "reverses_id": None,
        "sandbox": False,
    }


class EntryReply(serializers.Serializer[Any]):
    """One entry of a journal."""

    account_id = serializers.UUIDField()
    path = serializers.CharField()
    amount = MoneyField(help_text="Debits above 0, credits below.")
    reference = serializers.CharField()


class EntryBody(serializers.Serializer[Any]):
    """One entry of a journal by hand."""

    path = serializers.RegexField(PATH, max_length=200, help_text="Such as expenses:marketing.")
    amount = MoneyField(help_text="Debits above 0, credits below.")
    reference = serializers.CharField(max_length=80, required=False, allow_blank=True, default="")


class JournalBody(Body):
    """A journal by hand. Its entries sum to 0 in each currency."""

    key = serializers.RegexField(FORM, help_text=KEY)
    event_at = serializers.DateTimeField(help_text="When it happened.")
    description = serializers.CharField(max_length=200)
    reason = serializers.CharField(max_length=300, help_text="Stands in the trail: why no document does it.")
    entries = EntryBody(many=True)
    example = {
        "key": "marketing-2026-01",
        "event_at": "2026-01-31T12:00:00Z",
        "description": "Advertising in January",
        "reason": "Paid in cash",
        "entries": [
            {"path": "expenses:marketing", "amount": {"amount": 1999, "currency": "EUR"}},
            {"path": "assets:bank:main", "amount": {"amount": -1999, "currency": "EUR"}},
        ],
    }


class ReversalBody(Body):
    """Taking a journal back."""

    event_at = serializers.DateTimeField(help_text="When that happened.")
    reason = serializers.CharField(max_length=200)
    example = {"event_at": "2026-02-01T12:00:00Z", "reason": "Booked twice"}


class JournalWholeReply(JournalReply):
    """A journal with its entries."""

    entries = EntryReply(many=True)
    example = JournalReply.example | {
        "entries": [
            {
                "account_id": _ACCOUNT,
                "path": "assets:bank:main",
                "amount": {"amount": 1999, "currency": "EUR"},
                "reference": "",
            },
            {
                "account_id": _JOURNAL,
                "path": "income:subscription",
                "amount": {"amount": -1999, "currency": "EUR"},
                "reference": "",
            },
        ]
    }


def account_body(row: LedgerAccount, debits: int) -> dict[str, Any]:
    """An account, with what stands on it."""
    return {
        "id": row.pk,
        "path": row.path,
        "kind": row.kind,
        "name": row.name,
        "sandbox": row.sandbox,
        "customer_id": row.customer_id,
        "balance": money_body(row.normal * debits, row.currency),
        "created_at": row.created_at,
    }


def journal_body(row: Journal) -> dict[str, Any]:
    """A journal."""
    return {name: getattr(row, name) for name in JournalReply.example}


def journal_whole(row: Journal, entries: Sequence[Entry]) -> dict[str, Any]:
    """A journal with its entries."""
    return journal_body(row) | {
        "entries": [
            {
                "account_id": entry.account_id,
                "path": entry.account.path,
                "amount": money_body(entry.amount, entry.currency),
                "reference": entry.reference,
            }
            for entry in entries
        ]
    }
