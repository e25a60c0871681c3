"""Where a meter, feature or coupon is used, as its page says it."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _

from billing.models import Coupon, Feature, Meter, Plan
from billing.presenters.catalogue import plan_state
from billing.presenters.subscriptions import subscription_url
from billing.selectors import catalogue as selectors
from portal.kit.context import Actor
from portal.kit.decision import can
from portal.kit.preferences import day_text


@dataclass(frozen=True)
class Use:
    """One place: its name, what stands below it, its page, and a chip."""

    label: str
    second: str
    url: str
    tone: str = ""
    state: str = ""


@dataclass(frozen=True)
class Uses:
    """All of them under a heading; `nothing` is said where there are none."""

    label: str
    nothing: str
    rows: Sequence[Use]


def meter_uses(actor: Actor, row: Meter) -> Uses:
    """The plans that have a price for what it counts."""
    found = selectors.plans_priced_by(actor, row)
    return Uses(_("Plans with a price for it"), _("No plan has a price for it yet."), _plans(found))


def feature_uses(actor: Actor, row: Feature) -> Uses:
    """The plans that give it."""
    return Uses(_("Plans that give it"), _("No plan gives it yet."), _plans(selectors.plans_giving(actor, row)))


def coupon_uses(actor: Actor, row: Coupon) -> Uses:
    """The subscriptions that it was used for; who may not read them is told that, and not that there are none."""
    rows = []
    nothing = _("Nobody has used it yet.")
    if not can(actor, "subscription:read"):
        nothing = _("Who used it is shown to those who may read subscriptions.")
    for one in selectors.redeemed_by(actor, row):
        running = one.ended_at is None
        state = ("ok", _("Running")) if running else ("", _("Used up"))
        since = _("since %(day)s") % {"day": day_text(one.starts_at.date())}
        rows.append(Use(one.subscription.customer.name, since, subscription_url(one.subscription), *state))
    return Uses(_("Used by"), nothing, rows)


def _plans(found: Sequence[Plan]) -> list[Use]:
    return [Use(plan.name, plan.code, reverse("billing:plan", args=[plan.pk]), *plan_state(plan)) for plan in found]
