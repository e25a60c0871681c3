"""What stands on an account: now, from the stored balance; or as of a moment, from its entries."""

from dataclasses import dataclass
from datetime import datetime
from struct import Struct
from typing import Any

from django.db.models import Sum

from billing.ledger.chart import AccountRef
from billing.models.ledger import Entry
from portal.kit.postgres.base import Statement, ours

_ROW = Statement(
    "SELECT balance, pending_debit, pending_credit, version FROM billing_ledger_balance WHERE account_id = $1 AND stripe = 0"
)
_SUM = Statement(
    "SELECT sum(balance)::bigint, sum(pending_debit)::bigint, sum(pending_credit)::bigint, sum(version)::bigint "
    "FROM billing_ledger_balance WHERE account_id = $1"
)
_WHICH = Statement("SELECT id, stripes FROM billing_ledger_account WHERE path = $1 AND currency = $2")
_FOUR = Struct("!4q")
# Accounts that were read before: their id, and how to read them. Neither changes nor goes, unless what opened the account
# was rolled back; then no row answers to the id, and the path is looked up again.
_known: dict[tuple[str, str], tuple[bytes, Statement]] = {}
_MOST = 20_000


@dataclass(frozen=True, slots=True)
class Standing:
    """A balance and what holds have set aside, on the side of the account (`balance`), and how many entries made it."""

    balance: int
    pending_in: int
    pending_out: int
    version: int

    @property
    def available(self) -> int:
        """What can still be taken: what is set aside counts as gone."""
        return self.balance - self.pending_out


def balance(ref: AccountRef) -> int:
    """The balance now, in minor units, on the account's own side: what a wallet holds is above 0, as is what a customer
    owes. 0 for an account that was never posted to. Costs the same whatever its history."""
    return pending(ref).balance


def pending(ref: AccountRef) -> Standing:
    """The balance now, with what is held."""
    total, debit, credit, version = _stored(ref)
    into, out = (debit, credit) if ref.normal == 1 else (credit, debit)
    return Standing(ref.normal * total, into, out, version)


def _stored(ref: AccountRef) -> tuple[int, ...]:
    name = (ref.path, ref.currency)
    known = _known.get(name)
    if known is not None and (row := _read(known)):
        return row
    found = ours().first_row(_WHICH, [ref.path.encode(), ref.currency.encode()])
    if found is None:
        return 0, 0, 0, 0
    if len(_known) >= _MOST:
        _known.clear()
    known = _known[name] = (found[0] or b"", _ROW if found[1] == b"\0\1" else _SUM)
    return _read(known) or (0, 0, 0, 0)


def _read(known: tuple[bytes, Statement]) -> tuple[int, ...] | None:
    row = ours().first_row(known[1], (known[0],))
    return None if row is None or row[0] is None else _FOUR.unpack(b"".join(row))  # type: ignore[arg-type]


def balance_at(ref: AccountRef, event_at: datetime | None = None, recorded_at: datetime | None = None) -> int:
    """The balance of entries that had happened by `event_at` and were written by `recorded_at` (both included; None: any),
    in minor units on the account's own side."""
    wanted: dict[str, Any] = {"account__path": ref.path, "account__currency": ref.currency}
    if event_at is not None:
        wanted["event_at__lte"] = event_at
    if recorded_at is not None:
        wanted["recorded_at__lte"] = recorded_at
    total = Entry.objects.filter(**wanted).aggregate(total=Sum("amount"))["total"]
    return ref.normal * int(total or 0)
