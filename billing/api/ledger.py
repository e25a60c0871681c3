"""The ledger over the API: reading it, for staff and their tools."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from rest_framework.request import Request

from billing.api.ledger_serializers import (
    AccountReply,
    JournalBody,
    JournalReply,
    JournalWholeReply,
    ReversalBody,
    account_body,
    journal_body,
    journal_whole,
)
from billing.errors import ledger as refusals
from billing.ledger import AccountRef, Line
from billing.lists.ledger import accounts, journals
from billing.models import Journal
from billing.selectors import ledger as selectors
from billing.services.ledger import journal_post, journal_reverse
from portal.kit.api import ApiView, endpoint, json
from portal.kit.api.listing import parameters_of, rows_of


class LedgerApi(ApiView, abstract=True):
    """What these endpoints share."""

    def made(self, journal: Journal) -> HttpResponse:
        """A journal that was posted, with its entries."""
        reply = json(journal_whole(journal, selectors.entries_of(self.actor, journal)), status=201)
        reply.headers["Location"] = f"/api/v1/ledger/journals/{journal.pk}"
        return reply


class AccountsView(LedgerApi):
    """Accounts of the ledger."""

    access = "ledger:read"

    @endpoint(items=AccountReply, query=parameters_of(accounts))
    def get(self, request: Request) -> HttpResponse:
        """List accounts with their balances, with the filters and the orders of the console."""
        page = rows_of(accounts, self.actor, self.asked)
        sums = selectors.balances(self.actor, page.items)
        return self.listed((account_body(row, sums.get(row.pk, 0)) for row in page.items), page.next)


class AccountView(LedgerApi):
    """One account."""

    access = "ledger:read"

    @endpoint(reply=AccountReply)
    def get(self, request: Request, account_id: UUID) -> HttpResponse:
        """Read an account and what stands on it now."""
        found = selectors.account(self.actor, account_id)
        return self.single(account_body(found, selectors.balances(self.actor, [found]).get(found.pk, 0)))


class JournalsView(LedgerApi):
    """Journals of the ledger."""

    access = "ledger:read"

    @endpoint(items=JournalReply, query=parameters_of(journals))
    def get(self, request: Request) -> HttpResponse:
        """List journals, with the filters and the orders of the console."""
        page = rows_of(journals, self.actor, self.asked)
        return self.listed(map(journal_body, page.items), page.next)

    @endpoint(
        access="ledger:admin",
        body=JournalBody,
        reply=JournalWholeReply,
        status=201,
        errors=(
            *(refusals.Unbalanced, refusals.LineInvalid, refusals.BooksMixed, refusals.KeyConflict),
            *(refusals.Overdrawn, refusals.PeriodClosed),
        ),
    )
    def post(self, request: Request) -> HttpResponse:
        """Post a journal by hand. The same key and content again is the same journal; another content is refused."""
        given: Any = dict(self.sent)
        lines = [
            Line(AccountRef(one["path"], one["amount"].currency), one["amount"].amount, one["reference"])
            for one in given.pop("entries")
        ]
        return self.made(journal_post(actor=self.actor, lines=lines, **given))


class JournalView(LedgerApi):
    """One journal."""

    access = "ledger:read"

    @endpoint(reply=JournalWholeReply, etag=True)
    def get(self, request: Request, journal_id: UUID) -> HttpResponse:
        """Read a journal with its entries. It never changes."""
        found = selectors.journal(self.actor, journal_id)
        return self.single(journal_whole(found, selectors.entries_of(self.actor, found)))


class JournalReversalView(LedgerApi):
    """Taking a journal back."""

    access = "ledger:admin"

    @endpoint(
        body=ReversalBody,
        reply=JournalWholeReply,
        status=201,
        errors=(refusals.ReversedAlready, refusals.PeriodClosed, refusals.Overdrawn),
    )
    def post(self, request: Request, journal_id: UUID) -> HttpResponse:
        """Post the journal that takes this one back. Both stay; it can be done once."""
        found = selectors.journal(self.actor, journal_id)
        given: Any = self.sent
        return self.made(
            journal_reverse(actor=self.actor, journal=found, event_at=given["event_at"], reason=given["reason"])
        )
