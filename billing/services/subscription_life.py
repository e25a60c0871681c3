"""The life of a subscription: pause, cancel, take up again, lengthen a trial, use a coupon, pay or not pay."""

from datetime import datetime, timedelta
from typing import Literal

from billing.errors.subscriptions import InFixedTerm, MomentRefused, MoveRefused, NothingToChange
from billing.models import Customer, Phase, Subscription
from billing.services.subscription_changes import When
from billing.services.subscriptions import Taken, Terms, subscription_create
from billing.subscription_changing import Changed, term_end
from billing.subscription_due import changing
from billing.subscription_guards import authorise_on, is_staff
from billing.subscription_parts import end_pause, ended_put, redeem
from billing.subscription_states import CHANGEABLE, ENDED, OPEN
from billing.subscription_terms import period_for
from portal.kit.context import Actor

Standing = Literal["paid", "late", "unpaid"]
_S = Subscription.State
MOST_TRIAL = timedelta(days=730)


def subscription_pause(*, actor: Actor, subscription: Subscription, reason: str = "", note: str = "") -> Changed:
    """Pause the service from now on: nothing is billed, and when it goes on, what was billed for the pause comes back.

    Event `billing.subscription.paused`. Of the organisation, staff, or what watches over payments (`reason`
    "unpaid"). `MoveRefused` unless it runs.
    """
    with changing(actor, subscription, "paused", reason=reason, note=note) as change:
        held = change.subscription
        if not is_staff(actor) and term_end(held, change.at):
            raise InFixedTerm
        # One that is paused already is in no state to be paused: a second pause would run beside the first.
        change.needs(_S.TRIALING, _S.ACTIVE, _S.PAST_DUE, _S.UNPAID)
        change.move(_S.PAUSED)
        Phase.objects.create(
            organisation_id=held.organisation_id, subscription=held, kind=Phase.Kind.PAUSE, starts_at=change.at
        )
    return Changed(change.subscription, change.bill)


def subscription_resume(*, actor: Actor, subscription: Subscription, reason: str = "", note: str = "") -> Changed:
    """Go on after a pause, in the period of now; what was billed for the pause comes back, what fell due in it without
    service is not billed. Event `billing.subscription.resumed`; `MoveRefused` unless it is paused."""
    with changing(actor, subscription, "resumed", reason=reason, note=note) as change:
        held = change.subscription
        change.needs(_S.PAUSED)
        end_pause(held, change.at)
        trial = held.trial_end is not None and held.trial_end > change.at
        change.move(_S.TRIALING if trial else _S.ACTIVE)
        if held.current_period_end <= change.at:
            period = period_for(held, held.plan_version, change.at)
            held.current_period_start, held.current_period_end = period.start, period.end
    return Changed(change.subscription, change.bill)


def subscription_cancel(
    *,
    actor: Actor,
    subscription: Subscription,
    when: When = "period_end",
    reason: str = "",
    note: str = "",
    credit: bool = True,
) -> Changed:
    """Cancel, at the end of the period (and of a fixed term), or at once; the unused time then comes back as credit.

    By the organisation or staff, who may also keep what was billed (`credit=False`) and end a fixed term early. Events
    `billing.subscription.planned_cancel` or `.cancelled`. `MoveRefused` when it has ended, `InFixedTerm`.
    """
    with changing(actor, subscription, "planned_cancel", reason=reason, note=note) as change:
        held = change.subscription
        change.needs(*OPEN)
        term = term_end(held, change.at)
        end = max(held.current_period_end, term or held.current_period_end)
        # The period of one that is paused may be over long ago: then it ends at once.
        if when == "period_end" and held.state != _S.INCOMPLETE and end > change.at:
            if held.cancel_at == end:
                raise NothingToChange
            held.cancel_at = end
        else:
            if not is_staff(actor) and term:
                raise InFixedTerm
            if not credit:
                change.staff_only()
            ended_put(change, change.at, credit=credit)
    return Changed(change.subscription, change.bill)


