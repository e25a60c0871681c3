"""The ledger's console: what it shows, and what staff do there."""

import re
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote
from uuid import UUID

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import User
from audit.models import Event
from billing.ledger import balance
from billing.ledger.chart import bank, expense, income, receivable, tax, wallet
from billing.models import Closing, Entry, Journal, LedgerAccount, LedgerBalance, StatementLine
from billing.selectors import totals
from portal.kit import clock
from portal.kit.ids import uuid7
from tests.accounts.organisation_world import make_house
from tests.billing.ledger_world import ANN, BOB, DAY, posted, sale
from tests.billing.money_world import customer_of
from tests.factories import World, actor_of

pytestmark = pytest.mark.django_db
Browser = Callable[[User], Client]
BASE = "/platform/ledger"


def a_book() -> None:
    """Two customers, income with tax, a wallet, an expense, all of March; another currency."""
    for who in (ANN, BOB):
        posted((receivable(who, "EUR"), 11_900), (income("subscription", "EUR"), -10_000), (tax("DE19", "EUR"), -1_900))
    posted((bank("main", "EUR"), 50_000), (wallet(ANN, "EUR"), -50_000))
    posted((expense("marketing", "EUR"), 2_500), (bank("main", "EUR"), -2_500), event_at=DAY + timedelta(days=40))
    sale(7, "JPY")


def test_the_chart_shows_every_group_with_customers_rolled_up(world: World, browser_of: Browser) -> None:
    a_book()
    page = browser_of(world.admin).get(BASE, {"currency": "EUR"}).content.decode()
    for text in ("2 customers", "€238.00", "€475.00", "€713.00", "Prepaid", "€25.00"):
        assert text in page, text
    assert "¥7" in browser_of(world.admin).get(BASE, {"currency": "JPY"}).content.decode()
    assert "Nothing is posted yet" in browser_of(world.admin).get(BASE, {"books": "sandbox"}).content.decode()


@pytest.mark.parametrize("kinds", [(), ("asset",), ("income", "expense")])
def test_totals_are_the_same_from_either_end(
    world: World, monkeypatch: pytest.MonkeyPatch, kinds: tuple[Any, ...]
) -> None:
    a_book()
    actor = actor_of(world.admin)

    def read(until: datetime | None = None) -> list[tuple[str, int, int]]:
        found = totals.totals(actor, "EUR", until=until, kinds=kinds)
        return [(one.account.path if one.account else one.sort, one.amount, one.accounts) for one in found]

    def told(later: int) -> list[list[tuple[str, int, int]]]:
        monkeypatch.setattr(totals, "LATER", later)
        return [read(DAY + timedelta(days=days)) for days in (-1, 0, 1, 40, 41, 400)]

    from_now, from_the_beginning = told(100), told(-1)
    assert from_now == from_the_beginning
    assert [bool(each) for each in from_now[:3]] == [False, False, True]
    assert from_now[-1] == read()
    assert len({str(each) for each in from_now}) >= 2


def test_customers_of_one_sort_are_a_row_for_each_side(world: World, browser_of: Browser) -> None:
    a_book()
    posted((bank("main", "EUR"), 20_000), (receivable(ANN, "EUR"), -20_000))
    found = totals.totals(actor_of(world.admin), "EUR")
    owed = [(one.amount, one.accounts, one.account) for one in found if one.sort == "receivable"]
    assert sorted(owed, key=str) == [(-8_100, 1, None), (11_900, 1, None)]
    assert sum(one.amount for one in found) == 0
    stored = Counter[UUID]()
    for row in LedgerBalance.objects.filter(account__currency="EUR", account__customer_id=None):
        stored[row.account_id] += row.balance
    assert {one.account.pk: one.amount for one in found if one.account} == {
        key: sum_ for key, sum_ in stored.items() if sum_
    }
    page = browser_of(world.admin).get(f"{BASE}/reports/trial", {"currency": "EUR"}).content.decode()
    assert ("€119.00" in page, "€81.00" in page, page.count("1 customer")) == (True, True, 3)
    sheet = browser_of(world.admin).get(f"{BASE}/reports/sheet", {"currency": "EUR"}).content.decode()
    assert "€38.00" in sheet


