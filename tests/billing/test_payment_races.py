"""Two doors, one payment: threads that really commit."""

import threading
from collections.abc import Callable

import pytest
from django.db import connection

from billing.models import Journal, Payment, ProviderEvent, Refund, SandboxCharge, Settlement
from billing.services import collecting
from billing.services.checkouts import checkout_return, checkout_start
from billing.services.payment_states import payment_apply
from billing.services.provider_events import provider_event_process
from billing.services.refunds import refund_apply, refund_ask, refund_create
from billing.services.sandbox import sandbox_pay, webhook_deliver
from maintenance.models import JobRun
from portal.kit import context
from tests.billing.document_world import buyer, credit, final, fresh
from tests.billing.payment_world import again, begun, card, fact, provider

pytestmark = pytest.mark.usefixtures("own_database", "quiet_broker")


def _at_once(*calls: Callable[[], object]) -> list[object]:
    """Run them at the same moment, each on a connection of its own; what they answer or raise."""
    ready = threading.Barrier(len(calls))
    found: list[object] = [None] * len(calls)

    def run(place: int, call: Callable[[], object]) -> None:
        try:
            ready.wait(timeout=30)
            with context.system("a test"):
                found[place] = call()
        except Exception as error:  # noqa: BLE001 - the test looks at it
            found[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return found


def test_h07_browser_and_webhook_at_once_are_one_posting_and_workers_charge_once() -> None:
    customer = buyer()
    card(customer)
    invoice, charged = final(customer, 90_00), final(customer, 30_00)
    payment = begun(invoice)
    actor = context.Actor("system", None, "system")

    def tell() -> object:
        return payment_apply(actor=actor, payment_id=payment.pk, fact=fact(payment, fee=1_80)).state

    assert _at_once(*[tell] * 6) == ["succeeded"] * 6
    assert Settlement.objects.filter(invoice=invoice).count() == 1
    assert Journal.objects.filter(document_kind="payment", document_id=payment.pk).count() == 1  # The fee.
    assert (fresh(invoice).due, credit(customer)) == (0, 0)

    def collect() -> object:
        done = collecting.invoice_collect(actor=actor, invoice_id=charged.pk)
        return None if done is None else done.pk

    told = _at_once(*[collect] * 4)
    assert not [one for one in told if isinstance(one, Exception)], told
    assert Payment.objects.filter(invoice=charged).count() == 1
    assert (fresh(charged).due, credit(customer)) == (0, 0)

    def refund() -> object:
        return refund_create(actor=actor, payment=again(payment), amount=90_00, key="race-refund-1", reason="race").pk

    refunds = _at_once(*[refund] * 20)
    assert len(set(refunds)) == 1, refunds
    assert (Refund.objects.count(), again(payment).refunded) == (1, 90_00)


def test_h07_the_browser_and_the_webhook_bring_one_payment_however_often_they_come_at_once() -> None:
    provider()
    invoice = final(customer := buyer(), 90_00)
    with context.system("a payer") as current:
        payment, page = checkout_start(actor=current.actor, invoice=invoice)
        sandbox_pay(token=page.url.rpartition("/")[2], number="4242424242424242")
    sent = JobRun.objects.get(name="billing.deliver_sandbox_webhook").args

    def browser() -> object:
        return checkout_return(actor=context.actor(), payment=again(payment), sent={}).state

    def webhook() -> object:
        return webhook_deliver(
            account_id=payment.account_id, event=sent["event"], kind=sent["kind"], data=dict(sent["data"])
        )

    def worker() -> object:
        event = ProviderEvent.objects.filter(event_ref=sent["event"]).first()
        return event and provider_event_process(actor=context.actor(), event_id=event.pk).state

    with context.system("a provider"):
        assert webhook() == 200
    assert _at_once(*[browser] * 7, *[webhook] * 6, *[worker] * 7) == [
        *["succeeded"] * 7,
        *[200] * 6,
        *["processed"] * 7,
    ]
    assert (Payment.objects.count(), Settlement.objects.filter(invoice=invoice).count()) == (1, 1)
    assert Journal.objects.filter(document_kind="payment", document_id=payment.pk).count() == 1  # The fee.
    assert (fresh(invoice).due, credit(customer), ProviderEvent.objects.get().repeats) == (0, 0, 6)


def test_a_refund_that_many_workers_send_goes_out_once() -> None:
    customer = buyer()
    card(customer)
    invoice = final(customer, 90_00)
    with context.system("a test") as current:
        payment = collecting.invoice_collect(actor=current.actor, invoice_id=invoice.pk)
        assert payment is not None
        made = refund_create(actor=current.actor, payment=payment, amount=40_00, key="race-refund-2", reason="race")

    def send() -> object:
        found = Refund.objects.select_related("payment__account").get(pk=made.pk)
        return refund_apply(actor=context.actor(), refund_id=made.pk, fact=refund_ask(refund=found)).state

    assert _at_once(*[send] * 10) == ["succeeded"] * 10
    assert SandboxCharge.objects.filter(ref__startswith="sbxr_").count() == 1
    assert (SandboxCharge.objects.get(ref=payment.provider_ref).refunded, again(payment).refunded) == (40_00, 40_00)
    assert (fresh(invoice).due, credit(customer)) == (0, 0)
