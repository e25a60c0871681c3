"""Subscriptions, documents and payments: their pages to the eye of axe, and an invoice that is paid from the first click
to the webhook."""

from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import expect

from billing.models import Invoice, Payment, ProviderEvent, Subscription
from tests.accounts.organisation_world import make_house
from tests.billing.document_world import buyer, final
from tests.billing.money_world import seller
from tests.billing.payment_world import provider
from tests.billing.subscription_world import plan, product
from tests.browser.conftest import Console, Gallery, OpenBrowser, Tab
from tests.browser.furnished import Furnished
from tests.browser.looks import Act, Look, Who, look_at, nobody, press, unfold
from tests.factories import signed_in
from tests.waiting import wait_for

pytestmark = pytest.mark.browser
INSIDE = "/o/lindenfeld-research/billing/"
INVOICE, PAYMENT = "/platform/invoices/{}", "/platform/payments/{}"


def _of(name: str) -> Who:
    return lambda all_: all_.money[name]


def _pro(all_: Furnished) -> Any:
    return all_.plans["pro-monthly"]


def owner(all_: Furnished) -> Any:
    """Who owns the large organisation."""
    return all_.rooms.owner


def viewer_of_bills(all_: Furnished) -> Any:
    """Who may look at all of it and change nothing."""
    return all_.manager


def press_more(name: str, dialog: str) -> Act:
    """Press a button behind "More" that opens a dialog."""

    def act(tab: Tab) -> None:
        unfold("More")(tab)
        press(name, dialog)(tab)

    return act


def pay_now(tab: Tab) -> None:
    """On from the page of a link to where it is paid."""
    tab.page.get_by_role("button", name="Pay now").click()
    expect(tab.page.get_by_label("Test card number")).to_be_visible()


LOOKS = {
    "subscriptions": Look("/platform/subscriptions"),
    "subscription": Look("/platform/subscriptions/{}", _of("subscription")),
    "subscription, trial, to read": Look("/platform/subscriptions/{}", _of("trial"), viewer_of_bills, again=True),
    "subscription, timeline": Look("/platform/subscriptions/{}?tab=timeline", _of("subscription")),
    "subscription, quantity": Look("/platform/subscriptions/{}/set-quantity", _of("subscription")),
    "subscription, cancel": Look("/platform/subscriptions/{}/cancel", _of("trial"), again=True),
    "subscribe": Look("/platform/subscriptions/new", again=True),
    "subscribe, customer": Look("/platform/customers/{}/subscribe", _of("customer")),
    "import": Look("/platform/customers/import"),
    "import, checked": Look("/platform/customers/import/{}", _of("import")),
    "own plan": Look(INSIDE + "plan", who=owner),
    "own plan, change": Look(INSIDE + "plan/change-plan?plan={}", _pro, owner),
    "own plan, cancel": Look(INSIDE + "plan/cancel", who=owner, again=True),
    "invoices": Look("/platform/invoices"),
    "invoices, drafts": Look("/platform/invoices?state=draft", again=True),
    "invoice, open": Look(INVOICE, _of("open")),
    "invoice, more": Look(INVOICE, _of("open"), act=unfold("More"), again=True),
    "invoice, record": Look(INVOICE, _of("open"), act=press("Record payment", "Record a payment"), again=True),
    "invoice, note": Look(INVOICE, _of("paid"), act=press("Credit note", "Credit part"), again=True),
    "invoice, write off": Look(INVOICE, _of("late"), act=press_more("Write off", "Write off a rest"), again=True),
    "invoice, draft": Look(INVOICE, _of("draft"), again=True),
    "invoice, paid, to read": Look(INVOICE, _of("paid"), viewer_of_bills, again=True),
    "invoice, given up": Look(INVOICE, _of("uncollectible"), again=True),
    "invoice, new": Look("/platform/customers/{}/invoice", _of("customer")),
    "credit notes": Look("/platform/credit-notes", again=True),
    "own invoices": Look(INSIDE + "invoices", who=owner, again=True),
    "own invoice": Look(INSIDE + "invoices/{}", _of("paid"), owner),
    "own invoice, pay": Look(INSIDE + "invoices/{}/pay", _of("open"), owner),
    "methods": Look(INSIDE + "methods", who=owner),
    "methods, remove": Look(INSIDE + "methods", who=owner, act=press("Remove", "Remove"), again=True),
    "usage": Look(INSIDE + "usage", who=owner, again=True),
    "link": Look("/pay/{}", _of("link"), nobody),
    "link, paid": Look("/pay/{}", _of("link_paid"), nobody, again=True),
    "checkout": Look("/sandbox-checkout/{}", _of("checkout"), nobody),
    "payments": Look("/platform/payments"),
    "payment": Look(PAYMENT, _of("payment")),
    "payment, refund": Look(PAYMENT, _of("payment"), act=press("Pay back", "Pay back to"), again=True),
    "payment, begun": Look(PAYMENT, _of("begun"), again=True),
    "provider events": Look("/platform/payments/events", again=True),
    "provider event": Look("/platform/payments/events/{}", _of("event")),
    "dunning": Look("/platform/dunning", again=True),
    "dunning run": Look("/platform/dunning/{}", _of("dunning")),
    "providers": Look("/platform/payment-providers", again=True),
    "provider": Look("/platform/payment-providers/{}", _of("provider")),
    "provider, new": Look("/platform/payment-providers/new", again=True),
}


