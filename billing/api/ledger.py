"""The ledger over the API: reading it, for staff and their tools."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from rest_framework.request import Request

from billing.api.ledger_serializers import (
    AccountReply,
    JournalReply,
    JournalWholeReply,
    account_body,
    journal_body,
    journal_whole,
)
from billing.lists.ledger import accounts, journals
from billing.selectors import ledger as selectors
from portal.kit import paging
from portal.kit.api import ApiView, endpoint
from portal.kit.api.listing import parameters_of
from portal.kit.lists import List


class LedgerApi(ApiView, abstract=True):
    """What these endpoints share."""

    def page_of(self, declared: List) -> Any:
        """The page of a list, with the filters and orders of the console."""
        named = {name for name in self.asked if name not in {"cursor", "limit"}}
        chosen = declared.parse({name: self.asked[name] for name in named if self.asked[name] is not None})
        rows = declared.rows(self.actor, chosen)
        return paging.keyset(rows, self.asked["cursor"], by=declared.order(chosen), size=self.asked["limit"])


class AccountsView(LedgerApi):
    """Accounts of the ledger."""

    access = "ledger:read"

    @endpoint(items=AccountReply, query=parameters_of(accounts))
    def get(self, request: Request) -> HttpResponse:
        """List accounts with their balances, with the filters and the orders of the console."""
        page = self.page_of(accounts)
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
        page = self.page_of(journals)
        return self.listed(map(journal_body, page.items), page.next)


class JournalView(LedgerApi):
    """One journal."""

    access = "ledger:read"

    @endpoint(reply=JournalWholeReply, etag=True)
    def get(self, request: Request, journal_id: UUID) -> HttpResponse:
        """Read a journal with its entries. It never changes."""
        found = selectors.journal(self.actor, journal_id)
        return self.single(journal_whole(found, selectors.entries_of(self.actor, found)))
