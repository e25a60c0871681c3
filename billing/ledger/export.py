"""The journal as text that beancount and hledger read: opens, every entry, and what stands at the end of each month.

Both tools then check for themselves that all of it balances; a digit that changes on the way is found.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import groupby
from typing import Any

from billing.models import Entry, LedgerAccount
from portal.kit.money import Money, exponent

Balances = dict[tuple[str, str], int]


@dataclass(frozen=True)
class Moved:
    """One journal: when, what for, and (path, currency, amount) of its entries."""

    day: date
    kind: str
    text: str
    key: str
    entries: list[tuple[str, str, int]]


def lines(form: str, *, sandbox: bool = False) -> Iterator[str]:
    """The real books, or those of sandboxes, in the order of events, by days of UTC; one line at a time."""
    write = FORMATS[form]()
    accounts = list(
        LedgerAccount.objects.filter(sandbox=sandbox).order_by("path", "currency").values_list("path", "currency")
    )
    journals = _journals(sandbox)
    first = next(journals, None)
    if first is None:
        return
    yield from write.opens(accounts, first.day)
    totals: Balances = {}
    moved: set[tuple[str, str]] = set()
    month = first.day.replace(day=1)
    for journal in _chained(first, journals):
        while journal.day >= _following(month):
            yield from write.stands(_following(month), {name: totals[name] for name in sorted(moved)})
            moved, month = set(), _following(month)
        for path, currency, amount in journal.entries:
            totals[path, currency] = totals.get((path, currency), 0) + amount
            moved.add((path, currency))
        yield from write.journal(journal)
    yield from write.stands(_following(month), {name: totals[name] for name in sorted(totals)})


def _chained(first: Moved, rest: Iterator[Moved]) -> Iterator[Moved]:
    yield first
    yield from rest


def _following(month: date) -> date:
    return (month + timedelta(days=32)).replace(day=1)


def _journals(sandbox: bool) -> Iterator[Moved]:
    rows: Iterator[Any] = (
        Entry.objects.filter(journal__sandbox=sandbox)
        .order_by("event_at", "journal_id", "position")
        .values_list(
            "journal_id",
            "event_at",
            "journal__kind",
            "journal__description",
            "journal__key",
            "account__path",
            "currency",
            "amount",
        )
        .iterator(2000)
    )
    for _journal, entries in groupby(rows, key=lambda row: row[0]):
        whole = list(entries)
        at: datetime = whole[0][1]
        yield Moved(at.astimezone(UTC).date(), whole[0][2], whole[0][3], whole[0][4], [row[5:] for row in whole])


def _shown(amount: int, currency: str) -> str:
    return f"{Money(amount, currency).major:f} {currency}"


def _plain(text: str) -> str:
    return " ".join(text.replace('"', "'").replace("\\", "/").replace(";", ",").replace("|", "/").split())


class Beancount:
    """Text for bean-check."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}

    def name(self, path: str) -> str:
        """The account as beancount writes it: "assets:bad_debt" is "Assets:BadDebt"."""
        found = self._names.get(path)
        if found is None:
            parts = path.removeprefix("sandbox:").split(":")
            found = ":".join("".join(word[:1].upper() + word[1:] for word in part.split("_")) for part in parts)
            if found in self._names.values():
                raise ValueError(f"Two accounts would be called {found}.")
            self._names[path] = found
        return found

    def opens(self, accounts: list[tuple[str, str]], day: date) -> Iterator[str]:
        """Commodities, and every account with its currencies."""
        yield 'option "title" "Steward"'
        held: dict[str, list[str]] = defaultdict(list)
        for path, currency in accounts:
            held[path].append(currency)
        for currency in sorted({currency for _path, currency in accounts}):
            yield f"{day} commodity {currency}"
        for path, currencies in held.items():
            yield f"{day} open {self.name(path)} {','.join(currencies)}"

    def journal(self, journal: Moved) -> Iterator[str]:
        """One transaction; its key is its link to us."""
        yield f'\n{journal.day} * "{_plain(journal.kind)}" "{_plain(journal.text)}"'
        yield f'  key: "{_plain(journal.key)}"'
        for path, currency, amount in journal.entries:
            yield f"  {self.name(path)}  {_shown(amount, currency)}"

    def stands(self, day: date, balances: Balances) -> Iterator[str]:
        """What must stand at the start of `day`, to the last digit."""
        for (path, currency), amount in balances.items():
            number, _currency = _shown(amount, currency).split(" ")
            yield f"{day} balance {self.name(path)}  {number} ~ 0 {currency}"


class Hledger:
    """Text for hledger."""

    def opens(self, accounts: list[tuple[str, str]], _day: date) -> Iterator[str]:
        """Commodities with their decimals, and every account."""
        for currency in sorted({currency for _path, currency in accounts}):
            places = exponent(currency)
            yield f"commodity {Decimal(1000).quantize(Decimal(1).scaleb(-places))}{'' if places else '.'} {currency}"
        for path in sorted({path for path, _currency in accounts}):
            yield f"account {path}"

    def journal(self, journal: Moved) -> Iterator[str]:
        """One transaction; its key is its code."""
        yield f"\n{journal.day} * ({_plain(journal.key).replace(')', ']')}) {_plain(journal.kind)}: {_plain(journal.text)}"
        for path, currency, amount in journal.entries:
            yield f"    {path}  {_shown(amount, currency)}"

    def stands(self, day: date, balances: Balances) -> Iterator[str]:
        """What must stand at the end of the day before `day`."""
        yield f"\n{day - timedelta(days=1)} * End of the month"
        for (path, currency), amount in balances.items():
            yield f"    {path}  {_shown(0, currency)} = {_shown(amount, currency)}"


FORMATS: dict[str, Callable[[], Any]] = {"beancount": Beancount, "hledger": Hledger}
