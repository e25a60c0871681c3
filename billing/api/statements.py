"""Bank statements over the API: imported, and each line matched, posted or set aside."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from rest_framework import serializers
from rest_framework.request import Request

from billing.errors import ledger as refusals
from billing.forms.ledger import MOST_BYTES
from billing.ledger import AccountRef
from billing.lists.ledger import statement_lines
from billing.models import StatementLine
from billing.models.ledger import PATH
from billing.selectors import ledger as selectors
from billing.services import statements as services
from portal.kit.api import Amount, ApiView, Body, MoneyField, Reply, endpoint, json, money_body, row_body
from portal.kit.api.listing import page_of, parameters_of

LINE = (
    *("id", "bank", Amount("amount"), "booked_on", "reference", "counterparty", "external_id", "state", "journal_id"),
    *("note", "imported_at", "settled_at"),
)
_LINE, _JOURNAL = (f"01890000-0000-7000-8000-0000000000f{number}" for number in (6, 8))
_MOMENT = "2026-01-31T08:30:00Z"
_CSV = "date,amount,currency,reference,counterparty,id\n2026-01-31,19.99,EUR,INV-2026-0001,Ann,B-1\n"


class StatementLineReply(Reply):
    """A line of a bank's statement. What the bank said never changes."""

    id = serializers.UUIDField()
    bank = serializers.CharField(help_text="Its account is assets:bank:<bank>.")
    amount = MoneyField(help_text="Above 0 what came in, below what went out.")
    booked_on = serializers.DateField()
    reference = serializers.CharField()
    counterparty = serializers.CharField()
    external_id = serializers.CharField(help_text="The bank's id of it, or a hash of what it says.")
    state = serializers.ChoiceField(choices=StatementLine.State.choices)
    journal_id = serializers.UUIDField(allow_null=True)
    note = serializers.CharField(help_text="Why the books need nothing of it.")
    imported_at = serializers.DateTimeField()
    settled_at = serializers.DateTimeField(allow_null=True)
    example = {
        "id": _LINE,
        "bank": "main",
        "amount": money_body(1999, "EUR"),
        "booked_on": "2026-01-31",
        "reference": "INV-2026-0001",
        "counterparty": "Ann",
        "external_id": "B-1",
        "state": "matched",
        "journal_id": _JOURNAL,
        "note": "",
        "imported_at": _MOMENT,
        "settled_at": _MOMENT,
    }


class StatementBody(Body):
    """A file of a bank, whole."""

    bank = serializers.SlugField(
        max_length=40, help_text="Its name in the chart of accounts: main for assets:bank:main."
    )
    csv = serializers.CharField(
        max_length=MOST_BYTES,
        trim_whitespace=False,
        help_text="Columns date, amount (major units), currency; and if there are any reference, counterparty, id.",
    )
    example = {"bank": "main", "csv": _CSV}


class ImportedReply(Reply):
    """What an import did."""

    added = serializers.IntegerField()
    known = serializers.IntegerField(help_text="Lines that were here already.")
    example = {"added": 1, "known": 0}


class MatchBody(Body):
    """The journal that a line belongs to."""

    journal_id = serializers.UUIDField()
    example = {"journal_id": _JOURNAL}


class AgainstBody(Body):
    """What a line was about, where no journal knows it yet."""

    path = serializers.RegexField(PATH, max_length=200, help_text="Such as expenses:fees:bank.")
    reference = serializers.CharField(max_length=80, required=False, allow_blank=True)
    example = {"path": "expenses:fees:bank", "reference": "January"}


class StatementNoteBody(Body):
    """Why the books need nothing of a line."""

    note = serializers.CharField(max_length=200)
    example = {"note": "Between our own accounts"}


class StatementsView(ApiView):
    """Lines of bank statements."""

    access = "ledger:read"

    @endpoint(items=StatementLineReply, query=parameters_of(statement_lines))
    def get(self, request: Request) -> HttpResponse:
        """List lines of bank statements, with the filters and the orders of the console."""
        page = page_of(statement_lines, self.actor, self.asked, *LINE)
        return self.listed((row.body for row in page.items), page.next)

    @endpoint(
        access="ledger:admin",
        body=StatementBody,
        reply=ImportedReply,
        status=201,
        errors=(refusals.StatementUnreadable,),
    )
    def post(self, request: Request) -> HttpResponse:
        """Import a file whole, or nothing of it. A line that is here already is not imported again."""
        done = services.statement_import(actor=self.actor, bank=self.sent["bank"], text=self.sent["csv"])
        return json({"added": done.added, "known": done.known}, status=201)


class StatementBase(ApiView, abstract=True):
    """What the endpoints of one line share."""

    def line(self, line_id: UUID) -> StatementLine:
        """The line of the address; `NotFound`."""
        return selectors.statement_line(self.actor, line_id)

    def told(self, line: StatementLine) -> HttpResponse:
        """The reply of a line."""
        return self.single(row_body(line, LINE))


class StatementLineView(StatementBase):
    """One line of a bank statement."""

    access = "ledger:read"

    @endpoint(reply=StatementLineReply, etag=True)
    def get(self, request: Request, line_id: UUID) -> HttpResponse:
        """Read a line."""
        return self.told(self.line(line_id))


class StatementMatchView(StatementBase):
    """Matching a line."""

    access = "ledger:admin"

    @endpoint(body=MatchBody, reply=StatementLineReply, errors=(refusals.StatementLineSettled, refusals.JournalDiffers))
    def post(self, request: Request, line_id: UUID) -> HttpResponse:
        """Match a line with a journal that moved its amount on its bank account, and that no other line has."""
        line, journal = self.line(line_id), selectors.journal(self.actor, self.sent["journal_id"])
        return self.told(services.statement_line_match(actor=self.actor, line=line, journal=journal))


class StatementPostView(StatementBase):
    """Posting a line."""

    access = "ledger:admin"

    @endpoint(
        body=AgainstBody,
        reply=StatementLineReply,
        errors=(refusals.StatementLineSettled, refusals.LineInvalid, refusals.PeriodClosed, refusals.Overdrawn),
    )
    def post(self, request: Request, line_id: UUID) -> HttpResponse:
        """Post what a line says: its bank account against another. The line is matched with the journal."""
        line, given = self.line(line_id), dict(self.sent)
        against = AccountRef(given.pop("path"), line.currency)
        return self.told(services.statement_line_post(actor=self.actor, line=line, against=against, **given))


class StatementIgnoreView(StatementBase):
    """Setting a line aside."""

    access = "ledger:admin"

    @endpoint(body=StatementNoteBody, reply=StatementLineReply, errors=(refusals.StatementLineSettled,))
    def post(self, request: Request, line_id: UUID) -> HttpResponse:
        """Set a line aside: the books need nothing of it, for the reason given. That cannot be undone."""
        done: Any = services.statement_line_ignore(actor=self.actor, line=self.line(line_id), note=self.sent["note"])
        return self.told(done)
