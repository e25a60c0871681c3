"""What can be done to a subscription, what cannot, and what a preview leaves behind: nothing."""

import json
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from audit.models import Event
from billing.errors.catalogue import CouponRefused, PlanNotOffered
from billing.errors.subscriptions import (
    AlreadySubscribed,
    InFixedTerm,
    MomentRefused,
    MoveRefused,
    NothingToChange,
)
from billing.models import (
    BilledLine,
    Coupon,
    CreditNote,
    Invoice,
    MrrMovement,
    PendingChange,
    Subscription,
    SubscriptionEvent,
    SubscriptionItem,
)
from billing.services import subscription_changes as changes
from billing.services import subscription_life as life
from billing.services.subscription_previews import previewed, upcoming
from billing.services.subscriptions import Stretch, subscription_create
from billing.subscription_states import FIRST, MOVES
from portal.kit import clock, context
from portal.kit.errors import Forbidden, Invalid, NotFound
from portal.kit.models import OutboundMessage
from portal.kit.services import writing
from tests.accounts.organisation_world import codes_of, make_house
from tests.billing.money_world import customer_of, seller
from tests.billing.subscription_world import (
    amounts,
    buyer,
    change,
    fresh,
    notes,
    on,
    pay,
    plan,
    product,
    step,
    subscribed,
    totals,
)

pytestmark = pytest.mark.django_db


def traces() -> tuple[int, ...]:
    """How much there is of all that a refusal or a preview must not leave behind."""
    made = (
        Subscription,
        SubscriptionItem,
        SubscriptionEvent,
        PendingChange,
        BilledLine,
        Invoice,
        CreditNote,
        MrrMovement,
    )
    with context.system("a test"), writing():
        counted = [model.objects.count() for model in made]
    return (*counted, OutboundMessage.objects.count(), Event.objects.exclude(code="kit.access.denied").count())


def coupon(code: str, **values: object) -> Coupon:
    """A coupon of half the price, once, unless told otherwise."""
    with context.system("a test"), writing():
        return Coupon.objects.create(code=code, name=code, **({"percent_off": 50} | values))


def test_the_database_knows_the_same_moves_as_the_table() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT prosrc FROM pg_proc WHERE proname = 'billing_subscription_moves'")
        source = cursor.fetchone()[0]
    table = re.search(r"allowed jsonb := '(.*?)';", source, re.DOTALL)
    assert table is not None
    written = json.loads(table[1])
    assert {state: frozenset(after) for state, after in written.items()} == MOVES
    subscription, _ = subscribed(buyer(), plan(0), "2024-04-01")
    for state, ended in (("incomplete", None), ("incomplete_expired", on("2024-04-02"))):
        with context.system("a test"), writing(), transaction.atomic(), pytest.raises(IntegrityError):
            Subscription.objects.filter(pk=subscription.pk).update(state=state, ended_at=ended)
    with context.system("a test"), writing(), transaction.atomic(), pytest.raises(IntegrityError):
        subscription.pk = subscription.customer_id
        subscription.state = "past_due"
        subscription.save(force_insert=True)


def test_a_plan_goes_up_at_once_and_down_at_the_end_of_the_period() -> None:
    of = product()
    small, large = plan(1000, of=of), plan(3000, of=of)
    subscription, _ = subscribed(buyer(), small, "2024-04-01")
    change(changes.subscription_change_plan, subscription, "2024-04-16", version=large)
    assert amounts(subscription) == [1000, -500, 1500]
    done = change(changes.subscription_change_plan, subscription, "2024-04-20", version=small)
    assert not done.bill
    assert PendingChange.objects.get().at == on("2024-05-01")
    step(subscription, "2024-05-01")
    assert amounts(subscription)[3:] == [1000]
    assert fresh(subscription).plan_version == small
    codes = codes_of(subscription.pk)
    assert [code.rpartition(".")[2] for code in codes] == ["created", "changed_plan", "planned_change", "changed_plan"]
    history = SubscriptionEvent.objects.filter(subscription=subscription).order_by("id")
    assert [row.at for row in history] == [on("2024-04-01"), on("2024-04-16"), on("2024-04-20"), on("2024-05-01")]
    assert history[1].after["plan"] == f"{large.plan.code} 1"