def test_reports_of_any_day_and_time(world: World, browser_of: Browser) -> None:
    a_book()
    client = browser_of(world.admin)

    def report(name: str, **query: str) -> str:
        reply = client.get(f"{BASE}/reports/{name}", {"currency": "EUR", **query})
        assert reply.status_code == 200
        return reply.content.decode()

    assert "Both sides are equal" in report("trial", to="2026-12-31")
    march, later = report("sheet", to="2026-03-31"), report("sheet", to="2026-12-31")
    assert ("€738.00" in march, "€713.00" in later) == (True, True)
    assert "€200.00" in report("income", **{"from": "2026-03-01", "to": "2026-03-31"})
    assert "€175.00" in report("income", **{"from": "2026-03-01", "to": "2026-12-31"})
    assert "-€25.00" in report("income", **{"from": "2026-04-01", "to": "2026-12-31"})
    assert client.get(f"{BASE}/reports/other").status_code == 404
    assert "has something to say" in client.get(f"{BASE}/reports/sheet", {"books": "sandbox"}).content.decode()
    assert report("trial", to="nonsense")


def test_an_account_shows_its_entries_page_by_page_with_the_running_balance(world: World, browser_of: Browser) -> None:
    there = receivable(ANN, "EUR")
    for n in range(1, 56):
        posted((there, n), (income("usage", "EUR"), -n))
    client, row = browser_of(world.admin), LedgerAccount.objects.get(path=there.path)
    address = f"{BASE}/accounts/{row.pk}"
    first = client.get(address).content.decode()
    assert "€15.40" in first
    assert "€0.03" not in first
    oldest = Entry.objects.filter(account=row).order_by("-id")[49].pk
    assert "€0.03" in client.get(address, {"before": oldest}).content.decode()
    for wrong in ("x", "-1", "9" * 30):
        assert client.get(address, {"before": wrong}).status_code == 400
    hot = LedgerAccount.objects.get(path="income:usage")
    assert "kept in parts" in client.get(f"{BASE}/accounts/{hot.pk}").content.decode()


def _journal(**values: Any) -> dict[str, Any]:
    return {
        "key": str(uuid7()),
        "happened_on": "2026-03-05",
        "currency": "EUR",
        "description": "Advertising",
        "reason": "No document",
        "account_1": "expenses:marketing",
        "debit_1": "12.50",
        "account_2": "assets:bank:main",
        "credit_2": "12.50",
        **values,
    }


def test_staff_posts_a_journal_once_however_often_it_is_sent(world: World, browser_of: Browser) -> None:
    client, sent = browser_of(world.admin), _journal()
    assert client.get(f"{BASE}/journals/new").status_code == 200
    replies = [client.post(f"{BASE}/journals/new", sent) for _ in range(2)]
    assert [reply.status_code for reply in replies] == [302, 302]
    assert replies[0]["Location"] == replies[1]["Location"]
    assert balance(expense("marketing", "EUR")) == 1250
    assert Event.objects.filter(code="billing.journal.posted").count() == 1
    assert "Advertising" in client.get(replies[0]["Location"]).content.decode()


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"credit_2": "12.49"}, "as much on one side"),
        ({"debit_1": "12.505"}, "no more decimals"),
        ({"debit_1": "-3"}, "above 0"),
        ({"credit_1": "1"}, "either a debit or a credit"),
        ({"account_1": "Marketing"}, "such as expenses:marketing"),
        ({"currency": "JPY"}, "no more decimals"),
        ({"account_2": "sandbox:assets:bank:main"}, "accounts of one kind of books"),
        ({"account_1": "liabilities:wallet:new", "debit_1": ""}, "either a debit or a credit"),
    ],
)
def test_a_journal_that_is_not_right_says_so_beside_the_field(
    values: dict[str, str], text: str, world: World, browser_of: Browser
) -> None:
    reply = browser_of(world.admin).post(f"{BASE}/journals/new", _journal(**values))
    assert reply.status_code == 422
    assert text in reply.content.decode()
    assert not Journal.objects.exists()


def test_a_journal_is_reversed_once_from_its_page(world: World, browser_of: Browser) -> None:
    done, client = sale(1000), browser_of(world.admin)
    page = f"{BASE}/journals/{done.journal_id}"
    assert client.post(f"{page}/reverse", {"happened_on": "", "reason": ""}).status_code == 422
    reply = client.post(f"{page}/reverse", {"happened_on": "2026-03-09", "reason": "Wrong amount"})
    assert reply.status_code == 302
    assert "Reversed by" in client.get(page).content.decode()
    assert balance(bank("main", "EUR")) == 0
    again = client.post(f"{page}/reverse", {"happened_on": "2026-03-09", "reason": "Again"})
    assert (again.status_code, Journal.objects.count()) == (409, 2)
    assert Event.objects.filter(code="billing.journal.reversed").count() == 1


