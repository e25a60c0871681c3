"""Changing what a subscription takes: its plan, its quantity, its add-ons; now, or at the end of the period."""

from datetime import datetime
from typing import Literal

from billing.errors.subscriptions import InFixedTerm, NothingToChange
from billing.models import PendingChange, Plan, PlanVersion, Subscription, SubscriptionItem
from billing.subscription_changing import Change, Changed, end_items, open_items, term_end
from billing.subscription_due import changing
from billing.subscription_guards import is_staff
from billing.subscription_parts import drop_pending, item_put, offered, plan_put, quantity_put
from billing.subscription_states import CHANGEABLE
from billing.subscription_terms import VERSION_PARTS, period_for, worth_of_version
from portal.kit.context import Actor
from portal.kit.errors import Invalid

When = Literal["now", "period_end"]
_S = Subscription.State


def subscription_change_plan(
    *,
    actor: Actor,
    subscription: Subscription,
    version: PlanVersion,
    quantity: int | None = None,
    when: When | None = None,
    at: datetime | None = None,
    note: str = "",
) -> Changed:
    """Change to another plan or version. By the organisation (`billing:admin`) or staff. Events
    `billing.subscription.changed_plan`, or `.planned_change` where it waits for the end of the period.

    When: as the present plan says for an upgrade (at least the same price a month) or a downgrade; in a trial at once.
    Staff may choose otherwise, and with `at` a moment in the past, from which the history is rewritten and what was
    billed is put right. `PlanNotOffered`, `NothingToChange`, `InFixedTerm`, `MoveRefused`, `MomentRefused`.
    """
    with changing(actor, subscription, "changed_plan", note=note) as change:
        held = change.subscription
        change.needs(*CHANGEABLE)
        offered(actor, version, held.currency, kind=Plan.Kind.BASE)
        base = change.base()
        units = base.quantity if quantity is None else quantity
        if version.pk == base.plan_version_id and units == base.quantity and at is None:
            raise NothingToChange
        up = _is_upgrade(held, base, version, units)
        if not up and not is_staff(actor) and term_end(held, change.at):
            raise InFixedTerm
        if _when(change, base, up, when, at) == "period_end":
            _plan_later(change, PendingChange.Kind.PLAN, version, units)
        else:
            plan_put(change, version, units, change.backdated(at))
    return Changed(change.subscription, change.bill)


def _is_upgrade(held: Subscription, base: SubscriptionItem, version: PlanVersion, units: int) -> bool:
    before = worth_of_version(_whole(base.plan_version), held.currency, base.quantity)
    return worth_of_version(_whole(version), held.currency, units) >= before


def _whole(version: PlanVersion) -> PlanVersion:
    """The version with its prices, read at once."""
    parts = [part.removeprefix("plan_version__") for part in VERSION_PARTS]
    return PlanVersion.objects.prefetch_related(*parts).get(pk=version.pk)


def _when(change: Change, base: SubscriptionItem, up: bool, when: When | None, at: datetime | None) -> str:
    """When a change takes effect: by the terms of the present plan, or as staff says; later is always allowed."""
    terms = base.plan_version
    policy = terms.on_upgrade if up else terms.on_downgrade
    if at is not None or change.subscription.state == _S.TRIALING:
        return "now"
    if when is None or when == policy:
        return policy
    if when == "now":
        change.staff_only()
    return when


def _plan_later(change: Change, kind: str, version: PlanVersion, units: int) -> None:
    """Note a change for the end of the period, in place of another one of its kind that waits."""
    held = change.subscription
    # An add-on may have periods of its own: a monthly one of a yearly plan goes with its month.
    own = kind != PendingChange.Kind.PLAN and version.pk != held.plan_version_id
    end = period_for(held, version, change.at).end if own else held.current_period_end
    drop_pending(held, change.at, kind, version if kind != PendingChange.Kind.PLAN else None)
    change.kind = "planned_change"
    PendingChange.objects.create(
        organisation_id=held.organisation_id,
        subscription=held,
        kind=kind,
        plan_version=version,
        quantity=units,
        at=max(end, term_end(held, change.at) or end),
    )


def subscription_drop_change(*, actor: Actor, subscription: Subscription) -> Changed:
    """Leave it as it is: drop what was planned for the end of the period. Event `billing.subscription.dropped_change`;
    `NothingToChange` when nothing waits."""
    with changing(actor, subscription, "dropped_change") as change:
        if not drop_pending(change.subscription, change.at):
            raise NothingToChange
    return Changed(change.subscription, change.bill)


def subscription_set_quantity(
    *,
    actor: Actor,
    subscription: Subscription,
    quantity: int,
    addon: PlanVersion | None = None,
    when: When | None = None,
    note: str = "",
) -> Changed:
    """Take more or fewer of the plan, or of an add-on. More now, fewer as the plan says for downgrades; later is always
    allowed. Events `billing.subscription.changed_quantity` or `.planned_change`. Errors of a change of plan."""
    with changing(actor, subscription, "changed_quantity", note=note) as change:
        held = change.subscription
        change.needs(*CHANGEABLE)
        item = change.base() if addon is None else _addon(held, addon)
        if isinstance(quantity, bool) or quantity < 1:
            raise Invalid
        if quantity == item.quantity:
            raise NothingToChange
        up = quantity > item.quantity
        if not up and not is_staff(actor) and term_end(held, change.at):
            raise InFixedTerm
        if _when(change, item, up, when, None) == "period_end":
            _plan_later(change, PendingChange.Kind.QUANTITY, item.plan_version, quantity)
        else:
            quantity_put(held, item, quantity, change.at)
    return Changed(change.subscription, change.bill)


def subscription_add_addon(
    *,
    actor: Actor,
    subscription: Subscription,
    version: PlanVersion,
    quantity: int = 1,
    at: datetime | None = None,
    note: str = "",
) -> Changed:
    """Take an add-on, from now on or, for staff, from a moment in the past. Event `billing.subscription.added_addon`.
    `PlanNotOffered`, `NothingToChange` when it is taken already, `MoveRefused`, `MomentRefused`."""
    with changing(actor, subscription, "added_addon", note=note) as change:
        held = change.subscription
        change.needs(*CHANGEABLE)
        offered(actor, version, held.currency, kind=Plan.Kind.ADDON)
        if any(item.plan_version.plan_id == version.plan_id for item in open_items(held)):
            raise NothingToChange
        item_put(held, version, quantity, change.backdated(at), is_base=False)
    return Changed(change.subscription, change.bill)


def subscription_remove_addon(
    *,
    actor: Actor,
    subscription: Subscription,
    version: PlanVersion,
    when: When | None = None,
    at: datetime | None = None,
    note: str = "",
) -> Changed:
    """Give an add-on up: as its terms say for downgrades, or as staff says, also from a moment in the past. Events
    `billing.subscription.removed_addon` or `.planned_change`. `NothingToChange` when it is not taken."""
    with changing(actor, subscription, "removed_addon", note=note) as change:
        held = change.subscription
        change.needs(*CHANGEABLE)
        item = _addon(held, version)
        if _when(change, item, False, when, at) == "period_end":
            _plan_later(change, PendingChange.Kind.ADDON_REMOVE, version, item.quantity)
        else:
            end_items([item], change.backdated(at))
    return Changed(change.subscription, change.bill)


def _addon(subscription: Subscription, version: PlanVersion) -> SubscriptionItem:
    """The open item of an add-on."""
    items = (item for item in open_items(subscription) if not item.is_base)
    found = next((item for item in items if item.plan_version_id == version.pk), None)
    if found is None:
        raise NothingToChange
    return found
