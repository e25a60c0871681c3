"""What staff does about the money of an invoice: draft by hand, write down a transfer, give up a rest, make a link."""

import re
from uuid import uuid4

import pytest

from audit.models import Event
from billing.models import Invoice, Payment, PaymentLink, Settlement
from tests.billing.document_world import buyer, credit, draft, final, fresh, receivable
from tests.billing.payment_world import provider
from tests.factories import make_world, signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("quiet_broker")]


def test_a_transfer_is_written_down_once_and_what_is_too_much_becomes_credit() -> None:
    world = make_world()
    admin, manager = signed_in(world.admin), signed_in(world.manager)
    customer = buyer("19", name="Pier Ltd")
    invoice = final(customer, 100_00)
    page = f"/platform/invoices/{invoice.pk}"
    assert "Record payment" not in admin.get(page).content.decode(), "There is no account for it yet."
    account, other = provider("manual"), provider()
    sent = {"amount": "150.00", "account": str(account.pk), "reference": "Transfer 4711", "key": str(uuid4())}
    assert "Record payment" in admin.get(page).content.decode()
    for wrong in ({"amount": "ten"}, {"amount": "0"}, {"account": str(other.pk)}, {"reference": ""}, {"key": ""}):
        assert admin.post(f"{page}/record", sent | wrong).status_code == 422, wrong
    assert manager.post(f"{page}/record", sent).status_code == 403
    assert not Payment.objects.exists()
    for _ in range(2):
        assert admin.post(f"{page}/record", sent).status_code == 302
    made = Payment.objects.get()
    assert (made.amount, made.applied, made.reference, made.origin) == (150_00, 119_00, "Transfer 4711", "manual")
    assert (fresh(invoice).state, receivable(customer), credit(customer)) == ("paid", 0, 31_00)
    assert "Record payment" not in admin.get(page).content.decode()


def test_a_rest_is_given_up_once_and_never_more_than_is_due() -> None:
    world = make_world()
    admin = signed_in(world.admin)
    invoice = final(buyer(), 100_00)
    page, sent = f"/platform/invoices/{invoice.pk}", {"amount": "0.50", "key": str(uuid4())}
    assert admin.post(f"{page}/write-off", sent | {"amount": "100.01"}).status_code == 409
    assert admin.post(f"{page}/write-off", sent | {"amount": "-1"}).status_code == 409
    assert admin.post(f"{page}/write-off", sent | {"amount": ""}).status_code == 422
    assert signed_in(world.manager).post(f"{page}/write-off", sent).status_code == 403
    assert not Settlement.objects.exists()
    for _ in range(2):
        assert admin.post(f"{page}/write-off", sent).status_code == 302
    assert (fresh(invoice).due, fresh(invoice).written_off) == (99_50, 50)


def test_a_link_is_shown_once_leads_to_the_document_and_is_ended() -> None:
    world = make_world()
    admin = signed_in(world.admin)
    customer = buyer(name="Pier Ltd")
    invoice, waiting = final(customer, 100_00), draft(customer, 1)
    page = f"/platform/invoices/{invoice.pk}"
    assert admin.post(f"/platform/invoices/{waiting.pk}/link").status_code == 409
    before = PaymentLink.objects.count()
    shown = admin.post(f"{page}/link")
    found = re.search(r">(https?://[^<]+/pay/[^<]+)<", shown.content.decode())
    assert found is not None
    assert shown["Cache-Control"] == "no-store"
    path = "/" + found[1].split("/", 3)[3]
    token = path.rsplit("/", 1)[1]
    assert PaymentLink.objects.count() == before + 1
    assert token not in admin.get(page).content.decode()
    assert token not in str(list(Event.objects.values_list("data", "changes")))
    assert admin.get(path).status_code == 302
    assert admin.post(f"{page}/unlink").status_code == 302
    assert admin.get(path).status_code == 404


def test_an_invoice_is_drafted_by_hand_once_with_its_taxes() -> None:
    world = make_world()
    admin = signed_in(world.admin)
    customer = buyer("19", name="Pier Ltd")
    page = f"/platform/customers/{customer.pk}/invoice"
    assert signed_in(world.manager).get(page).status_code == 403
    assert page in admin.get(f"/platform/customers/{customer.pk}").content.decode()
    assert admin.get(page).status_code == 200
    sent = {
        "key": str(uuid4()),
        "tax_category": "standard",
        "memo": "Order 7",
        "description_1": "Workshop",
        "quantity_1": "1.5",
        "price_1": "333.33",
        "description_2": "Travel",
        "price_2": "20",
    }
    none = {name: "" for name in sent if name.endswith(("_1", "_2"))}
    for wrong in (none, {"price_1": "1.005"}, {"description_2": ""}, {"quantity_1": "-1"}, {"tax_category": "odd"}):
        assert admin.post(page, sent | wrong).status_code == 422, wrong
    assert not Invoice.objects.exists()
    for _ in range(2):
        assert admin.post(page, sent).status_code == 302
    made = Invoice.objects.get()
    assert (made.state, made.subtotal, made.tax, made.memo) == ("draft", 520_00, 98_80, "Order 7")
    assert made.collect is False
