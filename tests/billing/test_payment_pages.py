"""Paying as people do it: the invoice, the sandbox's page, the webhook through the real door, the way back."""

from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import User
from audit.models import Event
from billing.errors.payments import MethodGone
from billing.models import Dispute, Payment, PaymentMethod, ProviderAccount, ProviderEvent, SandboxCharge
from billing.services import reconciling
from billing.services.methods import method_prefer
from billing.services.payment_links import payment_link_create
from portal.kit import context
from portal.kit.services import writing
from tests.accounts.organisation_world import House, make_house
from tests.billing.api_world import called
from tests.billing.document_world import buyer, final, fresh, receivable
from tests.billing.payment_world import again, begun, card, clearing, fact, payment_data, provider, told, worked
from tests.factories import World, signed_in

Browser = Callable[[User], Client]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("quiet_broker")]


@pytest.fixture
def house() -> House:
    """An organisation that pays by the sandbox."""
    provider()
    return make_house("Payer")


def _to_the_checkout(client: Client, house: House, invoice_id: object, **sent: str) -> str:
    reply = client.post(house.url(f"billing/invoices/{invoice_id}/pay"), sent)
    assert reply.status_code == 302, reply.content[:400]
    address = str(reply["Location"])
    assert address.startswith("/sandbox-checkout/")
    return address


def test_an_open_invoice_is_paid_on_the_sandboxs_page_and_told_by_the_real_door(
    house: House, browser_of: Browser
) -> None:
    customer = buyer(where=house.organisation)
    invoice = final(customer, 249_95)
    client = browser_of(house.owner)
    assert b"249.95" in client.get(house.url("billing/methods")).content
    assert client.get(house.url(f"billing/invoices/{invoice.pk}/pay")).status_code == 200
    page = _to_the_checkout(client, house, invoice.pk, save_method="on")
    payer = Client()  # The page knows nobody.
    assert "4242 4242 4242 4242" in payer.get(page).content.decode()
    assert payer.post(page, {"do": "pay", "number": "4111111111111111"}).status_code == 422
    back = payer.post(page, {"do": "pay", "number": "4242 4242 4242 4242"})["Location"]
    assert fresh(invoice).due == 249_95, "Nothing is paid before the webhook or the way back."
    assert worked()[-2:] == ["billing.deliver_sandbox_webhook", "billing.process_provider_event"]
    assert (fresh(invoice).state, receivable(customer)) == ("paid", 0)
    assert clearing(customer) == 249_95 - 4_99
    reply = client.get(back, follow=True)
    assert "arrived" in reply.content.decode()
    assert Payment.objects.get().state == "succeeded"
    assert PaymentMethod.objects.get().is_default
    assert payer.post(page, {"do": "pay", "number": "4242424242424242"}).status_code == 404, "A page is used once."
    assert Event.objects.filter(code="billing.payment.succeeded").count() == 1


def test_a_card_that_asks_for_a_confirmation_and_one_that_is_disputed_later(house: House, browser_of: Browser) -> None:
    customer = buyer(where=house.organisation)
    first, second = final(customer, 10_00), final(customer, 20_00)
    client = browser_of(house.owner)
    page = _to_the_checkout(client, house, first.pk)
    assert client.post(page, {"do": "pay", "number": "4000002500003155"})["Location"] == page
    assert "bank asks" in client.get(page).content.decode()
    client.post(page, {"do": "refuse"})
    worked()
    assert Payment.objects.get().failure_code == "authentication_failed"
    page = _to_the_checkout(client, house, first.pk)
    client.post(page, {"do": "leave"})
    worked()
    assert Payment.objects.latest("id").state == "cancelled"
    page = _to_the_checkout(client, house, second.pk)
    client.post(page, {"do": "pay", "number": "4000 0000 0000 0259"})
    worked()
    assert (Dispute.objects.get().state, fresh(second).due) == ("open", 20_00)
    data = {"id": Dispute.objects.get().provider_ref, "payment": Payment.objects.latest("id").provider_ref}
    told("dispute.lost", data | {"amount": 20_00, "currency": "EUR"})
    worked()
    assert Dispute.objects.get().state == "lost"


