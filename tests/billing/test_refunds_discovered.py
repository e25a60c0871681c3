"""Refunds that somebody made on a provider's own page: its webhooks bring them into payment, ledger and customer once."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from audit.models import Event
from billing.models import CreditNote, Customer, Journal, Payment, ProviderAccount, ProviderEvent, Refund
from billing.providers.base import PaymentFact, RefundFact, signed
from billing.services.payment_states import payment_apply
from billing.services.provider_accounts import provider_secret_set
from billing.services.provider_events import fact_apply
from portal.kit import clock, context
from portal.kit.models import OutboundMessage
from portal.kit.services import writing
from tests.billing.document_world import buyer, credit, final, fresh, receivable
from tests.billing.payment_world import again, begun, card, clearing, collected, payment_data, provider, told, worked

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("quiet_broker")]
SECRET = "the-secret-of-their-webhooks"
Told = Callable[[str, int, str], tuple[bytes, dict[str, str]]]


def _stripe(ref: str, amount: int, state: str) -> tuple[bytes, dict[str, str]]:
    """As Stripe tells of a refund from its dashboard: `refund.created`, then `refund.updated`; no metadata."""
    seconds = int(clock.now().timestamp())
    kind = "refund.updated" if state == "succeeded" else "refund.created"
    refund = {
        "id": ref,
        "object": "refund",
        "amount": amount,
        "currency": "eur",
        "payment_intent": "pi_1",
        "charge": "ch_1",
        "reason": "requested_by_customer",
        "metadata": {},
        "status": state,
    }
    event = {
        "id": f"evt_{ref}_{state}",
        "object": "event",
        "type": kind,
        "created": seconds,
        "data": {"object": refund},
    }
    body = json.dumps(event).encode()
    return body, {"Stripe-Signature": f"t={seconds},v1={signed(SECRET, f'{seconds}.'.encode() + body)}"}


def _razorpay(ref: str, amount: int, state: str) -> tuple[bytes, dict[str, str]]:
    """As Razorpay tells of a refund from its dashboard: `refund.created` with its payment, then `refund.processed`."""
    status = {"pending": "pending", "succeeded": "processed", "failed": "failed"}[state]
    refund = {
        "id": ref,
        "entity": "refund",
        "amount": amount,
        "currency": "EUR",
        "payment_id": "pi_1",
        "notes": [],
        "status": status,
    }
    payment = {
        "id": "pi_1",
        "entity": "payment",
        "amount": 100_00,
        "currency": "EUR",
        "status": "captured",
        "amount_refunded": amount,
    }
    event = {
        "entity": "event",
        "event": "refund.created" if state == "pending" else f"refund.{status}",
        "contains": ["refund", "payment"],
        "payload": {"refund": {"entity": refund}, "payment": {"entity": payment}},
        "created_at": int(clock.now().timestamp()),
    }
    body = json.dumps(event).encode()
    return body, {"X-Razorpay-Signature": signed(SECRET, body), "X-Razorpay-Event-Id": f"evt_{ref}_{state}"}


def _account(kind: str) -> ProviderAccount:
    account = provider(kind)
    with context.system("a test") as current:
        provider_secret_set(actor=current.actor, account=account, kind="webhook", secret=SECRET)
        provider_secret_set(actor=current.actor, account=account, kind="api", secret="key-of-this-test")
    return account


def _paid(customer: Customer, account: ProviderAccount) -> Payment:
    """100 euros of an invoice, paid at the provider as pi_1."""
    invoice = final(customer, 100_00)
    with context.system("a test") as current, writing():
        payment = Payment.objects.create(
            organisation_id=customer.organisation_id,
            customer=customer,
            invoice=invoice,
            account=account,
            provider=account.provider,
            key=f"checkout:{account.provider}",
            origin="checkout",
            checkout_ref="cs_1",
            amount=100_00,
            currency="EUR",
            event_at=clock.now(),
        )
        fact = PaymentFact(ref="pi_1", state="succeeded", amount=100_00, currency="EUR", checkout_ref="cs_1")
        return payment_apply(actor=current.actor, payment_id=payment.pk, fact=fact)


def _post(account: ProviderAccount, sent: tuple[bytes, dict[str, str]]) -> Any:
    body, headers = sent
    path = f"/webhooks/{account.provider}/{account.code}"
    return Client().post(path, body, content_type="application/json", headers=headers)


@pytest.mark.parametrize(("kind", "say"), [("stripe", _stripe), ("razorpay", _razorpay)])
@pytest.mark.parametrize("order", [("succeeded",), ("pending", "succeeded"), ("succeeded", "pending", "succeeded")])
def test_a_refund_made_at_the_provider_is_posted_once_in_any_order(
    kind: str, say: Told, order: tuple[str, ...]
) -> None:
    account = _account(kind)
    customer = buyer(email="pay@example.com")
    payment = _paid(customer, account)
    for state in order:
        assert _post(account, say("re_1", 40_00, state)).status_code == 200
        worked()
    refund = Refund.objects.get()
    assert (refund.state, refund.amount, refund.provider_ref) == ("succeeded", 40_00, "re_1")
    assert (again(payment).refunded, clearing(customer, kind)) == (40_00, 60_00)
    assert payment.invoice is not None
    assert (fresh(payment.invoice).due, receivable(customer), credit(customer)) == (40_00, 40_00, 0)
    assert CreditNote.objects.count() == 0, "Whether the document gets smaller is for staff to say."
    for code in ("billing.refund.discovered", "billing.refund.settled"):
        assert Event.objects.filter(code=code, target_id=refund.pk).count() == 1
    assert OutboundMessage.objects.filter(subject__contains="on its way back").count() == 1
    assert not ProviderEvent.objects.exclude(state="processed").exists()


@pytest.mark.parametrize(("kind", "say"), [("stripe", _stripe), ("razorpay", _razorpay)])
def test_a_refund_that_failed_at_the_provider_gives_the_amount_free_again(kind: str, say: Told) -> None:
    account = _account(kind)
    customer = buyer()
    payment = _paid(customer, account)
    for state in ("pending", "failed", "pending"):
        _post(account, say("re_1", 40_00, state))
        worked()
    assert (Refund.objects.get().state, again(payment).refunded, clearing(customer, kind)) == ("failed", 0, 100_00)
    assert receivable(customer) == 0


def test_a_refund_that_is_told_before_its_payment_waits_for_it() -> None:
    customer = buyer()
    invoice = final(customer, 100_00)
    payment = begun(invoice)
    told("refund.succeeded", {"id": "r1", "payment": payment.checkout_ref, "amount": 100_00, "currency": "EUR"})
    told("payment.succeeded", payment_data(payment))
    worked()
    assert Refund.objects.count() == 0, "It is tried again a little later."
    assert ProviderEvent.objects.get(kind="refund.succeeded").state == "received"
    with context.system("a test") as current:
        ahead = RefundFact(ref="r1", payment_ref=payment.checkout_ref, state="succeeded", amount=100_00, currency="EUR")
        fact_apply(actor=current.actor, account=provider(), fact=ahead)
        fact_apply(actor=current.actor, account=provider(), fact=ahead)
    assert (Refund.objects.get().state, fresh(invoice).due, clearing(customer)) == ("succeeded", 100_00, 0)


def test_a_refund_of_more_than_is_left_or_of_another_currency_changes_nothing() -> None:
    customer = buyer()
    card(customer)
    payment = collected(final(customer, 25_00))
    assert payment is not None
    before = Journal.objects.count(), OutboundMessage.objects.count()
    facts: dict[str, Any] = {"payment": payment.provider_ref, "amount": 25_01, "currency": "EUR"}
    told("refund.succeeded", {"id": "r1", **facts})
    told("refund.succeeded", {"id": "r2", **facts, "amount": 5_00, "currency": "USD"})
    worked()
    assert set(ProviderEvent.objects.values_list("state", flat=True)) == {"failed"}
    assert Event.objects.filter(code="billing.webhook.failed").count() == 2
    assert (Refund.objects.count(), again(payment).refunded) == (0, 0)
    assert (Journal.objects.count(), OutboundMessage.objects.count()) == before


def test_money_that_was_paid_too_much_and_is_used_by_now_is_a_loss_that_somebody_looks_at() -> None:
    customer = buyer()
    invoice = final(customer, 20_00)
    first, second = begun(invoice), begun(invoice)
    told("payment.succeeded", payment_data(first))
    told("payment.succeeded", payment_data(second))
    worked()
    assert credit(customer) == 20_00
    other = final(customer, 15_00)
    assert (fresh(other).state, credit(customer)) == ("paid", 5_00)
    for place, amount in enumerate((20_00, 20_00)):
        told(
            "refund.succeeded",
            {"id": f"r{place}", "payment": again((second, first)[place]).provider_ref, "amount": amount}
            | {"currency": "EUR"},
        )
        worked()
    assert list(Refund.objects.order_by("id").values_list("from_credit", "state")) == [
        (5_00, "succeeded"),
        (0, "succeeded"),
    ]
    assert (credit(customer), clearing(customer), fresh(invoice).due) == (0, 0, 20_00)
    flagged = Payment.objects.exclude(flag="").count()
    assert (flagged, Event.objects.filter(code="billing.payment.flagged").count()) == (1, 1)
