"""What can be done to a subscription by hand: one declaration for the console, self-service and the API.

Each act says when it is offered, what it asks for, and which service does it; previews call the same.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from billing.models import PlanVersion, Subscription
from billing.plan_named import plan_named
from billing.services import subscription_changes as changes
from billing.services import subscription_life as life
from billing.subscription_changing import Changed, open_items
from billing.subscription_states import CHANGEABLE, ENDED, OPEN
from portal.kit.context import Actor
from portal.kit.errors import NotFound

_S = Subscription.State
Given = Mapping[str, Any]
Do = Callable[[Actor, Subscription, Given], Changed]


@dataclass(frozen=True)
class Act:
    """One act. `asks` are names of fields of the form; `own`: customers do it themselves, too."""

    key: str
    label: str | Promise
    lead: str | Promise
    do: Do
    offered: Callable[[Subscription], bool]
    asks: tuple[str, ...] = ()
    own: bool = True
    tone: str = "primary"
    icon: str = "edit"


def _taken(found: Subscription, plan: str) -> PlanVersion:
    """The version of an add-on that the subscription has; `NotFound` for none."""
    for item in open_items(found):
        if plan in {str(item.plan_version.plan_id), item.plan_version.plan.code} and not item.is_base:
            return item.plan_version
    raise NotFound


def _change_plan(actor: Actor, found: Subscription, given: Given) -> Changed:
    return changes.subscription_change_plan(
        actor=actor,
        subscription=found,
        version=plan_named(given["plan"], found.currency),
        quantity=given.get("quantity"),
        when=given.get("when") or None,
        note=given.get("note", ""),
    )


def _set_quantity(actor: Actor, found: Subscription, given: Given) -> Changed:
    addon = _taken(found, given["plan"]) if given.get("plan") else None
    return changes.subscription_set_quantity(
        actor=actor,
        subscription=found,
        quantity=given.get("quantity") or 0,
        addon=addon,
        when=given.get("when") or None,
        note=given.get("note", ""),
    )


def _add(actor: Actor, found: Subscription, given: Given) -> Changed:
    return changes.subscription_add_addon(
        actor=actor,
        subscription=found,
        version=plan_named(given["plan"], found.currency),
        quantity=given.get("quantity") or 1,
        note=given.get("note", ""),
    )


def _remove(actor: Actor, found: Subscription, given: Given) -> Changed:
    return changes.subscription_remove_addon(
        actor=actor,
        subscription=found,
        version=_taken(found, given["plan"]),
        when=given.get("when") or None,
        note=given.get("note", ""),
    )


def _until(given: Given) -> datetime:
    moment: datetime = given["until"]
    return moment


def _cancel(when: changes.When) -> Do:
    def do(actor: Actor, found: Subscription, given: Given) -> Changed:
        return life.subscription_cancel(actor=actor, subscription=found, when=when, note=given.get("note", ""))

    return do


def _changeable(found: Subscription) -> bool:
    return found.state in CHANGEABLE


ACTS: Mapping[str, Act] = {
    act.key: act
    for act in (
        Act(
            "change-plan",
            _("Change plan"),
            _(
                "A dearer plan begins at once and is charged for the rest of the period; a cheaper one waits for its end."
            ),
            _change_plan,
            _changeable,
            ("plan", "quantity", "when", "note"),
        ),
        Act(
            "set-quantity",
            _("Change quantity"),
            _("More is charged for the rest of the period at once; fewer counts from the next period on."),
            _set_quantity,
            _changeable,
            ("quantity", "plan", "when", "note"),
            icon="people",
        ),
        Act(
            "add-addon",
            _("Add an add-on"),
            _("It is charged from today on."),
            _add,
            _changeable,
            ("plan", "quantity"),
            icon="plus",
        ),
        Act(
            "remove-addon",
            _("Remove an add-on"),
            _("It stays until the end of the period, unless its terms say otherwise."),
            _remove,
            _changeable,
            ("plan", "when"),
            icon="x-circle",
        ),
        Act(
            "drop-change",
            _("Drop planned change"),
            _("What was planned for the end of the period does not happen."),
            lambda actor, found, given: changes.subscription_drop_change(actor=actor, subscription=found),
            lambda found: found.state in OPEN - {_S.INCOMPLETE},
            icon="close",
        ),
        Act(
            "apply-coupon",
            _("Use a coupon"),
            _("It counts from the next invoice on."),
            lambda actor, found, given: life.subscription_apply_coupon(
                actor=actor, subscription=found, code=given["code"]
            ),
            _changeable,
            ("code",),
            icon="invoice",
        ),
        Act(
            "pause",
            _("Pause"),
            _("Nothing is charged until it goes on; what was paid for that time comes back as credit."),
            lambda actor, found, given: life.subscription_pause(
                actor=actor, subscription=found, note=given.get("note", "")
            ),
            lambda found: found.state in {_S.TRIALING, _S.ACTIVE, _S.PAST_DUE, _S.UNPAID},
            ("note",),
            own=False,
            icon="stop",
        ),
        Act(
            "resume",
            _("Go on"),
            _("It goes on in the period of today."),
            lambda actor, found, given: life.subscription_resume(
                actor=actor, subscription=found, note=given.get("note", "")
            ),
            lambda found: found.state == _S.PAUSED,
            ("note",),
            own=False,
            icon="play",
        ),
        Act(
            "extend-trial",
            _("Lengthen trial"),
            _("Nothing is charged until then."),
            lambda actor, found, given: life.subscription_extend_trial(
                actor=actor, subscription=found, until=_until(given), note=given.get("note", "")
            ),
            lambda found: found.state == _S.TRIALING,
            ("until", "note"),
            own=False,
            icon="clock",
        ),
        Act(
            "let-bill",
            _("Let billing go on"),
            _("Billing was stopped since it made too many lines. Look at the history first."),
            lambda actor, found, given: life.subscription_let_bill(
                actor=actor, subscription=found, note=given.get("note", "")
            ),
            lambda found: found.halted_at is not None,
            ("note",),
            own=False,
            icon="play",
        ),
        Act(
            "reactivate",
            _("Take up again"),
            _("A planned cancellation is taken back; one that has ended begins anew today."),
            lambda actor, found, given: life.subscription_reactivate(actor=actor, subscription=found),
            lambda found: found.cancel_at is not None or found.state in ENDED,
            icon="refresh",
        ),
        Act(
            "cancel",
            _("Cancel plan"),
            _("It runs to the end of what is paid, and can be taken back until then."),
            _cancel("period_end"),
            lambda found: found.state in OPEN - {_S.INCOMPLETE} and found.cancel_at is None,
            ("note",),
            tone="destroy",
            icon="close",
        ),
        Act(
            "end",
            _("End plan now"),
            _("It ends at this moment; the unused time comes back as credit."),
            _cancel("now"),
            lambda found: found.state in OPEN,
            ("note",),
            tone="destroy",
            icon="power",
        ),
    )
}
