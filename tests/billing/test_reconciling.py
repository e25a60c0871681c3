"""Webhooks that were lost: the comparison of the night books what the provider has, once, also when they come later."""

from datetime import timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from django.db import connection

from audit.models import Event
from billing import providers
from billing.models import Journal, Payment, ProviderEvent, Refund, SandboxCharge
from billing.providers.base import RefundFact
from billing.services import reconciling
from billing.services.provider_events import provider_event_process
from billing.services.refunds import refund_create
from maintenance.models import JobRun
from portal.kit import clock, context, jobs
from portal.kit.models import OutboundMessage
from portal.kit.services import writing
from tests.billing.document_world import buyer, credit, final, fresh, receivable
from tests.billing.payment_world import again, card, clearing, collected, provider, told, worked

pytestmark = pytest.mark.usefixtures("quiet_broker")
ON_THEIR_PAGE = "made-on-their-page-1"


def _paid(amount: int = 100_00) -> Payment:
    customer = buyer(email="pay@example.com")
    card(customer)
    payment = collected(final(customer, amount))
    assert payment is not None
    return payment


def _refunded(payment: Payment, amount: int, key: str = ON_THEIR_PAGE) -> RefundFact:
    """Somebody pays back at the provider itself; we are not told."""
    with context.system("their own page"):
        return providers.of(payment.account).refund(
            payment_ref=payment.provider_ref, amount=amount, currency=payment.currency, key=key
        )


def _night() -> Any:
    with context.system("a night") as current, writing():
        jobs.enqueue("billing.reconcile_payments", actor=current.actor)
    assert "billing.reconcile_payments" in worked()
    return JobRun.objects.filter(name="billing.reconcile_payments").latest("queued_at").result


def _data(fact: RefundFact) -> dict[str, Any]:
    return {"id": fact.ref, "payment": fact.payment_ref, "amount": fact.amount, "currency": fact.currency}


@pytest.mark.django_db
def test_a_refund_whose_webhook_was_lost_is_booked_by_the_next_comparison_and_not_again_by_a_late_webhook() -> None:
    payment = _paid()
    fact = _refunded(payment, 40_00)
    worked()
    assert (Refund.objects.count(), clearing(payment.customer)) == (0, 98_00)
    assert _night()["repaired"] == 1
    refund = Refund.objects.get()
    assert (refund.state, refund.amount, refund.provider_ref) == ("succeeded", 40_00, fact.ref)
    assert payment.invoice is not None
    assert (fresh(payment.invoice).due, receivable(payment.customer), clearing(payment.customer)) == (
        40_00,
        40_00,
        58_00,
    )
    before = Journal.objects.count(), OutboundMessage.objects.count()
    assert _night()["repaired"] == 0
    told("refund.succeeded", _data(fact))
    worked()
    assert ProviderEvent.objects.get(kind="refund.succeeded").state == "processed"
    assert (Refund.objects.count(), again(payment).refunded) == (1, 40_00)
    assert (Journal.objects.count(), OutboundMessage.objects.count()) == before
    assert Event.objects.filter(code="billing.refund.discovered").count() == 1


@pytest.mark.django_db
def test_our_own_refund_that_hung_is_ended_by_the_comparison() -> None:
    payment = _paid()
    with context.system("a test") as current, writing():
        made = refund_create(
            actor=current.actor,
            payment=payment,
            amount=30_00,
            key="our-own-refund-1",
            reason="hangs",
            credit_note=False,
        )
        fact = _refunded(payment, 30_00, key=made.key)
        Refund.objects.filter(pk=made.pk).update(
            state="pending", provider_ref=fact.ref, created_at=clock.now() - timedelta(days=30)
        )
        # Too long ago for the list: it is asked for by its id.
        SandboxCharge.objects.filter(ref=fact.ref).update(changed_at=clock.now() - timedelta(days=30))
    with context.system("a test") as current:
        facts = reconciling.facts_ask(account=provider())
        assert fact.ref in {one.ref for one in facts}
        found = reconciling.facts_compare(actor=current.actor, account=provider(), facts=facts)
    assert found.repaired == 1
    assert (Refund.objects.get().state, clearing(payment.customer)) == ("succeeded", 68_00)
    assert payment.invoice is not None
    assert fresh(payment.invoice).due == 30_00


@pytest.mark.django_db
def test_a_refund_that_cannot_be_is_flagged_and_books_nothing() -> None:
    payment = _paid()
    facts = [
        RefundFact(ref="r1", payment_ref=payment.provider_ref, state="succeeded", amount=100_01, currency="EUR"),
        RefundFact(ref="r2", payment_ref="sbxp_strange", state="succeeded", amount=5, currency="EUR"),
    ]
    before = Journal.objects.count(), OutboundMessage.objects.count()
    with context.system("a test") as current:
        found = reconciling.facts_compare(actor=current.actor, account=provider(), facts=facts)
    assert (found.seen, found.repaired, found.unknown, found.flagged) == (2, 0, 1, 1)
    assert "10001" in again(payment).flag
    assert (Refund.objects.count(), Journal.objects.count(), OutboundMessage.objects.count()) == (0, *before)
    assert Event.objects.filter(code="billing.webhook.failed").count() == 1


def test_the_comparison_and_the_webhook_at_the_same_moment_book_one_refund(own_database: dict[str, str]) -> None:
    payment = _paid(90_00)
    fact = _refunded(payment, 40_00)
    told("refund.succeeded", _data(fact))
    event = ProviderEvent.objects.get(kind="refund.succeeded")
    ready, wrong = Barrier(8), list[BaseException]()

    def compare() -> None:
        with writing():
            reconciling.facts_compare(actor=context.actor(), account=payment.account, facts=[fact])

    def process() -> None:
        provider_event_process(actor=context.actor(), event_id=event.pk)

    def run(call: Any) -> None:
        try:
            ready.wait(timeout=30)
            with context.system("a worker"):
                call()
        except BaseException as error:  # noqa: BLE001 - the test looks at it
            wrong.append(error)
        finally:
            connection.close()

    threads = [Thread(target=run, args=[call]) for call in [compare, process] * 4]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert not wrong
    assert (Refund.objects.get().state, again(payment).refunded) == ("succeeded", 40_00)
    assert payment.invoice is not None
    assert (fresh(payment.invoice).due, credit(payment.customer), clearing(payment.customer)) == (40_00, 0, 48_20)
    assert Event.objects.filter(code="billing.refund.settled").count() == 1
    assert ProviderEvent.objects.get(pk=event.pk).state == "processed"
