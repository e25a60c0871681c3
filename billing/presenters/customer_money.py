"""The panels of a customer's page about money: plan and value, use, documents, and how it stands with paying."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import organisation_selectors
from billing.customer_parts import Part, Step, parts, steps
from billing.models import Customer, DunningRun, Price, SubscriptionItem
from billing.presenters.invoices import invoice_url, state_of
from billing.presenters.payments import TONES, PaymentRow, money
from billing.presenters.subscriptions import state_of as subscription_state
from billing.presenters.subscriptions import subscription_url
from billing.presenters.usage import quota_rows
from billing.selectors import invoices as documents
from billing.selectors import payments
from billing.selectors import subscriptions as agreed
from billing.selectors.usage import quotas_of
from billing.subscription_states import ENDED
from portal.kit.context import Actor
from portal.kit.decision import can

LAST = 5  # Documents on the panel; the list has all of them.


def _plan(actor: Actor, customer: Customer) -> Mapping[str, Any] | None:
    found = list(agreed.subscriptions(actor).filter(customer=customer).exclude(state__in=ENDED).order_by("-id"))
    may = can(actor, "subscription:admin").allowed
    return {
        "mrr": money(sum(row.mrr for row in found), customer.currency),
        "rows": [
            {
                "label": row.plan_version.plan.name,
                "url": subscription_url(row),
                "tone": subscription_state(row)[0],
                "state": subscription_state(row)[1],
                "mrr": money(row.mrr, row.currency),
                "next_at": row.next_at,
                "ends": row.cancel_at is not None,
                "seats": _seats(actor, customer, agreed.items(row)),
            }
            for row in found
        ],
        "subscribe_url": reverse("billing:customer_subscribe", args=[customer.pk]) if may else "",
    }


def _seats(actor: Actor, customer: Customer, taken: Sequence[SubscriptionItem]) -> str:
    """How many of the seats that are paid for somebody sits on; empty where the plan has none."""
    base = next((item for item in taken if item.is_base), None)
    if base is None or not can(actor, "organisation:read"):
        return ""
    if not any(row.model == Price.Pricing.PER_SEAT and not row.meter_id for row in base.plan_version.prices.all()):
        return ""
    used = organisation_selectors.members(actor, customer.organisation_id).count()
    return _("%(used)s of %(bought)s seats used") % {"used": used, "bought": base.quantity}


def _usage(actor: Actor, customer: Customer) -> Mapping[str, Any] | None:
    found = quotas_of(actor, customer.organisation_id)
    if not found:
        return None
    return {"quotas": quota_rows(found), "period_end": found[0].period.end if found[0].period else None}


def _invoices(actor: Actor, customer: Customer) -> Mapping[str, Any] | None:
    rows = documents.invoices(actor).filter(customer=customer)
    owed = rows.filter(state__in=documents.OWED, due__gt=0)
    due, late = (sum(row.due for row in some) for some in (owed, documents.overdue(rows)))
    shown = list(owed.order_by("due_at", "id")[:LAST])
    shown += list(documents.newest(rows.exclude(pk__in=[row.pk for row in shown]))[: LAST - len(shown)])
    return {
        "due": money(due, customer.currency) if due else "",
        "late": money(late, customer.currency) if late else "",
        "rows": [
            {
                "label": row.number or _("Draft"),
                "url": invoice_url(row),
                "issued_at": row.issued_at,
                "tone": state_of(row)[0],
                "state": state_of(row)[1],
                "amount": money(row.due if row.due > 0 else row.total, row.currency),
            }
            for row in shown
        ],
    }


def _payments(actor: Actor, customer: Customer) -> Mapping[str, Any] | None:
    runs = payments.dunning_runs(actor).filter(customer=customer).exclude(state=DunningRun.State.CLEARED)
    last = payments.payments(actor).filter(customer=customer).order_by("-id").first()
    method = payments.method_charged(actor, customer.pk)
    return {
        "runs": [
            {
                "label": _("Reminded of what is owed in %(currency)s") % {"currency": run.currency},
                "url": reverse("billing:dunning_run", args=[run.pk]),
                "tone": TONES.get(run.stage, "warn"),
                "stage": run.get_stage_display(),
                "next_at": run.next_at,
            }
            for run in runs.order_by("due_at", "id")
        ],
        "last": PaymentRow(last) if last is not None else None,
        "method": method.label if method is not None else "",
    }


def _paid(actor: Actor, customer: Customer) -> datetime | bool | None:
    return documents.first_paid(actor, customer.pk)


parts.add(Part("billing.plan", 10, "subscription:read", "billing/_customer_plan.html", _plan))
parts.add(Part("billing.usage", 20, "usage:read", "billing/_customer_usage.html", _usage))
parts.add(Part("billing.invoices", 30, "invoice:read", "billing/_customer_invoices.html", _invoices))
parts.add(Part("billing.payments", 35, "payment:admin", "billing/_customer_payments.html", _payments))
steps.add(Step("billing.paid", 40, gettext_lazy("A first payment came in"), _paid, "invoice:read"))