def test_what_was_planned_can_be_dropped_or_done_sooner_by_staff() -> None:
    of = product()
    small, large = plan(1000, of=of), plan(3000, of=of)
    subscription, _ = subscribed(buyer(), large, "2024-04-01")
    change(changes.subscription_change_plan, subscription, "2024-04-10", version=small)
    change(changes.subscription_drop_change, subscription, "2024-04-11")
    with pytest.raises(NothingToChange):
        change(changes.subscription_drop_change, subscription, "2024-04-11")
    assert step(subscription, "2024-05-01") == 1
    assert fresh(subscription).plan_version == large
    change(changes.subscription_change_plan, subscription, "2024-05-16", version=small, when="now")
    # 16 of 31 days: nothing to pay, so a credit note and an invoice that the credit pays.
    assert (amounts(subscription)[2:], notes(subscription)) == ([-1548, 516], [1548])


def test_quantities_and_add_ons_follow_their_own_terms() -> None:
    of = product()
    seats, extra = plan(1000, of=of, model="per_seat"), plan(300, of=of, addon=True)
    subscription, _ = subscribed(buyer(), seats, "2024-04-01", quantity=2)
    change(changes.subscription_set_quantity, subscription, "2024-04-16", quantity=4)
    assert amounts(subscription) == [2000, -1000, 2000]
    change(changes.subscription_add_addon, subscription, "2024-04-16", version=extra)
    assert amounts(subscription)[3:] == [150]
    with pytest.raises(NothingToChange):
        change(changes.subscription_add_addon, subscription, "2024-04-16", version=extra)
    change(changes.subscription_set_quantity, subscription, "2024-04-20", quantity=1)
    change(changes.subscription_remove_addon, subscription, "2024-04-20", version=extra)
    step(subscription, "2024-05-01")
    assert amounts(subscription)[4:] == [1000]
    assert fresh(subscription).next_at == on("2024-06-01")


def test_cancelled_for_the_end_it_can_be_taken_back_and_after_it_begins_anew() -> None:
    version = plan(1000, trial_days=7)
    subscription, _ = subscribed(buyer(), version, "2024-04-01")
    step(subscription, "2024-04-08")
    change(life.subscription_cancel, subscription, "2024-04-10")
    assert fresh(subscription).cancel_at == on("2024-05-08")
    change(life.subscription_reactivate, subscription, "2024-04-11")
    assert fresh(subscription).cancel_at is None
    change(life.subscription_cancel, subscription, "2024-04-12")
    step(subscription, "2024-06-01")
    ended = fresh(subscription)
    assert (ended.state, ended.ended_at, amounts(subscription)) == ("cancelled", on("2024-05-08"), [1000])
    anew = change(life.subscription_reactivate, ended, "2024-06-01")
    assert (anew.subscription.previous_id, anew.subscription.state) == (ended.pk, "active")
    assert amounts(anew.subscription) == [1000]
    kinds = list(MrrMovement.objects.order_by("id").values_list("kind", "amount"))
    assert kinds == [("new", 1000), ("churn", -1000), ("reactivation", 1000)]


def test_staff_may_keep_what_was_billed_when_it_ends_a_subscription() -> None:
    subscription, _ = subscribed(buyer(), plan(3000), "2024-04-01")
    change(life.subscription_cancel, subscription, "2024-04-10", when="now", credit=False)
    assert (amounts(subscription), notes(subscription), fresh(subscription).mrr) == ([3000], [], 0)
    with pytest.raises(MoveRefused):
        change(life.subscription_pause, subscription, "2024-04-11")


