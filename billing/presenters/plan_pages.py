"""The page of a plan: what it is sold as, its versions, its draft, and the card that customers see."""

from collections.abc import Sequence
from typing import Any

from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from billing.models import Plan, PlanVersion
from billing.plan_drafts import draft_of, unsold
from billing.presenters.plan_cards import Card, cards
from billing.presenters.price_words import amount_text, entitlement_text, interval_text, price_text, tier_texts
from billing.selectors import catalogue as selectors
from portal.kit.context import Actor

Fact = dict[str, Any]


def price_groups(version: PlanVersion) -> list[dict[str, Any]]:
    """The prices of a version by currency: name, code, words, tiers, and the least that a period costs."""
    per = interval_text(version)
    least = {row.currency: amount_text(row.amount, row.currency) for row in version.minimums.all()}
    groups: dict[str, list[dict[str, Any]]] = {}
    for price in version.prices.all():
        tiered = price.model in {price.Pricing.GRADUATED, price.Pricing.VOLUME}
        groups.setdefault(price.currency, []).append(
            {
                "name": price.name,
                "code": price.code,
                "model": str(price.get_model_display()),
                "meter": price.meter.name if price.meter is not None else "",
                "text": "" if tiered else price_text(price, per),
                "tiers": tier_texts(price) if tiered else [],
                "zero": tiered and not price.charge_zero,
                "dialog": f"remove-{price.pk}",
                "currency": price.currency,
            }
        )
    return [{"currency": key, "prices": groups[key], "minimum": least.get(key, "")} for key in sorted(groups)]


def version_facts(version: PlanVersion) -> list[Fact]:
    """The terms of a version."""
    month = _("Always 30 days") if version.fixed_days else _("As the calendar has it")
    stages = ", ".join(_STAGES[one["do"]]() % {"day": one["day"]} for one in version.dunning["stages"])
    retries = ", ".join(str(day) for day in version.dunning["retries"])
    return [
        {
            "label": _("Billed"),
            "value": capfirst(f"{interval_text(version)}, {str(version.get_billing_display()).lower()}"),
        },
        {"label": _("Periods begin"), "value": str(version.get_anchor_display())},
        {"label": _("Parts counted in"), "value": str(version.get_proration_display())},
        {"label": _("Length of a month"), "value": month},
        {
            "label": _("Trial"),
            "value": _("%(n)d days") % {"n": version.trial_days} if version.trial_days else _("None"),
        },
        {
            "label": _("Begins"),
            "value": _("With its first payment") if version.dunning.get("first_payment") else _("At once"),
        },
        {"label": _("Dearer plan starts"), "value": str(version.get_on_upgrade_display())},
        {"label": _("Cheaper plan starts"), "value": str(version.get_on_downgrade_display())},
        {"label": _("Charged again"), "value": _("After days %(days)s") % {"days": retries} if retries else _("Never")},
        {"label": _("When late"), "value": capfirst(stages) if stages else _("Nothing happens")},
    ]


_STAGES = {
    "warn": lambda: _("warned on day %(day)s"),
    "restrict": lambda: _("restricted on day %(day)s"),
    "suspend": lambda: _("suspended on day %(day)s"),
}


class PlanShown:
    """What a plan is sold as now, in one of its currencies."""

    def __init__(self, actor: Actor, plan: Plan, currency: str) -> None:
        self._found = selectors.versions_of(actor, plan)
        self.sold = next((one for one in self._found if not one.is_draft), None)
        self._asked = currency

    @cached_property
    def currencies(self) -> list[str]:
        """In which it is sold."""
        return draft_of(self.sold).currencies if self.sold else []

    @property
    def currency(self) -> str:
        """The one that is shown."""
        return chosen(self.currencies, self._asked)

    @property
    def card(self) -> Card | None:
        """As customers see it."""
        return next(iter(cards([self.sold], self.currency)), None) if self.sold else None

    @property
    def versions(self) -> list[dict[str, Any]]:
        """Every version with its state, newest first."""
        return [
            {
                "label": _("Version %(n)d") % {"n": one.number},
                "when": one.published_at,
                "tone": "info" if one.is_draft else "ok" if one is self.sold else "",
                "state": _("Draft") if one.is_draft else _("On sale") if one is self.sold else _("Kept by who has it"),
                "second": "; ".join(price_text(price, interval_text(one)) for price in list(one.prices.all())[:1]),
            }
            for one in self._found
        ]


class DraftShown:
    """The draft of a plan with the addresses of its editor."""

    def __init__(self, actor: Actor, plan: Plan, currency: str) -> None:
        self.plan, self._asked = plan, currency
        self.version = next((one for one in selectors.versions_of(actor, plan) if one.is_draft), None)

    def values(self) -> dict[str, Any]:
        """The context of billing/_plan_draft.html."""
        if self.version is None:
            return {"draft": None}
        said = draft_of(self.version)
        currency = chosen(said.currencies, self._asked)
        where = reverse("billing:plan", args=[self.plan.pk])
        groups = price_groups(self.version)
        for group in groups:
            for price in group["prices"]:
                price["url"] = f"{where}/prices/{price['code']}/{price['currency']}"
                price["like_url"] = f"{where}/prices/new?like={price['code']}/{price['currency']}"
        return {
            "draft": self.version,
            "groups": groups,
            "terms": version_facts(self.version),
            "missing": unsold(said),
            "gives": [entitlement_text(row) for row in self.version.entitlements.all()],
            "terms_url": f"{where}/terms",
            "gives_url": f"{where}/gives",
            "price_url": f"{where}/prices/new",
            "card": next(iter(cards([self.version], currency)), None),
            "currencies": said.currencies,
            "currency": currency,
        }


def chosen(known: Sequence[str], asked: str) -> str:
    """The currency that was asked for, or the first; empty for none."""
    return asked if asked in known else next(iter(known), "")
