"""What a buyer of the demonstration, or staff for it, does: each act of the story by the service that does it on any day."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from billing import demo_story as story
from billing.models import Customer, Dispute, Invoice, Payment, PaymentMethod, Subscription
from billing.plan_named import plan_named
from billing.providers.base import SavedMethod
from billing.providers.sandbox import CARDS as TEST_CARDS
from billing.providers.sandbox import DISPUTE_FEE
from billing.services import subscription_changes as changes
from billing.services import subscription_life as life
from billing.services.credit_notes import credit_note_create
from billing.services.demo_hooks import hooks_make, hooks_pause, hooks_test
from billing.services.demo_world import CARDS, account_named
from billing.services.methods import method_prefer, method_remove
from billing.services.payment_states import method_put
from billing.services.refunds import refund_create
from billing.services.sandbox import webhook_send
from billing.services.settlements import credit_grant
from billing.services.subscriptions import Terms, subscription_create
from billing.services.usage import usage_record
from billing.subscription_states import OPEN
from billing.usage_reports import Report
from portal.kit import clock, context
from portal.kit.context import Actor
from rbac.standing import standing_on


@dataclass
class Buying:
    """A buyer in its time: `staff` acts for the seller, `owner` for the buyer."""

    staff: Actor
    owner: Actor
    customer: Customer
    begin: datetime
    has_card: bool = False

    @contextmanager
    def by_owner(self) -> Iterator[Actor]:
        """As the owner of the organisation."""
        with context.acting(self.owner):
            yield self.owner

    def subscription(self) -> Subscription | None:
        """The one that runs."""
        return Subscription.objects.filter(customer=self.customer, state__in=OPEN).first()

    def key(self, what: str) -> str:
        """A key of something that is done at this moment, the same at every load."""
        return f"demo-{what}-{self.customer.pk.hex[-12:]}-{int(clock.now().timestamp())}"


def act_do(*, buying: Buying, act: story.Act) -> None:
    """Do an act of the story at the present moment; nothing where what it is about is gone by now (who left takes no more
    seats). Events as of the services."""
    _ACTS[act.kind](buying, act.values)


def _begin(buying: Buying, values: Mapping[str, Any]) -> None:
    version = plan_named(values["plan"], buying.customer.currency)
    # Who had its trial before the story begins was looked after by staff.
    by_staff = not values["trial"]
    terms = Terms(trial_days=0) if by_staff else None
    actor = buying.staff if by_staff else buying.owner
    with context.acting(actor):
        subscription_create(
            actor=actor, customer=buying.customer, version=version, quantity=values["seats"], terms=terms
        )


def _card(buying: Buying, values: Mapping[str, Any]) -> None:
    """A card is put in, and the one before goes."""
    number = str(values["number"])
    later, last4 = TEST_CARDS[number][1].replace("_", "-"), number[-4:]
    mark = sha256(buying.key("card").encode()).hexdigest()[:16]
    saved = SavedMethod(
        ref=f"sbxm_{later}_{mark}_{last4}",
        label=f"Test card ending in {last4}",
        expires=f"{clock.now().year + 3}-12-31",
    )
    before = list(PaymentMethod.objects.filter(customer=buying.customer, removed_at=None))
    with buying.by_owner() as owner, standing_on(buying.customer.organisation_id):
        made = method_put(account_id=account_named(CARDS).pk, customer=buying.customer, saved=saved)
        method_prefer(actor=owner, method=made)
        for method in before:
            method_remove(actor=owner, method=method)
    buying.has_card = True


def _changed(
    call: Callable[[Actor, Buying, Subscription, Mapping[str, Any]], object], *states: str
) -> Callable[[Buying, Mapping[str, Any]], None]:
    """An act of the owner on the subscription that runs, where it is in one of the states."""

    def act(buying: Buying, values: Mapping[str, Any]) -> None:
        found = buying.subscription()
        if found is not None and found.state in (states or ("active",)):
            with buying.by_owner() as owner:
                call(owner, buying, found, values)

    return act


def _seats(actor: Actor, buying: Buying, found: Subscription, values: Mapping[str, Any]) -> None:
    base = found.items.get(is_base=True, ends_at=None)
    if base.quantity != values["seats"]:
        changes.subscription_set_quantity(actor=actor, subscription=found, quantity=values["seats"])


def _plan(actor: Actor, buying: Buying, found: Subscription, values: Mapping[str, Any]) -> None:
    version = plan_named(values["plan"], found.currency)
    changes.subscription_change_plan(actor=actor, subscription=found, version=version, quantity=values["seats"])


def _addon(actor: Actor, buying: Buying, found: Subscription, values: Mapping[str, Any]) -> None:
    version = plan_named(values["plan"], found.currency)
    changes.subscription_add_addon(actor=actor, subscription=found, version=version)


def _cancel(actor: Actor, buying: Buying, found: Subscription, values: Mapping[str, Any]) -> None:
    life.subscription_cancel(
        actor=actor, subscription=found, when="period_end" if found.state == "active" else "now", note=values["note"]
    )


def _reactivate(buying: Buying, values: Mapping[str, Any]) -> None:
    rows = Subscription.objects.filter(customer=buying.customer).order_by("-started_at", "-id")
    found = rows.first()
    if found is not None and buying.subscription() is None:
        with buying.by_owner() as owner:
            life.subscription_reactivate(actor=owner, subscription=found)


def _use(buying: Buying, values: Mapping[str, Any]) -> None:
    """What was used since the last report: one number of calls and of storage, the people who were there, and single
    payments (minor units)."""
    if buying.subscription() is None:
        return
    now = clock.now()
    sent: list[tuple[str, int, int, Mapping[str, str] | None]] = [
        ("api-calls", values["calls"], 0, None),
        ("storage", values["storage"], 0, None),
    ]
    sent += [("active-users", 1, number, {"user_id": f"user-{number}"}) for number in range(values["users"])]
    sent += [("payments", 4900 + 700 * number, number, None) for number in range(values["payments"])]
    reports = [
        Report(
            key=f"{buying.key('use')}-{meter}-{number}",
            meter=meter,
            quantity=quantity,
            occurred_at=(now - timedelta(minutes=1 + number)).isoformat(),
            properties=of,
        )
        for meter, quantity, number, of in sent
    ]
    usage_record(actor=buying.staff, organisation_id=buying.customer.organisation_id, reports=reports)


def _paid(buying: Buying) -> Payment | None:
    """The latest payment by card of which nothing went back."""
    rows = Payment.objects.filter(
        customer=buying.customer, state="succeeded", provider="sandbox", refunded=0, disputed=0, invoice__isnull=False
    )
    return rows.select_related("invoice__customer__test_clock", "customer").order_by("-event_at", "-id").first()


def _refund(buying: Buying, values: Mapping[str, Any]) -> None:
    payment = _paid(buying)
    if payment is not None:
        refund_create(
            actor=buying.staff,
            payment=payment,
            amount=max(1, payment.amount * values["percent"] // 100),
            key=buying.key("refund"),
            reason=values["reason"],
        )


def _dispute(buying: Buying, values: Mapping[str, Any]) -> None:
    """A bank takes a payment back, or gives it back: told by a webhook, as providers do."""
    open_one = Dispute.objects.filter(payment__customer=buying.customer, state="open").select_related("payment").first()
    payment = _paid(buying) if open_one is None else open_one.payment
    if payment is None:
        return
    data = {
        "id": f"sbxd_{payment.provider_ref.removeprefix('sbxp_')}" if open_one is None else open_one.provider_ref,
        "payment": payment.provider_ref,
        "amount": payment.amount if open_one is None else open_one.amount,
        "currency": payment.currency,
        "fee": DISPUTE_FEE,
        "reason": "unrecognised",
    }
    webhook_send(account=payment.account, kind=f"dispute.{values['state']}", data=data)


def _note(buying: Buying, values: Mapping[str, Any]) -> None:
    rows = Invoice.objects.filter(customer=buying.customer, state=Invoice.State.PAID, total__gt=0)
    invoice = rows.select_related("customer__test_clock", "entity").order_by("-issued_at", "-id").first()
    if invoice is not None:
        credit_note_create(
            actor=buying.staff,
            invoice=invoice,
            amount=max(1, invoice.total * values["percent"] // 100),
            to="balance",
            reason=values["reason"],
            key=buying.key("note"),
        )


def _courtesy(buying: Buying, values: Mapping[str, Any]) -> None:
    credit_grant(
        actor=buying.staff,
        customer=buying.customer,
        amount=values["amount"],
        key=buying.key("courtesy"),
        reason=values["reason"],
    )


def _by_owner(buying: Buying, call: Callable[..., object]) -> None:
    with buying.by_owner() as owner:
        call(actor=owner, organisation_id=buying.customer.organisation_id)


_ACTS: Mapping[str, Callable[[Buying, Mapping[str, Any]], None]] = {
    "begin": _begin,
    "card": _card,
    "seats": _changed(_seats),
    "plan": _changed(_plan),
    "addon": _changed(_addon),
    "coupon": _changed(
        lambda actor, _b, found, values: life.subscription_apply_coupon(
            actor=actor, subscription=found, code=values["code"]
        ),
        "active",
        "trialing",
    ),
    "pause": _changed(lambda actor, _b, found, _v: life.subscription_pause(actor=actor, subscription=found)),
    "resume": _changed(
        lambda actor, _b, found, _v: life.subscription_resume(actor=actor, subscription=found), "paused"
    ),
    "cancel": _changed(_cancel, "active", "trialing", "past_due"),
    "reactivate": _reactivate,
    "use": _use,
    "refund": _refund,
    "dispute": _dispute,
    "note": _note,
    "courtesy": _courtesy,
    "hooks": lambda buying, _v: _by_owner(buying, hooks_make),
    "hooks_test": lambda buying, _v: _by_owner(buying, hooks_test),
    "hooks_end": lambda buying, _v: _by_owner(buying, hooks_pause),
}