def test_a_card_is_added_made_the_default_and_removed(house: House, browser_of: Browser) -> None:
    customer = buyer(where=house.organisation)
    client = browser_of(house.owner)
    old = card(customer)
    page = client.post(house.url("billing/methods"))["Location"]
    client.post(page, {"do": "pay", "number": "4000000000000341"})
    worked()
    new = PaymentMethod.objects.exclude(pk=old.pk).get()
    assert (old.is_default, new.is_default) == (True, False)
    client.post(house.url(f"billing/methods/{new.pk}/prefer"))
    client.post(house.url(f"billing/methods/{new.pk}/remove"), follow=True)
    assert list(PaymentMethod.objects.order_by("created_at").values_list("is_default", flat=True)) == [True, False]
    assert "0341" not in client.get(house.url("billing/methods")).content.decode()
    gone = PaymentMethod.objects.get(pk=new.pk)
    with context.system("a test") as current, pytest.raises(MethodGone):
        method_prefer(actor=current.actor, method=gone)
    codes = Event.objects.filter(target_id=new.pk).order_by("id").values_list("code", flat=True)
    assert list(codes) == ["billing.method.added", "billing.method.preferred", "billing.method.removed"]


def test_who_may_only_look_neither_pays_nor_removes(house: House, browser_of: Browser) -> None:
    customer = buyer(where=house.organisation)
    invoice, method = final(customer, 10_00), card(customer)
    client = browser_of(house.admin)
    assert client.get(house.url("billing/methods")).status_code == 200
    for rest in (f"billing/invoices/{invoice.pk}/pay", f"billing/methods/{method.pk}/remove", "billing/methods"):
        assert client.post(house.url(rest)).status_code == 403
    assert browser_of(house.viewer).get(house.url("billing/methods")).status_code == 403
    other = make_house("Other")
    for rest in (f"billing/invoices/{invoice.pk}/pay", f"billing/methods/{method.pk}/remove"):
        assert browser_of(other.owner).post(other.url(rest)).status_code == 404
    assert not SandboxCharge.objects.exists()
    assert not Payment.objects.exists()
    with context.system("a test"), writing():
        ProviderAccount.objects.update(is_active=False)
    for where in (house.url(f"billing/invoices/{invoice.pk}/pay"), house.url("billing/methods")):
        refused = browser_of(house.owner).post(where)
        assert refused.status_code == 409
        assert "There is no way to pay yet" in refused.content.decode()


def test_staff_sees_pays_back_replays_and_sets_up(house: House, world: World, browser_of: Browser) -> None:
    customer = buyer(where=house.organisation)
    card(customer)
    invoice = final(customer, 60_00)
    payment = begun(invoice)
    told("payment.succeeded", payment_data(payment))
    client = browser_of(world.admin)
    event = ProviderEvent.objects.get()
    shown = client.get(f"/platform/payments/events/{event.pk}").content.decode()
    assert "payment.succeeded" in shown
    client.post(f"/platform/payments/events/{event.pk}/replay")
    assert again(payment).state == "succeeded"
    assert client.post(f"/platform/payments/events/{event.pk}/replay").status_code == 409
    for rest in ("payments", "payments/events", "dunning", "payment-providers", f"payments/{payment.pk}"):
        assert client.get(f"/platform/{rest}").status_code == 200, rest
    sent = {"amount": "10.00", "reason": "Too late", "credit_note": "on", "key": "page-refund-1"}
    for _ in range(2):
        assert client.post(f"/platform/payments/{payment.pk}/refund", sent).status_code == 302
    assert again(payment).refunded == 10_00
    assert (
        client.post(
            f"/platform/payments/{payment.pk}/refund", sent | {"amount": "999", "key": "page-refund-2"}
        ).status_code
        == 409
    )
    made = client.post(
        "/platform/payment-providers/new", {"provider": "manual", "label": "Bank", "code": "bank", "live": "on"}
    )
    where = str(made["Location"])
    assert client.get(where).status_code == 200
    assert (
        client.post(f"{where}/edit", {"label": "House bank", "is_default": "on", "is_active": "on"}).status_code == 302
    )
    assert client.post(f"{where}/secret", {"kind": "api", "secret": "0123456789abcdef"}).status_code == 302
    assert "0123456789abcdef" not in client.get(where).content.decode()
    assert client.post(f"{where}/test").status_code == 409
    assert client.post(f"/platform/payment-providers/{provider().pk}/test").status_code == 302
    worked()
    assert ProviderEvent.objects.filter(kind="test.sent", state="ignored").count() == 1


