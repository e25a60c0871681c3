"""Webhooks in: verified, kept, answered, done once whatever the order or repetition; refused ones change nothing."""

import json
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from audit.models import Event
from billing.errors.payments import EventDone
from billing.models import Journal, Payment, ProviderEvent
from billing.providers.sandbox import SIGNATURE
from billing.services.provider_accounts import provider_secret_set
from billing.services.provider_events import provider_event_process, provider_event_replay
from maintenance.models import JobRun
from portal.kit import clock, context, crypto
from portal.kit.models import OutboundMessage
from portal.kit.services import writing
from tests.billing.document_world import buyer, credit, final, fresh
from tests.billing.payment_world import again, begun, payment_data, provider, told, worked

pytestmark = pytest.mark.django_db


def _traces() -> tuple[int, ...]:
    jobs = JobRun.objects.filter(name__startswith="billing.")
    return (
        ProviderEvent.objects.count(),
        Journal.objects.count(),
        OutboundMessage.objects.count(),
        jobs.count(),
        Event.objects.filter(code__startswith="billing.payment").count(),
    )


def test_a_webhook_is_kept_as_it_came_answered_and_done_by_the_queue_once(quiet_broker: None) -> None:
    customer = buyer()
    invoice = final(customer, 80_00)
    payment = begun(invoice)
    data = payment_data(payment, fee=160)
    replies = [told("payment.succeeded", data, ref="sbxe_1") for _ in range(3)]
    assert {reply.status_code for reply in replies} == {200}
    event = ProviderEvent.objects.get()
    assert (event.state, event.repeats, event.headers) == ("received", 2, {SIGNATURE: event.headers[SIGNATURE]})
    assert "v1=" not in event.headers[SIGNATURE], "A signature is not kept."
    assert json.loads(bytes(event.body))["data"] == json.loads(json.dumps(data))
    assert fresh(invoice).due == 80_00, "The door itself does nothing."
    assert worked().count("billing.process_provider_event") == 1
    event.refresh_from_db()
    assert (event.state, event.payment_id, again(payment).state) == ("processed", payment.pk, "succeeded")
    # Told by another event as well: the payment is what happens once.
    told("payment.succeeded", data, ref="sbxe_2")
    told("payment.pending", payment_data(payment), ref="sbxe_3")
    worked()
    assert (fresh(invoice).state, credit(customer), Payment.objects.count()) == ("paid", 0, 1)
    with context.system("a test") as current, writing():
        assert provider_event_process(actor=current.actor, event_id=event.pk).attempts == 1
        with pytest.raises(IntegrityError), transaction.atomic():
            ProviderEvent.objects.filter(pk=event.pk).update(body=b"{}")


def test_a_wrong_signature_an_old_time_and_a_broken_body_are_refused_and_leave_a_trace_only() -> None:
    payment = begun(final(buyer(), 80_00))
    data, before = payment_data(payment), _traces()
    now = clock.now()
    replies = [
        told("payment.succeeded", data, secret="not-the-secret-of-it"),
        told("payment.succeeded", data, at=now - timedelta(minutes=6)),
        told("payment.succeeded", data, at=now + timedelta(minutes=6)),
        told("", {}, body=b"[1, 2"),
        told("", {}, body=b'{"id": "x", "type": "payment.succeeded", "created": 1, "data": {}}'),
        told("payment.succeeded", {**data, "amount": -5}),
        told("payment.succeeded", {**data, "amount": 79.5}),
    ]
    codes = [reply.json()["code"] for reply in replies]
    assert codes == ["billing.webhook_refused"] * 3 + ["billing.webhook_unreadable"] * 4
    assert {reply.status_code for reply in replies} == {400}
    assert _traces() == before
    refused = Event.objects.filter(code="billing.webhook.rejected", outcome="denied")
    assert refused.count() == 7
    assert again(payment).state == "created"


def test_an_account_that_is_not_there_or_off_has_no_door() -> None:
    account = provider()
    from django.test import Client

    for where in ("/webhooks/sandbox/other", f"/webhooks/stripe/{account.code}"):
        assert Client().post(where, b"{}", content_type="application/json").status_code == 404


def test_an_event_of_a_kind_that_nobody_knows_is_kept_audited_and_changes_nothing() -> None:
    provider()
    assert told("customer.smiled", {"id": 1}).status_code == 200
    assert ProviderEvent.objects.get().state == "ignored"
    assert Event.objects.filter(code="billing.webhook.ignored").count() == 1
    assert not JobRun.objects.filter(name="billing.process_provider_event").exists()


def test_h05_what_was_signed_before_a_rotation_is_accepted_for_a_day_by_either_secret(quiet_broker: None) -> None:
    from billing import providers

    account = provider()
    old = providers.of(account).keys.webhook[0]
    new = crypto.token()
    with context.system("a test") as current:
        provider_secret_set(actor=current.actor, account=account, kind="webhook", secret=new)
    assert set(providers.of(account).keys.webhook) == {old, new}
    assert told("test.sent", {}, secret=old).status_code == 200
    assert told("test.sent", {}, secret=new).status_code == 200
    with clock.at(clock.now() + timedelta(days=1, minutes=1)):
        assert told("test.sent", {}, secret=old).status_code == 400
        assert told("test.sent", {}, secret=new).status_code == 200


def test_a_webhook_of_a_payment_that_is_not_ours_fails_and_can_be_replayed_when_it_is(quiet_broker: None) -> None:
    invoice = final(buyer(), 80_00)
    payment = begun(invoice)
    data = payment_data(payment)
    told("payment.succeeded", {**data, "id": "sbxp_else", "reference": "none"}, ref="sbxe_lost")
    event = ProviderEvent.objects.get()
    with context.system("a test") as current:
        for state in ("received",) * 4 + ("failed",):
            assert provider_event_process(actor=current.actor, event_id=event.pk).state == state
        event.refresh_from_db()
        assert event.error
        assert Event.objects.filter(code="billing.webhook.failed").count() == 1
        assert provider_event_replay(actor=current.actor, event=event).state == "failed"
        with writing():
            Payment.objects.filter(pk=payment.pk).update(provider_ref="sbxp_else")
        assert provider_event_replay(actor=current.actor, event=event).state == "processed"
        with pytest.raises(EventDone):
            provider_event_replay(actor=current.actor, event=event)
    assert (fresh(invoice).due, again(payment).state) == (0, "succeeded")
    assert Event.objects.filter(code="billing.webhook.replayed").count() == 2


def test_a_second_try_under_the_same_checkout_is_a_payment_of_its_own(quiet_broker: None) -> None:
    from billing.providers.base import PaymentFact
    from billing.services.provider_events import fact_apply

    invoice = final(buyer(), 30_00)
    first = begun(invoice)
    account = first.account
    with context.system("a test") as current:
        for ref, state in (("pay_1", "failed"), ("pay_2", "succeeded"), ("pay_2", "succeeded"), ("pay_1", "failed")):
            told_of = PaymentFact(
                ref=ref,
                checkout_ref=first.checkout_ref,
                state=state,  # type: ignore[arg-type]
                amount=30_00,
                currency="EUR",
            )
            fact_apply(actor=current.actor, account=account, fact=told_of)
    assert sorted(Payment.objects.values_list("provider_ref", "state")) == [("pay_1", "failed"), ("pay_2", "succeeded")]
    assert fresh(invoice).due == 0
