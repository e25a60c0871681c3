"""Reminding: retries and stages on the days of the plan, each once; who pays is left alone."""

from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from audit.models import Event
from billing.dunning_policy import OUTAGE, Policy, PolicyInvalid, Stage, read
from billing.jobs.payments import collect_invoice
from billing.models import DunningRun, DunningStep, Invoice, Payment
from billing.providers.base import DisputeFact
from billing.providers.sandbox import SandboxProvider
from billing.selectors.payments import standing_of
from billing.services import dunning
from billing.services.payments import payment_record
from billing.services.refunds import dispute_apply
from maintenance.models import JobRun
from portal.kit import clock, context
from portal.kit.jobs import Again
from portal.kit.models import OutboundMessage
from tests.billing.document_world import buyer, final, fresh
from tests.billing.payment_world import card, collected, provider, worked

pytestmark = pytest.mark.usefixtures("quiet_broker")
rolled_back = pytest.mark.django_db


def _day(year: int, month: int, day: int) -> datetime:
    return datetime(year, month, day, 12, tzinfo=UTC)


def _started(invoice: Invoice, at: datetime, policy: Policy) -> DunningRun:
    with context.system("a test") as current:
        return dunning.dunning_start(actor=current.actor, invoice=fresh(invoice), at=at, policy=policy)


def _advanced() -> int:
    """The job of every ten minutes, without its own starting of what is overdue."""
    with context.system("a test") as current:
        return sum(dunning.dunning_advance(actor=current.actor, run=run) for run in dunning.dunning_due())


@rolled_back
def test_g01_three_stages_on_their_days_and_then_the_payment() -> None:
    policy = Policy((), (Stage(30, "warn"), Stage(40, "restrict"), Stage(50, "suspend")))
    with clock.at(_day(2012, 5, 31)):
        customer = buyer(seller_values={"due_days": 0}, email="pay@example.com")
        card(customer, "declined")
        invoice = final(customer, 249_95)
        run = _started(invoice, clock.now(), policy)
    seen = []
    for day in (29, 30, 31, 39, 40, 49, 50):
        with clock.at(_day(2012, 5, 31) + timedelta(days=day)):
            _advanced()
            _advanced()
            seen.append((day, standing_of(customer.pk)))
    assert seen == [
        (29, "none"),
        (30, "warn"),
        (31, "warn"),
        (39, "warn"),
        (40, "restrict"),
        (49, "restrict"),
        (50, "suspend"),
    ]
    stages = DunningStep.objects.filter(run=run, kind="stage").order_by("at")
    assert [step.at.date().isoformat() for step in stages] == ["2012-06-30", "2012-07-10", "2012-07-20"]
    assert OutboundMessage.objects.filter(subject__contains="overdue").count() == 3
    with clock.at(_day(2012, 7, 20)), context.system("a test") as current:
        account = provider("manual", live=True)
        payment_record(
            actor=current.actor, customer=customer, amount=249_95, account=account, key="late", invoice=invoice
        )
        assert standing_of(customer.pk) == "none"
        assert dunning.dunning_due() == []
    run.refresh_from_db()
    assert (run.state, run.suspended_at) == ("cleared", _day(2012, 7, 20))
    assert Event.objects.filter(code="billing.dunning.cleared").count() == 1


@rolled_back
def test_g03_retries_on_days_8_16_and_24_and_no_more() -> None:
    policy = Policy((8, 16, 24), ())
    start = _day(2024, 3, 1)
    with clock.at(start):
        customer = buyer(seller_values={"due_days": 0}, email="pay@example.com")
        card(customer, "declined")
        invoice = final(customer, 50_00)
        _started(invoice, start, policy)
        worked()
    tried = []
    for day in range(1, 40):
        with clock.at(start + timedelta(days=day)):
            before = Payment.objects.count()
            _advanced()
            worked()
            if Payment.objects.count() > before:
                tried.append(day)
    assert tried == [8, 16, 24]
    assert [row.attempt for row in Payment.objects.order_by("attempt")] == [1, 2, 3, 4]
    assert DunningRun.objects.get().attempts == 3
    assert OutboundMessage.objects.filter(subject__startswith="Payment needed: every charge failed").count() == 1
    assert Event.objects.filter(code="billing.dunning.finished").count() == 1


@rolled_back
def test_g03_a_gateway_that_is_away_is_asked_again_after_300_seconds_and_that_is_no_attempt() -> None:
    customer = buyer()
    card(customer, "away")
    invoice = final(customer, 50_00)

    class _Run:
        args = {"invoice": str(invoice.pk)}

        def batch(self) -> object:
            from portal.kit.tenancy import behind_the_wall

            return behind_the_wall()

        def log(self, text: str) -> None:
            """Nobody reads it."""

    for _ in range(2):
        with context.system("a test"), pytest.raises(Again) as told:
            collect_invoice(_Run())  # type: ignore[arg-type]
        assert told.value.wait == OUTAGE == timedelta(seconds=300)
    payment = Payment.objects.get()
    assert (payment.state, payment.attempt, DunningRun.objects.count()) == ("created", 1, 0)