@pytest.mark.parametrize("name", LOOKS)
def test_no_page_of_bills_has_an_axe_finding(name: str, gallery: Gallery, open_browser: OpenBrowser) -> None:
    assert look_at(LOOKS[name], gallery, open_browser) == []


def test_an_owner_pays_an_open_invoice_and_the_webhook_comes_through_the_real_door(
    console: Console, open_browser: OpenBrowser
) -> None:
    provider()
    house = make_house("Harbour")
    invoice = final(buyer("19", where=house.organisation), 210_00)
    token = str(signed_in(house.owner).cookies[settings.SESSION_COOKIE_NAME].value)
    tab = open_browser(console.url, token=token)
    tab.open(house.url(f"billing/invoices/{invoice.pk}"))
    page = tab.page
    page.get_by_role("link", name="Pay", exact=True).click()
    page.get_by_role("button", name="Pay €249.90").click()
    page.get_by_label("Test card number").fill("4242 4242 4242 4242")
    page.get_by_role("button", name="Pay", exact=True).click()
    expect(page.locator("body")).to_contain_text("€249.90 arrived.")
    expect(page.locator("main .head")).to_contain_text("Paid")
    expect(page.get_by_role("link", name="Pay", exact=True)).to_have_count(0)
    assert Invoice.objects.get(pk=invoice.pk).state == "paid"
    assert Payment.objects.get().state == "succeeded"


def test_an_owner_chooses_pays_changes_downloads_cancels_and_takes_up_again(
    console: Console, working: None, open_browser: OpenBrowser
) -> None:
    provider()
    seller(regime="none")
    house, of = make_house("Harbour"), product()
    small = plan(29_00, of=of, name="Small", dunning={"retries": [1], "stages": [], "first_payment": True})
    large = plan(99_00, of=of, name="Large")
    token = str(signed_in(house.owner).cookies[settings.SESSION_COOKIE_NAME].value)
    tab = open_browser(console.url, token=token)
    page, body = tab.page, tab.page.locator("body")

    tab.open(house.url("billing/plan"))
    page.get_by_role("link", name="Choose Small").click()
    expect(body).to_contain_text("€29.00")
    page.get_by_role("button", name="Begin this plan").click()
    expect(body).to_contain_text("Your plan begins with this payment.")
    assert Subscription.objects.get().state == "incomplete"
    page.get_by_role("button", name="Pay €29.00").click()
    page.get_by_label("Test card number").fill("4242 4242 4242 4242")
    page.get_by_role("button", name="Pay", exact=True).click()
    expect(body).to_contain_text("€29.00 arrived.")
    assert Subscription.objects.get().state == "active"
    told = [("payment.succeeded", "processed")]
    wait_for(lambda: list(ProviderEvent.objects.values_list("kind", "state")) == told, what="the webhook")
    assert Payment.objects.get().state == "succeeded"
    with page.expect_download() as download:
        page.get_by_role("link", name="Download PDF").click()
    assert download.value.path().read_bytes().startswith(b"%PDF")

    tab.open(house.url("billing/plan"))
    expect(page.locator("main")).to_contain_text("Small")
    page.get_by_role("link", name="Choose Large").click()
    expect(page.get_by_role("heading", name="What this does")).to_be_visible()
    assert Subscription.objects.get().plan_version == small
    page.get_by_role("button", name="Change plan").click()
    expect(body).to_contain_text("Done: Change plan.")
    assert Subscription.objects.get().plan_version == large
    tab.open(house.url("billing/plan/cancel"))
    page.get_by_role("button", name="Cancel").click()
    expect(body).to_contain_text("Done: Cancel.")
    assert Subscription.objects.get().cancel_at is not None
    tab.open(house.url("billing/plan/reactivate"))
    page.get_by_role("button", name="Take up again").click()
    expect(body).to_contain_text("Done: Take up again.")
    found = Subscription.objects.get()
    assert (found.state, found.cancel_at) == ("active", None)