def subscription_reactivate(*, actor: Actor, subscription: Subscription, note: str = "") -> Changed:
    """Take a cancellation back; one that has ended begins anew with the same plan and quantities, without a trial.

    Events `billing.subscription.reactivated`, or `.created` of the new one. `MoveRefused` when it was not cancelled,
    `AlreadySubscribed`, `PlanNotOffered`.
    """
    authorise_on(actor, subscription.organisation_id)
    if subscription.state in ENDED:
        return _anew(actor, subscription)
    with changing(actor, subscription, "reactivated", note=note) as change:
        if change.subscription.cancel_at is None:
            raise MoveRefused
        change.subscription.cancel_at = None
    return Changed(change.subscription, change.bill)


def _anew(actor: Actor, subscription: Subscription) -> Changed:
    last = [
        item
        for item in subscription.items.all()
        if item.ends_at and item.ends_at >= (subscription.ended_at or item.ends_at)
    ]
    base = next((item for item in last if item.is_base), None)
    addons = [Taken(item.plan_version, item.quantity) for item in last if not item.is_base]
    customer = Customer.objects.select_related("test_clock", "entity").get(pk=subscription.customer_id)
    # Whoever had it had its trial, too.
    terms = Terms(addons=addons, previous=subscription, again=True)
    return subscription_create(
        actor=actor,
        customer=customer,
        version=subscription.plan_version,
        quantity=base.quantity if base else 1,
        terms=terms,
    )


def subscription_apply_coupon(*, actor: Actor, subscription: Subscription, code: str) -> Changed:
    """Use a coupon from the next bill on. Event `billing.subscription.applied_coupon`; `CouponRefused`."""
    with changing(actor, subscription, "applied_coupon") as change:
        change.needs(*CHANGEABLE)
        redeem(change.subscription, code, change.at)
    return Changed(change.subscription, change.bill)


def subscription_extend_trial(*, actor: Actor, subscription: Subscription, until: datetime, note: str = "") -> Changed:
    """Let a running trial last longer. Staff. Event `billing.subscription.extended_trial`; `MoveRefused` unless one runs,
    `MomentRefused` for a moment that is not later, or more than two years after the start."""
    with changing(actor, subscription, "extended_trial", note=note) as change:
        held = change.subscription
        change.staff_only()
        change.needs(_S.TRIALING)
        before = held.trial_end
        if before is None or not before < until <= held.started_at + MOST_TRIAL:
            raise MomentRefused
        if held.anchor_at == before:
            held.anchor_at = until
        held.trial_end = held.current_period_end = until
        Phase.objects.filter(subscription=held, kind=Phase.Kind.TRIAL).update(ends_at=until)
    return Changed(change.subscription, change.bill)


def subscription_stand(*, actor: Actor, subscription: Subscription, standing: Standing, reason: str = "") -> Changed:
    """Say how its invoices stand: paid, late (past due), or unpaid for good; asked by what collects payments, under
    `subscription:admin`. An incomplete one that is paid begins. Nothing when it stands so or has ended.

    Event `billing.subscription.changed_standing`.
    """
    if not is_staff(actor):
        authorise_on(actor, subscription.organisation_id, "subscription:admin")
    wanted = {"late": _S.PAST_DUE, "unpaid": _S.UNPAID}.get(standing)
    with changing(actor, subscription, "changed_standing", reason=reason or standing) as change:
        held = change.subscription
        running = held.state in (_S.TRIALING, _S.ACTIVE)
        idle = held.state in {*ENDED, _S.PAUSED, wanted}
        if idle or (wanted is None and running) or (wanted is not None and held.state == _S.INCOMPLETE):
            change.kind = ""
        elif wanted is not None:
            change.move(wanted)
        else:
            trial = held.trial_end is not None and held.trial_end > change.at
            change.move(_S.TRIALING if trial and held.state == _S.INCOMPLETE else _S.ACTIVE)
    return Changed(change.subscription, change.bill)


def subscription_let_bill(*, actor: Actor, subscription: Subscription, note: str = "") -> Changed:
    """Let billing go on after the limit on lines has stopped it. Staff. Event `billing.subscription.unhalted`."""
    with changing(actor, subscription, "unhalted", note=note) as change:
        change.staff_only()
        if change.subscription.halted_at is None:
            raise NothingToChange
        change.subscription.halted_at = None
        change.bills = False
    return Changed(change.subscription, change.bill)
