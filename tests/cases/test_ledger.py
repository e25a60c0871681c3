"""The ledger: the inherited cases of lists and of the API."""

from itertools import count
from typing import Any, ClassVar

from billing.ledger.chart import bank, receivable
from billing.models import Entry, Journal, LedgerAccount, StatementLine
from billing.services.statements import statement_import
from portal.kit import context
from portal.kit.ids import uuid7
from tests.billing.ledger_world import posted, sale
from tests.cases.api import ApiCase
from tests.cases.listing import ListCase
from tests.factories import World

_numbers = count(1)


def _statement(number: int) -> None:
    rows = "".join(f"2026-03-0{1 + n % 9},1.0{n % 9},EUR,ref {n},Ann,{uuid7().hex}\n" for n in range(1, number + 1))
    with context.system("a test") as current:
        head = "date,amount,currency,reference,counterparty,id\n"
        statement_import(actor=current.actor, bank="main", text=head + rows)
    assert StatementLine.objects.count() >= number


class TestAccountList(ListCase):
    name = "billing.ledger_accounts"

    def make(self, number: int) -> None:
        for _ in range(number):
            posted((bank(f"b{uuid7().hex}", "EUR"), 10), (receivable(uuid7(), "EUR"), -10))


class TestJournalList(ListCase):
    name = "billing.journals"

    def make(self, number: int) -> None:
        for _ in range(number):
            sale(100)


class TestStatementList(ListCase):
    name = "billing.statement_lines"

    def make(self, number: int) -> None:
        _statement(number)


class TestAccounts(ApiCase):
    collection = "/api/v1/ledger/accounts"
    reader = "admin"
    models = (LedgerAccount,)

    def existing(self, world: World) -> str:
        self.make(1)
        return f"{self.collection}/{LedgerAccount.objects.order_by('pk')[0].pk}"

    def make(self, number: int) -> None:
        for _ in range(number):
            posted((bank(f"b{uuid7().hex}", "EUR"), 10), (receivable(uuid7(), "EUR"), -10))


class TestJournals(ApiCase):
    collection = "/api/v1/ledger/journals"
    reader = "admin"  # Who reads the books posts to them, too: no role has the lesser right alone.
    reader_may = frozenset({"post"})
    models = (Journal, Entry)
    valid: ClassVar[Any] = {
        "key": lambda: f"by-hand-{next(_numbers):06}",
        "event_at": "2026-03-10T12:00:00Z",
        "description": "Advertising",
        "reason": "Paid in cash",
        "entries": [
            {"path": "expenses:marketing", "amount": {"amount": 5, "currency": "EUR"}},
            {"path": "assets:bank:main", "amount": {"amount": -5, "currency": "EUR"}},
        ],
    }

    def existing(self, world: World) -> str:
        return f"{self.collection}/{sale(5).journal_id}"

    def make(self, number: int) -> None:
        for _ in range(number):
            sale(100)


class TestStatements(ApiCase):
    collection = "/api/v1/ledger/statements"
    reader = "admin"
    reader_may = frozenset({"post"})
    models = (StatementLine,)
    valid: ClassVar[Any] = {
        "bank": "main",
        "csv": lambda: f"date,amount,currency\n2026-03-01,{next(_numbers)}.00,EUR\n",
    }

    def existing(self, world: World) -> str:
        _statement(1)
        return f"{self.collection}/{StatementLine.objects.order_by('pk')[0].pk}"

    def make(self, number: int) -> None:
        _statement(number)
