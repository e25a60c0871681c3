"""Paying back: with a credit note and without one, once per key, never more than is left."""

import pytest

from audit.models import Event
from billing.errors.payments import PaymentMove, RefundKeyShort, RefundTooMuch
from billing.models import CreditNote, Payment, Refund
from billing.providers.base import RefundKeyReused
from billing.services.payment_states import payment_apply
from billing.services.refunds import refund_create
from maintenance.models import JobRun
from portal.kit import context
from portal.kit.errors import Forbidden
from portal.kit.models import OutboundMessage
from tests.billing.document_world import buyer, credit, final, fresh, receivable
from tests.billing.payment_world import again, begun, card, clearing, collected, fact, worked
from tests.factories import actor_of, person

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("quiet_broker")]


def _refund(payment: Payment, amount: int, key: str = "refund-key-1", *, credit_note: bool = True) -> Refund:
    with context.system("a test") as current:
        return refund_create(
            actor=current.actor, payment=payment, amount=amount, key=key, reason="Wrong size", credit_note=credit_note
        )


@pytest.mark.parametrize(("credit_note", "due", "notes"), [(False, 233_82, 0), (True, 0, 1)])
def test_f03_a_refund_leaves_the_document_owed_or_noted(credit_note: bool, due: int, notes: int) -> None:
    customer = buyer(email="pay@example.com")
    card(customer)
    invoice = final(customer, 233_82)
    payment = collected(invoice)
    assert payment is not None
    held = clearing(customer)
    first = _refund(payment, 233_82, credit_note=credit_note)
    assert _refund(payment, 233_82, credit_note=credit_note) == first
    worked()
    first.refresh_from_db()
    assert (first.state, again(payment).refunded) == ("succeeded", 233_82)
    assert (fresh(invoice).due, receivable(customer), credit(customer)) == (due, due, 0)
    assert CreditNote.objects.count() == notes
    assert clearing(customer) == held - 233_82
    assert OutboundMessage.objects.filter(subject__contains="on its way back").count() == 1
    assert Event.objects.filter(code="billing.refund.settled").count() == 1


def test_h11_a_key_is_one_refund_and_another_content_under_it_is_refused() -> None:
    customer = buyer()
    card(customer)
    payment = collected(final(customer, 100_00))
    assert payment is not None
    _refund(payment, 40_00)
    before = (Refund.objects.count(), JobRun.objects.filter(name="billing.send_refund").count())
    for amount, key, expected in (
        (41_00, "refund-key-1", RefundKeyReused),
        (10_00, "short", RefundKeyShort),
        (60_01, "refund-key-2", RefundTooMuch),
    ):
        with pytest.raises(expected):
            _refund(payment, amount, key)
    with context.acting(actor_of(person("Clerk", role="user"))) as current, pytest.raises(Forbidden):
        refund_create(actor=current.actor, payment=payment, amount=1, key="refund-key-3", reason="x")
    assert (Refund.objects.count(), JobRun.objects.filter(name="billing.send_refund").count()) == before
    assert again(payment).refunded == 40_00


def test_what_was_paid_too_much_goes_back_out_of_the_credit() -> None:
    customer = buyer()
    invoice = final(customer, 20_00)
    first, second = begun(invoice), begun(invoice)
    with context.system("a test") as current:
        for payment in (first, second):
            payment_apply(actor=current.actor, payment_id=payment.pk, fact=fact(payment))
    assert credit(customer) == 20_00
    refund = _refund(again(second), 20_00)
    assert (refund.from_credit, CreditNote.objects.count()) == (20_00, 0)
    with context.system("a test") as current:
        from billing.providers.base import RefundFact
        from billing.services.refunds import refund_apply

        sent = RefundFact(ref="r1", payment_ref="x", state="succeeded", amount=20_00, currency="EUR")
        for _ in range(2):
            refund_apply(actor=current.actor, refund_id=refund.pk, fact=sent)
    assert (credit(customer), clearing(customer), fresh(invoice).due) == (0, 20_00, 0)


def test_a_refund_that_the_provider_refuses_gives_the_amount_free_again() -> None:
    customer = buyer()
    payment = begun(final(customer, 20_00))
    with context.system("a test") as current:
        paid = payment_apply(actor=current.actor, payment_id=payment.pk, fact=fact(payment))
    refund = _refund(paid, 5_00, credit_note=False)
    worked()  # The sandbox's own side was never paid, so it refuses.
    refund.refresh_from_db()
    assert (refund.state, again(paid).refunded) == ("failed", 0)
    assert Event.objects.filter(code="billing.refund.failed").count() == 1
    with pytest.raises(PaymentMove):
        _refund(begun(final(customer, 1_00)), 1_00, "refund-key-9")


def test_credit_that_a_refund_pays_out_is_not_used_for_another_document_meanwhile() -> None:
    customer = buyer()
    card(customer)
    payment = collected(final(customer, 100_00))
    assert payment is not None
    refund = _refund(payment, 40_00)
    assert credit(customer) == 40_00
    later = final(customer, 70_00)
    assert (later.due, later.state) == (70_00, "open")
    worked()
    refund.refresh_from_db()
    assert (refund.state, credit(customer)) == ("succeeded", 0)


def test_what_was_paid_too_much_and_is_used_by_now_cannot_be_paid_back() -> None:
    customer = buyer()
    invoice = final(customer, 20_00)
    first, second = begun(invoice), begun(invoice)
    with context.system("a test") as current:
        for payment in (first, second):
            payment_apply(actor=current.actor, payment_id=payment.pk, fact=fact(payment))
    assert (final(customer, 15_00).due, credit(customer)) == (0, 5_00)
    with pytest.raises(RefundTooMuch):
        _refund(again(second), 20_00)
    assert (Refund.objects.count(), again(second).refunded) == (0, 0)