def test_a_trial_can_last_longer_and_moves_the_anniversary() -> None:
    subscription, _ = subscribed(buyer(), plan(1000, trial_days=10), "2024-04-01")
    assert subscription.state == "trialing"
    for moment in ("2024-04-05", "2027-01-01"):
        with pytest.raises(MomentRefused):
            change(life.subscription_extend_trial, subscription, "2024-04-05", until=on(moment))
    change(life.subscription_extend_trial, subscription, "2024-04-05", until=on("2024-04-20"))
    assert step(subscription, "2024-04-19") == 0
    step(subscription, "2024-04-20")
    found = fresh(subscription)
    assert (found.state, found.current_period_end, amounts(subscription)) == ("active", on("2024-05-20"), [1000])


def test_what_must_be_paid_first_begins_with_the_payment_or_closes() -> None:
    of = product()
    version = plan(1000, of=of)
    paid, done = subscribed(buyer(), version, "2024-04-01", first_payment=True)
    never, _ = subscribed(buyer(), version, "2024-04-01", first_payment=True)
    free, _ = subscribed(buyer(), plan(0), "2024-04-01", first_payment=True)
    assert (paid.state, never.state, fresh(free).state) == ("incomplete", "incomplete", "active")
    assert "billing.subscription.activated" in codes_of(free.pk)
    pay(done.bill.invoice)
    change(life.subscription_stand, paid, "2024-04-01T02:00", standing="paid")
    step(paid, "2024-04-02")
    step(never, "2024-04-02")
    assert (fresh(paid).state, fresh(never).state) == ("active", "incomplete_expired")
    assert Invoice.objects.get(subscription_id=never.pk).state == "void"
    assert list(MrrMovement.objects.values_list("kind", "amount")) == [("new", 1000)]
    assert "billing.subscription.expired" in codes_of(never.pk)


def test_standing_moves_between_paid_late_and_unpaid_and_mrr_with_it() -> None:
    subscription, _ = subscribed(buyer(), plan(1000), "2024-04-01")
    for standing, state, value in (("late", "past_due", 1000), ("unpaid", "unpaid", 0), ("paid", "active", 1000)):
        change(life.subscription_stand, subscription, "2024-04-15", standing=standing)
        change(life.subscription_stand, subscription, "2024-04-15", standing=standing)
        assert (fresh(subscription).state, fresh(subscription).mrr) == (state, value)
    assert codes_of(subscription.pk).count("billing.subscription.changed_standing") == 3


def test_coupons_are_used_once_a_period_and_end_when_they_are_used_up() -> None:
    coupon("HALF", duration="repeating", repeats=2)
    coupon("LASTING", percent_off=10, duration="forever")
    subscription, _ = subscribed(buyer(), plan(1000), "2024-04-01", coupon="half")
    lasting, _ = subscribed(buyer(), plan(1000), "2024-04-01")
    change(life.subscription_apply_coupon, lasting, "2024-04-02", code="LASTING")
    with pytest.raises(CouponRefused):
        change(life.subscription_apply_coupon, lasting, "2024-04-03", code="HALF")
    with pytest.raises(CouponRefused):
        change(life.subscription_apply_coupon, lasting, "2024-04-03", code="NO-SUCH")
    for day in ("2024-05-01", "2024-06-01", "2024-07-01"):
        step(subscription, day)
        step(lasting, day)
    assert totals(subscription) == [500, 500, 1000, 1000]
    assert totals(lasting) == [1000, 900, 900, 900]
    # Only what lasts for ever counts.
    assert (fresh(subscription).mrr, fresh(lasting).mrr) == (1000, 900)


def test_what_was_discounted_gives_back_as_much_less() -> None:
    coupon("HALF")
    subscription, _ = subscribed(buyer(), plan(3000), "2024-04-01", coupon="HALF")
    change(life.subscription_cancel, subscription, "2024-04-16", when="now")
    assert (totals(subscription), notes(subscription)) == ([1500], [750])


