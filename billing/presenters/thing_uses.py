"""Where a meter, feature or coupon is used, as its page says it."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _

from billing.models import Coupon, Feature, Meter, Plan
from billing.presenters.catalogue import plan_state
from billing.presenters.subscriptions import subscription_url
from billing.selectors import catalogue as selectors
from billing.selectors.catalogue import MOST_SHOWN
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
    """The first of them under a heading; `nothing` is said where there are none, `rest` where there are more."""

    label: str
    nothing: str
    rows: Sequence[Use]
    rest: str = ""


def meter_uses(actor: Actor, row: Meter) -> Uses:
    """The plans that have a price for what it counts."""
    found = selectors.plans_priced_by(actor, row)
    return _plans(_("Plans with a price for it"), _("No plan has a price for it yet."), found)


def feature_uses(actor: Actor, row: Feature) -> Uses:
    """The plans that give it."""
    return _plans(_("Plans that give it"), _("No plan gives it yet."), selectors.plans_giving(actor, row))


def coupon_uses(actor: Actor, row: Coupon) -> Uses:
    """The subscriptions that it was used for; who may not read them is told that, and not that there are none."""
    rows = []
    nothing = _("Nobody has used it yet.")
    if not can(actor, "subscription:read"):
        nothing = _("Who used it is shown to those who may read subscriptions.")
    found = selectors.redeemed_by(actor, row)
    for one in found[:MOST_SHOWN]:
        running = one.ended_at is None
        state = ("ok", _("Running")) if running else ("", _("Used up"))
        since = _("since %(day)s") % {"day": day_text(one.starts_at.date())}
        rows.append(Use(one.subscription.customer.name, since, subscription_url(one.subscription), *state))
    rest = _("The latest %(count)d are shown.") % {"count": MOST_SHOWN} if len(found) > MOST_SHOWN else ""
    return Uses(_("Used by"), nothing, rows, rest)


def _plans(label: str, nothing: str, found: Sequence[Plan]) -> Uses:
    rest = _("The first %(count)d are shown.") % {"count": MOST_SHOWN} if len(found) > MOST_SHOWN else ""
    rows = [Use(one.name, one.code, reverse("billing:plan", args=[one.pk]), *plan_state(one)) for one in found]
    return Uses(label, nothing, rows[:MOST_SHOWN], rest)
