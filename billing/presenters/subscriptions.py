"""How subscriptions are shown."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from billing.models import PendingChange, Subscription, SubscriptionEvent, SubscriptionItem
from billing.services.subscription_previews import Preview, PreviewLine
from portal.kit.context import Actor
from portal.kit.money import Money, shown

_S = Subscription.State
TONES = {
    _S.TRIALING: "info",
    _S.ACTIVE: "ok",
    _S.PAST_DUE: "warn",
    _S.PAUSED: "idle",
    _S.UNPAID: "bad",
    _S.CANCELLED: "idle",
    _S.INCOMPLETE: "warn",
    _S.INCOMPLETE_EXPIRED: "idle",
}


@dataclass(frozen=True)
class SubscriptionRow:
    """A subscription in the list."""

    id: str
    label: str
    url: str
    hue: int
    plan: str
    state_tone: str
    state_label: str
    mrr: str
    next_at: datetime | None
    created_at: datetime


def state_of(found: Subscription) -> tuple[str, str]:
    """Tone and word of its state."""
    return TONES[_S(found.state)], str(_S(found.state).label)


def money(amount: int, currency: str) -> str:
    """An amount in minor units as people write it."""
    return shown(Money(amount, currency))


def subscription_url(found: Subscription) -> str:
    """Its page in the console."""
    return reverse("billing:subscription", args=[found.pk])


def subscription_rows(actor: Actor, rows: Sequence[Subscription]) -> list[SubscriptionRow]:
    """Rows of the list; no query."""
    return [
        SubscriptionRow(
            id=str(row.pk),
            label=row.customer.name,
            url=subscription_url(row),
            hue=row.customer_id.int % 5,
            plan=row.plan_version.plan.name,
            state_tone=state_of(row)[0],
            state_label=state_of(row)[1],
            mrr=money(row.mrr, row.currency),
            next_at=row.next_at,
            created_at=row.created_at,
        )
        for row in rows
    ]


def facts_shown(found: Subscription) -> list[dict[str, Any]]:
    """What stands about a subscription, as rows for kit/_facts.html."""
    tone, label = state_of(found)
    facts: list[dict[str, Any]] = [
        {"label": _("Status"), "status": {"tone": tone, "label": label}},
        {"label": _("Plan"), "value": found.plan_version.plan.name},
        {"label": _("Per month"), "value": money(found.mrr, found.currency)},
        {"label": _("Began"), "when": found.started_at, "style": "date"},
    ]
    if found.state == _S.TRIALING and found.trial_end is not None:
        facts.append({"label": _("Trial until"), "when": found.trial_end, "style": "exact"})
    if found.state == _S.INCOMPLETE:
        facts.append({"label": _("Closes unless paid by"), "when": found.next_at, "style": "exact"})
    elif found.ended_at is not None:
        facts.append({"label": _("Ended"), "when": found.ended_at, "style": "exact"})
    else:
        facts.append({"label": _("Period until"), "when": found.current_period_end, "style": "date"})
    if found.cancel_at is not None:
        facts.append({"label": _("Ends"), "when": found.cancel_at, "style": "exact"})
    return facts


def item_rows(rows: Sequence[SubscriptionItem]) -> list[dict[str, Any]]:
    """What is taken: name, kind and number."""
    return [
        {
            "label": row.plan_version.plan.name,
            "kind": _("Plan") if row.is_base else _("Add-on"),
            "quantity": row.quantity,
            "since": row.starts_at,
        }
        for row in rows
    ]


def waits_text(rows: Sequence[PendingChange]) -> list[dict[str, Any]]:
    """What is planned, as sentences with a date."""
    words = {
        PendingChange.Kind.PLAN: _("Plan becomes %(plan)s"),
        PendingChange.Kind.QUANTITY: _("%(plan)s: quantity becomes %(quantity)s"),
        PendingChange.Kind.ADDON_REMOVE: _("%(plan)s ends"),
    }
    return [
        {
            "text": words[PendingChange.Kind(row.kind)]
            % {"plan": row.plan_version.plan.name, "quantity": row.quantity},
            "at": row.at,
        }
        for row in rows
    ]


def _kinds() -> dict[str, str]:
    return {
        "created": _("Began"),
        "activated": _("Active"),
        "changed_plan": _("Plan changed"),
        "planned_change": _("Change planned"),
        "dropped_change": _("Planned change dropped"),
        "changed_quantity": _("Quantity changed"),
        "added_addon": _("Add-on added"),
        "removed_addon": _("Add-on removed"),
        "paused": _("Paused"),
        "resumed": _("Went on"),
        "planned_cancel": _("Cancellation planned"),
        "cancelled": _("Ended"),
        "reactivated": _("Cancellation taken back"),
        "applied_coupon": _("Coupon used"),
        "extended_trial": _("Trial lengthened"),
        "ended_trial": _("Trial over"),
        "renewed": _("New period"),
        "expired": _("Closed unpaid"),
        "changed_standing": _("Standing of payments"),
        "unhalted": _("Billing goes on"),
    }


def timeline(rows: Sequence[SubscriptionEvent]) -> list[dict[str, Any]]:
    """The history, each with what differs."""
    words = _kinds()
    return [
        {
            "title": words.get(row.kind, row.kind),
            "at": row.at,
            "text": row.note or _differs(row),
            "by_itself": row.actor_kind in ("job", "system"),
        }
        for row in rows
    ]


def _differs(row: SubscriptionEvent) -> str:
    names = {"plan": _("Plan"), "quantity": _("Quantity"), "state": _("Status"), "coupon": _("Coupon")}
    parts = []
    for name, label in names.items():
        before, after = row.before.get(name), row.after.get(name)
        if before != after and after not in (None, ""):
            parts.append(f"{label}: {before} → {after}" if before not in (None, "") else f"{label}: {after}")
    return " · ".join(parts)


@dataclass(frozen=True)
class ShownLine:
    """A line of a preview."""

    text: str
    start: datetime | None
    end: datetime | None
    amount: str
    gives_back: bool


@dataclass(frozen=True)
class ShownPreview:
    """A preview in words and amounts."""

    lines: list[ShownLine]
    taxes: list[tuple[str, str]]
    discount: str
    total: str
    due: str
    credit: str
    any_now: bool
    takes_effect: datetime | None
    ends_at: datetime | None
    next_at: datetime | None
    next_lines: list[ShownLine]
    next_total: str


def preview_shown(found: Preview) -> ShownPreview:
    """A preview as the page draws it."""
    return ShownPreview(
        lines=[_line(line, found.currency) for line in found.lines],
        taxes=[(f"{tax.name} {tax.percent} %", money(tax.amount, found.currency)) for tax in found.taxes],
        discount=money(-found.discount, found.currency) if found.discount else "",
        total=money(found.total, found.currency),
        due=money(found.due, found.currency),
        credit=money(found.credit, found.currency) if found.credit else "",
        any_now=bool(found.lines),
        takes_effect=found.takes_effect,
        ends_at=found.ends_at,
        next_at=found.next_at,
        next_lines=[_line(line, found.currency) for line in found.next_lines],
        next_total=money(found.next_total, found.currency),
    )


def _line(line: PreviewLine, currency: str) -> ShownLine:
    period = line.period
    return ShownLine(
        line.description,
        period.start if period else None,
        period.end if period else None,
        money(line.amount, currency),
        line.amount < 0,
    )