def test_closing_from_the_page_and_what_it_then_refuses(world: World, browser_of: Browser) -> None:
    client = browser_of(world.admin)
    assert "All of the books are open" in client.get(f"{BASE}/closings").content.decode()
    tomorrow = (clock.now() + timedelta(days=1)).date().isoformat()
    assert client.post(f"{BASE}/closings", {"do": "close", "until": tomorrow, "reason": "x"}).status_code == 422
    assert client.post(f"{BASE}/closings", {"do": "close", "until": "", "reason": ""}).status_code == 422
    assert client.post(f"{BASE}/closings", {"do": "other"}).status_code == 400
    assert client.post(f"{BASE}/closings", {"do": "close", "until": "2026-03-31", "reason": "March"}).status_code == 302
    refused = client.post(f"{BASE}/journals/new", _journal())
    assert (refused.status_code, Journal.objects.exists()) == (409, False)
    assert client.post(f"{BASE}/closings", {"do": "reopen", "until": "2026-04-30", "reason": "no"}).status_code == 409
    assert client.post(f"{BASE}/closings", {"do": "reopen", "until": "2026-02-28", "reason": "Late"}).status_code == 302
    assert client.post(f"{BASE}/journals/new", _journal()).status_code == 302
    assert Closing.objects.count() == 2
    assert Event.objects.filter(code__startswith="billing.period.").count() == 2


def test_a_statement_is_imported_and_its_lines_are_matched_posted_and_set_aside(
    world: World, browser_of: Browser
) -> None:
    done, client = sale(2000), browser_of(world.admin)
    text = (
        "date,amount,currency,reference,counterparty,id\n2026-03-02,20.00,EUR,one,Ann,b1\n"
        "2026-03-03,-1.50,EUR,fee,Bank,b2\n2026-03-03,0.01,EUR,test,Bank,b3\n"
    )

    def send(whole: bytes) -> Any:
        return client.post(f"{BASE}/statements/import", {"bank": "main", "file": SimpleUploadedFile("s.csv", whole)})

    assert '<option value="main">' in client.get(f"{BASE}/statements/import").content.decode()
    assert send(b"date,amount\n").status_code == 422
    assert client.post(f"{BASE}/statements/import", {"bank": "main"}).status_code == 422
    assert send(text.encode()).status_code == 302
    one, fee, odd = (f"{BASE}/statements/{line.pk}" for line in StatementLine.objects.order_by("external_id"))
    assert str(done.journal_id) in client.get(one).content.decode()
    assert client.post(f"{one}/match", {"journal": str(done.journal_id)}).status_code == 302
    assert client.post(f"{one}/match", {"journal": str(done.journal_id)}).status_code == 409
    assert client.post(f"{fee}/post", {"path": "Fees"}).status_code == 422
    assert client.post(f"{fee}/post", {"path": "expenses:fees:bank", "reference": "fee"}).status_code == 302
    assert client.post(f"{odd}/ignore", {"note": ""}).status_code == 422
    assert client.post(f"{odd}/ignore", {"note": "A test of the bank"}).status_code == 302
    assert "A test of the bank" in client.get(odd).content.decode()
    assert sorted(StatementLine.objects.values_list("state", flat=True)) == ["ignored", "matched", "matched"]
    assert balance(bank("main", "EUR")) == 1850


def test_who_may_not_post_sees_no_button_and_is_refused(world: World, browser_of: Browser) -> None:
    done = sale(1000)
    for who in (world.manager, world.clerk, world.stranger):
        client = browser_of(who)
        for address in (BASE, f"{BASE}/journals/{done.journal_id}", f"{BASE}/reports/trial", f"{BASE}/closings"):
            assert client.get(address).status_code == 403
        assert client.post(f"{BASE}/journals/new", _journal()).status_code == 403
        assert client.post(f"{BASE}/closings", {"do": "close", "until": "2026-03-31", "reason": "x"}).status_code == 403
    assert Journal.objects.count() == 1
    assert not Closing.objects.exists()


def test_search_finds_a_customers_accounts(world: World, browser_of: Browser) -> None:
    a_book()
    page = browser_of(world.admin).get(f"{BASE}/accounts?q={quote('receivable')}").content.decode()
    assert page.count("assets:receivable") >= 2
    assert "income:subscription" not in page


def test_the_account_of_a_customer_names_it_and_only_its_entry_of_the_navigation_is_current(
    world: World, browser_of: Browser
) -> None:
    buyer = customer_of(make_house("Meadow").organisation)
    posted((receivable(buyer.pk, "EUR"), 100), (income("usage", "EUR"), -100))
    row = LedgerAccount.objects.get(path=receivable(buyer.pk, "EUR").path)
    client = browser_of(world.admin)
    page = client.get(f"{BASE}/accounts/{row.pk}").content.decode()
    assert f'href="/platform/customers/{buyer.pk}"' in page
    assert "Meadow" in page
    for address, name in ((f"{BASE}/accounts", BASE), (f"{BASE}/journals/new", f"{BASE}/journals")):
        page = client.get(address).content.decode()
        assert re.findall(r'<a href="([^"]+)" aria-current="page">', page) == [name]
