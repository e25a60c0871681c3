"""Pages of the books, of companies that sell and of customers look as they should, in each state that looks different."""

from typing import Any

import pytest

from tests.browser.conftest import Gallery, OpenBrowser
from tests.browser.furnished import Furnished
from tests.browser.looks import Look, Who, look_at, press

pytestmark = pytest.mark.browser
LEDGER, ENTITY, CUSTOMER = "/platform/ledger", "/platform/legal-entities/{}", "/platform/customers/{}"


def _book(name: str) -> Who:
    return lambda all_: all_.books[name]


def owner(all_: Furnished) -> Any:
    """Who owns the large organisation, which is a customer."""
    return all_.rooms.owner


LOOKS = {
    "chart": Look(LEDGER),
    "chart, sandboxes": Look(LEDGER + "?books=sandbox", again=True),
    "trial balance": Look(LEDGER + "/reports/trial?currency=EUR"),
    "balance sheet": Look(LEDGER + "/reports/sheet?currency=EUR", again=True),
    "income statement": Look(LEDGER + "/reports/income?currency=EUR", again=True),
    "balance sheet, compared": Look(LEDGER + "/reports/sheet?currency=EUR&against=year"),
    "revenue": Look("/platform/revenue?currency=EUR"),
    "ageing": Look(LEDGER + "/ageing?currency=EUR"),
    "ageing, one customer": Look(LEDGER + "/ageing?currency=EUR&customer={}", _book("customer")),
    "proof": Look(LEDGER + "/proof"),
    "accounts": Look(LEDGER + "/accounts", again=True),
    "account": Look(LEDGER + "/accounts/{}", _book("account")),
    "account, in parts": Look(LEDGER + "/accounts/{}", _book("hot_account"), again=True),
    "journals": Look(LEDGER + "/journals", again=True),
    "journal": Look(LEDGER + "/journals/{}", _book("sale")),
    "journal, reverse": Look(LEDGER + "/journals/{}", _book("journal"), act=press("Reverse", "Reverse"), again=True),
    "journal, new": Look(LEDGER + "/journals/new"),
    "closings": Look(LEDGER + "/closings"),
    "statements": Look(LEDGER + "/statements", again=True),
    "statement, import": Look(LEDGER + "/statements/import"),
    "statement line": Look(LEDGER + "/statements/{}", _book("line")),
    "statement line, new": Look(LEDGER + "/statements/{}", _book("new_line"), again=True),
    "statement line, matched": Look(LEDGER + "/statements/{}", _book("matched_line"), again=True),
    "entities": Look("/platform/legal-entities", again=True),
    "entity": Look(ENTITY, _book("entity")),
    "entity, rates": Look(ENTITY + "?tab=rates", _book("entity")),
    "entity, rates of India": Look(ENTITY + "?tab=rates", _book("other_entity"), again=True),
    "entity, edit": Look(ENTITY + "/edit", _book("entity")),
    "customers": Look("/platform/customers", again=True),
    "customer": Look(CUSTOMER, _book("customer")),
    "customer, details": Look(CUSTOMER + "?tab=details", _book("customer")),
    "customer, no details": Look(CUSTOMER + "?tab=details", _book("plain_customer"), again=True),
    "customer, clock": Look(CUSTOMER + "?tab=clock", _book("sandbox_customer")),
    "customer, new": Look("/platform/customers/new"),
    "customer, edit": Look(CUSTOMER + "/edit", _book("customer"), again=True),
    "own, details": Look("/o/lindenfeld-research/billing/details", who=owner),
    "own, clock": Look("{}", _book("clock_home"), who=_book("clock_owner")),
}


@pytest.mark.parametrize("name", LOOKS)
def test_no_page_of_the_books_and_customers_has_an_axe_finding(
    name: str, gallery: Gallery, open_browser: OpenBrowser
) -> None:
    assert look_at(LOOKS[name], gallery, open_browser) == []
