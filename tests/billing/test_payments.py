"""Payments: forward only, posted once, partial, too much, taken back."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from billing.errors.payments import NothingDue, PaymentDiffers
from billing.models import Dispute, Journal, Payment, Settlement
from billing.payment_moves import RANK, path
from billing.providers.base import DisputeFact
from billing.services.checkouts import checkout_start
from billing.services.payment_states import payment_apply
from billing.services.payments import payment_record
from billing.services.refunds import dispute_apply
from portal.kit import clock, context
from portal.kit.models import OutboundMessage
from portal.kit.services import writing
from tests.accounts.organisation_world import codes_of
from tests.billing.document_world import buyer, credit, final, fresh, receivable
from tests.billing.payment_world import again, begun, clearing, fact, provider

pytestmark = pytest.mark.django_db


def _apply(payment: Payment, state: str = "succeeded", **values: object) -> Payment:
    with context.system("a test") as current:
        return payment_apply(actor=current.actor, payment_id=payment.pk, fact=fact(payment, state, **values))


def test_money_that_arrives_settles_the_document_once_however_often_it_is_told() -> None:
    customer = buyer(email="pay@example.com")
    invoice = final(customer, 249_95)
    payment = begun(invoice)
    for _ in range(3):
        _apply(payment, fee=499)
    paid = again(payment)
    assert (paid.state, paid.applied, paid.fee) == ("succeeded", 249_95, 499)
    assert (fresh(invoice).state, receivable(customer), clearing(customer)) == ("paid", 0, 249_95 - 499)
    assert Settlement.objects.filter(invoice=invoice).count() == 1
    assert codes_of(payment.pk) == ["billing.payment.started", "billing.payment.succeeded"]
    assert OutboundMessage.objects.filter(subject__startswith="Receipt").count() == 1


@pytest.mark.parametrize(
    ("before", "after", "steps"),
    [
        ("created", "succeeded", ["succeeded"]),
        ("pending", "created", []),
        ("authorised", "pending", []),
        ("succeeded", "failed", []),
        ("failed", "authorised", ["authorised"]),
        ("failed", "succeeded", ["authorised", "succeeded"]),
        ("failed", "pending", []),
        ("cancelled", "succeeded", []),
        ("pending", "pending", []),
    ],
)
def test_h09_states_go_forward_and_a_late_authorisation_is_the_one_step_back(
    before: str, after: str, steps: list[str]
) -> None:
    assert path(before, after) == steps


def test_the_database_holds_the_moves_too() -> None:
    payment = begun(final(buyer(), 10_00))
    allowed = {(one, step) for one in RANK for other in RANK for step in path(one, other)[:1]}
    assert ("failed", "authorised") in allowed
    with context.system("a test"), writing():
        for before, after in (("succeeded", "failed"), ("failed", "succeeded"), ("cancelled", "pending")):
            with pytest.raises(IntegrityError), transaction.atomic():
                Payment.objects.filter(pk=payment.pk).update(state=before)
                Payment.objects.filter(pk=payment.pk).update(state=after)
        with pytest.raises(IntegrityError), transaction.atomic():
            Payment.objects.filter(pk=payment.pk).update(amount=1)


def test_h09_a_payment_that_failed_and_was_authorised_after_all_counts() -> None:
    customer = buyer()
    invoice = final(customer, 50_00)
    payment = begun(invoice)
    _apply(payment, "failed", failure_code="timeout", failure_text="No answer.")
    assert again(payment).failure_text == "No answer."
    _apply(payment, "authorised")
    _apply(payment, "failed")
    _apply(payment, "succeeded")
    assert (again(payment).state, fresh(invoice).due) == ("succeeded", 0)


def test_too_much_becomes_credit_and_too_little_leaves_the_rest_open() -> None:
    customer = buyer()
    invoice = final(customer, 100_00)
    first, second = begun(invoice, 60_00), begun(invoice)
    _apply(first)
    assert fresh(invoice).due == 40_00
    _apply(second)
    assert (again(second).applied, fresh(invoice).state, credit(customer)) == (40_00, "paid", 60_00)
    with context.system("a test") as current, pytest.raises(NothingDue):
        checkout_start(actor=current.actor, invoice=fresh(invoice))


def test_f07_a_bank_that_pays_short_leaves_just_that_document_open() -> None:
    customer = buyer()
    account = provider("manual", live=True)
    short, other = final(customer, 50_00), final(customer, 20_00)
    with context.system("a test") as current:
        for _ in range(2):
            payment = payment_record(
                actor=current.actor, customer=customer, amount=49_50, account=account, key="line1", invoice=short
            )
        payment_record(
            actor=current.actor, customer=customer, amount=20_00, account=account, key="line2", invoice=other
        )
    assert payment.state == "succeeded"
    assert (fresh(short).due, fresh(other).due, receivable(customer)) == (50, 0, 50)


def test_another_amount_than_was_asked_for_is_refused_and_nothing_is_posted() -> None:
    customer = buyer()
    invoice = final(customer, 10_00)
    payment = begun(invoice)
    posted = Journal.objects.count()
    with pytest.raises(PaymentDiffers):
        _apply(payment, amount=9_99)
    assert (again(payment).state, fresh(invoice).due, Journal.objects.count()) == ("created", 10_00, posted)


def test_f01_partial_payment_chargeback_and_its_reversal() -> None:
    customer = buyer()
    invoice = final(customer, 249_95)
    payment = _apply(begun(invoice, 10_00))
    assert (fresh(invoice).due, receivable(customer)) == (239_95, 239_95)
    for state, due, events in (("open", 249_95, 1), ("open", 249_95, 1), ("won", 239_95, 2), ("won", 239_95, 2)):
        told = DisputeFact(ref="dp_1", payment_ref="x", state=state, amount=10_00, currency="EUR", fee=15_00)  # type: ignore[arg-type]
        with context.system("a test") as current:
            dispute = dispute_apply(actor=current.actor, payment_id=payment.pk, fact=told)
        assert (fresh(invoice).due, receivable(customer)) == (due, due)
        assert len(codes_of(dispute.pk)) == events
    assert Dispute.objects.get().state == "won"
    assert clearing(customer) == 10_00 - 15_00


def test_a_dispute_of_money_that_became_credit_stands_apart_and_is_lost() -> None:
    customer = buyer()
    first = final(customer, 30_00)
    payment, extra = begun(first), begun(first)
    _apply(payment)
    _apply(extra)
    assert credit(customer) == 30_00
    for state in ("open", "lost"):
        told = DisputeFact(ref="dp_2", payment_ref="x", state=state, amount=30_00, currency="EUR")
        with context.system("a test") as current:
            dispute_apply(actor=current.actor, payment_id=extra.pk, fact=told)
    assert (clearing(customer), credit(customer), fresh(first).due) == (30_00, 30_00, 0)


def test_a_payment_happens_at_the_customers_time() -> None:
    payment = begun(final(buyer(), 10_00))
    later = clock.now() + timedelta(days=3)
    with clock.at(later):
        assert _apply(payment).event_at == later