def test_a_discount_phase_leaves_a_share_out_until_it_is_over() -> None:
    subscription, _ = subscribed(buyer(), plan(1000), "2024-04-01", discount=Stretch(percent=Decimal(20), months=2))
    step(subscription, "2024-06-01")
    assert amounts(subscription) == [800, 800, 1000]


def test_in_a_fixed_term_a_customer_cannot_leave_early_but_staff_can_let_it() -> None:
    house = make_house()
    seller(regime="none")
    of = product()
    large, small = plan(3000, of=of), plan(1000, of=of)
    subscription, _ = subscribed(customer_of(house.organisation), large, "2024-04-01", term_months=12)
    with clock.at(on("2024-04-10")), context.acting(house.inside(house.owner)) as current:
        before = traces()
        tries: list[Callable[[], Any]] = [
            lambda: life.subscription_cancel(actor=current.actor, subscription=subscription, when="now"),
            lambda: changes.subscription_change_plan(actor=current.actor, subscription=subscription, version=small),
            lambda: life.subscription_pause(actor=current.actor, subscription=subscription),
        ]
        for refused in tries:
            with transaction.atomic(), pytest.raises(InFixedTerm):
                refused()
        assert traces() == before
        life.subscription_cancel(actor=current.actor, subscription=subscription)
    assert fresh(subscription).cancel_at == on("2025-04-01")
    change(life.subscription_cancel, subscription, "2024-05-01", when="now")
    assert fresh(subscription).state == "cancelled"


def test_who_may_do_what() -> None:
    house, other = make_house(), make_house("Other")
    seller(regime="none")
    of = product()
    version, large, hidden = plan(1000, of=of), plan(2000, of=of), plan(500, of=of, visibility="hidden")
    customer = customer_of(house.organisation)
    before = traces()
    with context.acting(house.inside(house.admin)) as current, pytest.raises(Forbidden):
        subscription_create(actor=current.actor, customer=customer, version=version)
    with context.acting(other.inside(other.owner)) as current, pytest.raises(NotFound):
        subscription_create(actor=current.actor, customer=customer, version=version)
    assert traces() == before
    with context.acting(house.inside(house.owner)) as current:
        made = subscription_create(actor=current.actor, customer=customer, version=version).subscription
        with transaction.atomic(), pytest.raises(PlanNotOffered):
            changes.subscription_change_plan(actor=current.actor, subscription=made, version=hidden)
        with pytest.raises(Forbidden):
            changes.subscription_change_plan(actor=current.actor, subscription=made, version=large, at=made.started_at)
        with pytest.raises(Forbidden):
            life.subscription_cancel(actor=current.actor, subscription=made, when="now", credit=False)
        done = changes.subscription_change_plan(actor=current.actor, subscription=made, version=large)
    assert done.subscription.plan_version == large


def test_what_makes_no_sense_is_refused_and_leaves_nothing() -> None:
    of = product()
    customer, version = buyer(), plan(1000, of=of)
    foreign, draft = plan(1000, currency="USD"), plan(1000)
    with context.system("a test"), writing():
        draft.plan.state = "archived"
        draft.plan.save(update_fields=["state"])
    before = traces()
    for error, taken, terms in (
        (PlanNotOffered, foreign, {}),
        (PlanNotOffered, draft, {}),
        (PlanNotOffered, plan(1, addon=True), {}),
        (MomentRefused, version, {"starts_at": on("2030-01-01")}),
        (Invalid, version, {"bill_day": 32}),
        (CouponRefused, version, {"coupon": "NONE"}),
    ):
        with pytest.raises(error):
            subscribed(customer, taken, "2024-04-01", **terms)
    with pytest.raises(Invalid):
        subscribed(customer, version, "2024-04-01", quantity=0)
    assert traces() == before
    subscription, _ = subscribed(customer, version, "2024-04-01")
    with pytest.raises(AlreadySubscribed):
        subscribed(customer, version, "2024-04-02")
    with pytest.raises(NothingToChange):
        change(changes.subscription_change_plan, subscription, "2024-04-02", version=version)
    with pytest.raises(MoveRefused):
        change(life.subscription_resume, subscription, "2024-04-02")
    with pytest.raises(MoveRefused):
        change(life.subscription_reactivate, subscription, "2024-04-02")


