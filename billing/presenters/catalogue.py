"""Plans, meters, features and coupons as lists and pages show them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from billing.models import Coupon, Feature, Meter, Plan, PlanVersion
from billing.presenters.price_words import amount_text, interval_text, number_text, price_text
from billing.selectors import catalogue as selectors
from portal.kit import clock
from portal.kit.context import Actor

HUES = 5
Fact = dict[str, Any]


def state_of(row: Any) -> tuple[str, str]:
    """Tone and word of the chip of what is only archived or not."""
    return ("ok", _("Active")) if row.archived_at is None else ("", _("Archived"))


def plan_state(plan: Plan) -> tuple[str, str]:
    """Tone and word of a plan's chip."""
    return {"draft": "info", "active": "ok", "archived": ""}[plan.state], str(plan.get_state_display())


@dataclass(frozen=True)
class PlanRow:
    """A plan in a list; `version` is what it is sold as now."""

    plan: Plan
    version: PlanVersion | None
    has_draft: bool

    @property
    def id(self) -> str:
        """Its id."""
        return str(self.plan.pk)

    @property
    def label(self) -> str:
        """Its name."""
        return self.plan.name

    @property
    def code(self) -> str:
        """Its code."""
        return self.plan.code

    @property
    def url(self) -> str:
        """Its page."""
        return reverse("billing:plan", args=[self.plan.pk])

    @property
    def hue(self) -> int:
        """Colour of its mark."""
        return self.plan.product_id.int % HUES

    @property
    def state_tone(self) -> str:
        """Tone of the chip."""
        return plan_state(self.plan)[0]

    @property
    def state_label(self) -> str:
        """Word of the chip."""
        return plan_state(self.plan)[1]

    @property
    def kind(self) -> str:
        """Plan or add-on."""
        return str(self.plan.get_kind_display())

    @property
    def product(self) -> str:
        """What it is a plan of."""
        return self.plan.product.name

    @property
    def price(self) -> str:
        """Its first price, in words."""
        prices = list(self.version.prices.all()) if self.version else []
        return price_text(prices[0], interval_text(self.version)) if self.version and prices else ""

    @property
    def currencies(self) -> str:
        """In which it is sold."""
        found = {price.currency for price in self.version.prices.all()} if self.version else set()
        return ", ".join(sorted(found))

    @property
    def sold_as(self) -> str:
        """Its version, and whether a draft waits."""
        number = _("Version %(n)d") % {"n": self.version.number} if self.version else _("Not sold yet")
        return f"{number} · {_('draft waits')}" if self.has_draft and self.version else number

    @property
    def created_at(self) -> datetime:
        """When it was made."""
        return self.plan.created_at


def plan_rows(actor: Actor, found: Sequence[Plan]) -> list[PlanRow]:
    """Rows of the list; three queries, however many rows."""
    versions = selectors.latest(actor, found) if found else []
    sold = {version.plan_id: version for version in versions if not version.is_draft}
    waiting = {version.plan_id for version in versions if version.is_draft}
    return [PlanRow(row, sold.get(row.pk), row.pk in waiting) for row in found]


@dataclass(frozen=True)
class Thing:
    """A meter, feature or coupon in a list or on its page."""

    row: Any
    url: str
    code: str
    told: str
    second: str

    @property
    def id(self) -> str:
        """Its id."""
        return str(self.row.pk)

    @property
    def label(self) -> str:
        """Its name."""
        return str(self.row.name)

    @property
    def hue(self) -> int:
        """Colour of its mark."""
        return int(self.row.pk.int % HUES)

    @property
    def state_tone(self) -> str:
        """Tone of the chip."""
        return self.state[0]

    @property
    def state_label(self) -> str:
        """Word of the chip."""
        return self.state[1]

    @property
    def state(self) -> tuple[str, str]:
        """Tone and word of the chip."""
        ends = getattr(self.row, "redeem_by", None)
        if self.row.archived_at is None and ends is not None and ends <= clock.now():
            return "warn", _("Ended")
        return state_of(self.row)

    @property
    def created_at(self) -> datetime:
        """When it was made."""
        found: datetime = self.row.created_at
        return found


def meter_rows(actor: Actor, found: Sequence[Meter]) -> list[Thing]:
    """Meters in a list; no query."""
    return [
        Thing(row, reverse("billing:meter", args=[row.pk]), row.code, str(row.get_aggregation_display()), row.unit)
        for row in found
    ]


def feature_rows(actor: Actor, found: Sequence[Feature]) -> list[Thing]:
    """Features in a list; no query."""
    return [
        Thing(
            row,
            reverse("billing:feature", args=[row.pk]),
            row.code,
            str(row.get_kind_display()),
            row.meter.name if row.meter is not None else row.unit,
        )
        for row in found
    ]


def coupon_rows(actor: Actor, found: Sequence[Coupon]) -> list[Thing]:
    """Coupons in a list; no query."""
    return [
        Thing(row, reverse("billing:coupon", args=[row.pk]), row.code, coupon_text(row), redeemed_text(row))
        for row in found
    ]


def coupon_text(row: Coupon) -> str:
    """What it takes off and for how long."""
    if row.percent_off is not None:
        off = _("%(percent)s%% off") % {"percent": number_text(row.percent_off)}
    else:
        off = _("%(amount)s off") % {"amount": amount_text(row.amount_off or 0, row.currency)}
    if row.duration == Coupon.Duration.REPEATING:
        return _("%(off)s, %(n)d periods") % {"off": off, "n": row.repeats}
    return f"{off}, {str(row.get_duration_display()).lower()}"


def redeemed_text(row: Coupon) -> str:
    """How often it was redeemed, of how often it may be."""
    if row.max_redemptions is None:
        return str(row.redeemed)
    return _("%(n)d of %(most)d") % {"n": row.redeemed, "most": row.max_redemptions}


def meter_facts(row: Meter) -> list[Fact]:
    """What is known of a meter."""
    facts: list[Fact] = [
        {"label": _("Code"), "value": row.code, "mono": True},
        {"label": _("Counts"), "value": str(row.get_aggregation_display())},
        {"label": _("Unit"), "value": row.unit or _("not told")},
        {"label": _("Created"), "when": row.created_at, "style": "exact"},
    ]
    return [*facts, {"label": _("Property"), "value": row.property, "mono": True}] if row.property else facts


def feature_facts(row: Feature) -> list[Fact]:
    """What is known of a feature."""
    facts: list[Fact] = [
        {"label": _("Code"), "value": row.code, "mono": True},
        {"label": _("Kind"), "value": str(row.get_kind_display())},
        {"label": _("What it is"), "value": row.description or _("not told")},
        {"label": _("Created"), "when": row.created_at, "style": "exact"},
    ]
    if row.meter is not None:
        facts.append({"label": _("Counted by"), "value": row.meter.name})
    return facts


def coupon_facts(row: Coupon) -> list[Fact]:
    """What is known of a coupon."""
    plans = ", ".join(sorted(one.plan.name for one in row.plans.all()))
    facts: list[Fact] = [
        {"label": _("Code"), "value": row.code, "mono": True},
        {"label": _("Takes off"), "value": coupon_text(row)},
        {"label": _("Redeemed"), "value": redeemed_text(row)},
        {"label": _("Good for"), "value": plans or _("all plans")},
        {"label": _("Created"), "when": row.created_at, "style": "exact"},
    ]
    if row.redeem_by is not None:
        facts.append({"label": _("Redeem by"), "when": row.redeem_by, "style": "exact"})
    return facts