def test_a_test_webhook_is_sent_over_the_api(world: World) -> None:
    sandbox = provider()
    path = f"payment-providers/{sandbox.pk}/test"
    assert called(signed_in(world.manager), "POST", path)[0] == 403
    status, sent = called(signed_in(world.admin), "POST", path)
    assert status == 202, sent
    worked()
    found = ProviderEvent.objects.get(event_ref=sent["event_ref"])
    assert (found.kind, found.state) == ("test.sent", "ignored")
    assert Event.objects.filter(code="billing.provider.tested").count() == 1
    by_hand = provider("manual")
    refused = called(signed_in(world.admin), "POST", f"payment-providers/{by_hand.pk}/test")
    assert (refused[0], refused[1]["code"]) == (409, "billing.not_the_sandbox")


def test_the_comparison_of_the_night_repairs_what_a_lost_webhook_told(house: House, browser_of: Browser) -> None:
    customer = buyer(where=house.organisation)
    paid, other = final(customer, 10_00), final(customer, 20_00)
    client = browser_of(house.owner)
    page = _to_the_checkout(client, house, paid.pk)
    client.post(page, {"do": "pay", "number": "4242424242424242"})
    account, wrong = provider(), begun(other)
    with context.system("a test") as current:
        facts = reconciling.facts_ask(account=account)
        strange = fact(wrong, ref="sbxp_strange", checkout_ref="", reference="")
        differs = fact(wrong, amount=1)
        found = reconciling.facts_compare(actor=current.actor, account=account, facts=[*facts, strange, differs])
        twice = reconciling.facts_compare(actor=current.actor, account=account, facts=facts)
    assert (found.repaired, found.unknown, found.flagged, twice.repaired) == (1, 1, 1, 0)
    assert (fresh(paid).due, fresh(other).due) == (0, 20_00)
    assert again(wrong).flag
    worked()
    assert Payment.objects.filter(state="succeeded").count() == 1


def test_who_has_a_link_pays_without_an_account_and_comes_back_to_its_page(house: House) -> None:
    customer = buyer("19", where=house.organisation)
    invoice, other = final(customer, 100_00), final(customer, 7_00)
    with context.system("a test") as current:
        address = payment_link_create(actor=current.actor, invoice=invoice)
    payer, stranger = Client(), Client()
    assert stranger.post("/pay/start").status_code == 404
    assert not Payment.objects.exists()
    payer.get("/" + address.split("/", 3)[3])
    assert b'action="/pay/start"' in payer.get("/pay").content
    page = payer.post("/pay/start")["Location"]
    back = payer.post(page, {"do": "pay", "number": "4000 0000 0000 0002"})["Location"]
    reply = payer.get(back, follow=True)
    assert reply.redirect_chain == [("/pay", 302)]
    assert "The payment was not made." in reply.content.decode()
    assert fresh(invoice).due == 119_00
    page = payer.post("/pay/start")["Location"]
    back = payer.post(page, {"do": "pay", "number": "4242 4242 4242 4242"})["Location"]
    assert stranger.get(back).status_code == 404
    shown = payer.get(back, follow=True).content.decode()
    assert "arrived" in shown
    assert "Nothing is left to pay" in shown
    worked()
    assert (fresh(invoice).state, fresh(other).state, receivable(customer)) == ("paid", "open", 8_33)
    assert not PaymentMethod.objects.exists(), "The card of who pays another's bill is not kept."
    assert Payment.objects.filter(state="succeeded").count() == 1
    assert payer.post("/pay/start").status_code == 409
    foreign = begun(other)
    assert payer.get(f"/pay/back/{foreign.pk}").status_code == 404


def test_a_link_leads_to_a_transfer_and_says_where_nothing_is_set_up(house: House) -> None:
    invoice = final(buyer(where=house.organisation, seller_values={"iban": "DE89370400440532013000"}), 42_00)
    with context.system("a test") as current:
        address = payment_link_create(actor=current.actor, invoice=invoice)
    payer = Client()
    payer.get("/" + address.split("/", 3)[3])
    with context.system("a test"), writing():
        ProviderAccount.objects.update(is_active=False)
    refused = payer.post("/pay/start")
    assert (refused.status_code, Payment.objects.count()) == (409, 0)
    assert "There is no way to pay yet" in refused.content.decode()
    provider("manual")
    reply = payer.post("/pay/start")
    assert reply.status_code == 200
    assert "DE89370400440532013000" in reply.content.decode()
    assert str(invoice.number) in reply.content.decode()