def test_a_preview_says_what_comes_and_leaves_nothing_behind() -> None:
    of = product()
    small, large = plan(1000, of=of), plan(3000, of=of)
    subscription, _ = subscribed(buyer(), small, "2024-04-01")
    before = traces()
    with clock.at(on("2024-04-16")), context.system("a test") as current:
        up = previewed(
            actor=current.actor,
            change=lambda: changes.subscription_change_plan(
                actor=current.actor, subscription=subscription, version=large
            ),
        )
        then = upcoming(actor=current.actor, subscription=subscription)
        gone = previewed(
            actor=current.actor,
            change=lambda: life.subscription_cancel(actor=current.actor, subscription=subscription, when="now"),
        )
        with pytest.raises(NothingToChange):
            previewed(
                actor=current.actor,
                change=lambda: changes.subscription_change_plan(
                    actor=current.actor, subscription=subscription, version=small
                ),
            )
    assert traces() == before
    assert ([line.amount for line in up.lines], up.due) == ([-500, 1500], 1000)
    assert (up.next_at, up.next_total) == (on("2024-05-01"), 3000)
    assert (then.lines, then.next_at, then.next_total) == ((), on("2024-05-01"), 1000)
    assert (gone.state, gone.credit, gone.next_at) == ("cancelled", 500, None)
    done = change(changes.subscription_change_plan, subscription, "2024-04-16", version=large)
    assert [line.amount for line in done.bill.lines] == [line.amount for line in up.lines]


def test_one_that_ran_elsewhere_is_billed_from_the_agreed_day_on() -> None:
    subscription, _ = subscribed(
        buyer(), plan(1000), "2024-04-10", starts_at=on("2023-01-05"), charges_from=on("2024-05-05")
    )
    assert (amounts(subscription), subscription.current_period_end) == ([], on("2024-05-05"))
    step(subscription, "2024-05-05")
    assert amounts(subscription) == [1000]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE billing_subscription_event SET note = 'x'",
        "DELETE FROM billing_billed_line",
        "UPDATE billing_mrr_movement SET amount = 1",
        "TRUNCATE billing_mrr_movement",
        "DELETE FROM billing_subscription",
        "UPDATE billing_subscription SET currency = 'USD'",
    ],
)
def test_history_cannot_be_changed_by_sql(statement: str) -> None:
    subscribed(buyer(), plan(1000), "2024-04-01")
    with context.system("a test"), writing(), pytest.raises(DatabaseError) as refused, transaction.atomic():
        connection.cursor().execute(statement)
    assert any(
        word in str(refused.value) for word in ("append-only", "permission denied", "never deleted", "stays with")
    )


def test_more_than_was_billed_is_never_given_back_even_by_sql() -> None:
    subscription, _ = subscribed(buyer(), plan(1000), "2024-04-01")
    line = BilledLine.objects.get(subscription=subscription)
    with context.system("a test"), writing(), transaction.atomic(), pytest.raises(IntegrityError):
        BilledLine.objects.create(
            **{
                name: getattr(line, name)
                for name in ("organisation", "subscription", "item", "price_id", "slot_start", "slot_end")
            },
            covers_from=line.covers_from,
            covers_until=line.covers_until,
            amount=-1001,
            taken=1001,
            against=line,
            line_key="more",
            bill=2,
            billed_at=line.billed_at,
        )


def test_a_subscription_begins_in_a_first_state_only() -> None:
    assert {"incomplete", "trialing", "active"} == FIRST
    assert MOVES.keys() == set(Subscription.State.values)