@rolled_back
def test_a_worker_that_was_killed_after_the_charge_asks_under_the_same_reference() -> None:
    from billing.services import collecting

    customer = buyer()
    card(customer)
    invoice = final(customer, 50_00)
    with context.system("a test") as current:
        charge = collecting.charge_begin(actor=current.actor, invoice_id=invoice.pk)
        assert charge is not None
        first = collecting.charge_ask(charge=charge)  # Killed here: nobody wrote down what came of it.
        again = collecting.charge_begin(actor=current.actor, invoice_id=invoice.pk)
        assert again is not None
        assert collecting.charge_ask(charge=again).ref == first.ref
        done = collected(invoice)
    assert done is not None
    assert (Payment.objects.count(), fresh(invoice).due) == (1, 0)
    assert collected(invoice) is None, "Nothing is due any more."


def test_g05_each_currency_counts_its_own_attempts_and_one_notice_ends_them(own_database: dict[str, str]) -> None:
    policy = Policy((0, 3), ())
    with clock.at(_day(2024, 1, 1)):
        customer = buyer(seller_values={"due_days": 0}, email="pay@example.com")
        dollars, euros = final(customer, 10_00), final(customer, 20_00)
    _in_dollars(dollars, own_database["DATABASE_OWNER_URL"])
    with clock.at(_day(2024, 1, 3)):
        _started(dollars, _day(2024, 1, 3), policy)
    counts = []
    for day in (3, 6, 9, 12):
        if day == 6:
            _started(euros, _day(2024, 1, 6), policy)
        with clock.at(_day(2024, 1, day)):
            _advanced()
        found = dict(DunningRun.objects.values_list("currency", "attempts"))
        counts.append((found.get("USD", 0), found.get("EUR", 0)))
    assert counts == [(1, 0), (2, 1), (2, 2), (2, 2)]
    assert OutboundMessage.objects.filter(subject__startswith="Payment needed: every charge failed").count() == 1


def _in_dollars(invoice: Invoice, url: str) -> None:
    """As the owner of the tables may: a document of another currency than the customer's others."""
    with psycopg.connect(url) as owner:
        owner.execute("UPDATE billing_invoice SET currency = 'USD' WHERE id = %s", [invoice.pk])


@rolled_back
def test_a_charge_that_fails_begins_the_reminders_and_a_payment_by_another_road_stops_the_retries() -> None:
    customer = buyer(email="pay@example.com")
    card(customer, "no_funds")
    invoice = final(customer, 50_00)
    payment = collected(invoice)
    assert payment is not None
    assert (payment.state, payment.failure_code) == ("failed", "insufficient_funds")
    run = DunningRun.objects.get()
    assert (run.state, run.policy) == ("active", Policy().as_json())
    assert OutboundMessage.objects.filter(subject__contains="failed").count() == 1
    with context.system("a test") as current:
        payment_record(
            actor=current.actor,
            customer=customer,
            amount=50_00,
            account=provider("manual", live=True),
            key="by-bank",
            invoice=invoice,
        )
    with clock.at(clock.now() + timedelta(days=30)):
        _advanced()
        worked()
    assert Payment.objects.filter(origin="method").count() == 1
    assert not JobRun.objects.filter(name="billing.collect_invoice", state="succeeded", result__charged=True).exists()


@rolled_back
def test_what_is_overdue_and_never_charged_is_reminded_too() -> None:
    customer = buyer(seller_values={"due_days": 14})
    invoice = final(customer, 50_00)
    with context.system("a test") as current:
        assert dunning.dunning_begin_overdue(actor=current.actor) == 0
        with clock.at(clock.now() + timedelta(days=18)):
            assert dunning.dunning_begin_overdue(actor=current.actor) == 1
            assert dunning.dunning_begin_overdue(actor=current.actor) == 0
            _advanced()
    assert DunningRun.objects.get().invoice_id == invoice.pk
    assert standing_of(customer.pk) == "warn"


@pytest.mark.parametrize(
    "written",
    [
        {"retries": [3, 1]},
        {"retries": [-1]},
        {"retries": [1.5]},
        {"retries": [True]},
        {"stages": [{"day": 3, "do": "shout"}]},
        {"stages": [{"day": 9, "do": "warn"}, {"day": 3, "do": "restrict"}]},
        {"stages": [{"do": "warn"}]},
        {"retries": [400]},
    ],
)
def test_reminders_that_cannot_be_followed_are_refused(written: dict[str, object]) -> None:
    with pytest.raises(PolicyInvalid):
        read(written)
    assert read(None) == Policy()
    assert read(Policy().as_json()) == Policy()
    assert SandboxProvider.off_session


@rolled_back
def test_what_a_bank_took_back_is_neither_charged_nor_reminded_of_until_it_is_decided() -> None:
    with clock.at(_day(2024, 3, 1)):
        customer = buyer(seller_values={"due_days": 0}, email="pay@example.com")
        card(customer)
        invoice = final(customer, 249_95)
        payment = collected(invoice)
        assert payment is not None
    for day, state, runs in ((20, "open", 0), (40, "lost", 1)):
        with clock.at(_day(2024, 3, 1) + timedelta(days=day)), context.system("a test") as current:
            told = DisputeFact(ref="dp_1", payment_ref="x", state=state, amount=249_95, currency="EUR")  # type: ignore[arg-type]
            dispute_apply(actor=current.actor, payment_id=payment.pk, fact=told)
            assert fresh(invoice).due == 249_95
            assert dunning.dunning_begin_overdue(actor=current.actor) == runs
            assert collected(invoice) is None, "Nobody is charged again for what they contest."
    assert Payment.objects.count() == 1
