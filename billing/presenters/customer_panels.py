"""The panels of a customer's page that need no plan: its people, and how far it has settled in."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import Min
from django.utils.translation import gettext_lazy as _

from accounts import organisation_selectors
from billing.customer_parts import Part, Step, parts, steps, steps_of
from billing.models import Customer
from billing.presenters.customers import people_of
from billing.selectors import customers as selectors
from portal.kit.context import Actor


def _people(actor: Actor, customer: Customer) -> Mapping[str, Any] | None:
    return people_of(actor, customer)


def _settling(actor: Actor, customer: Customer) -> Mapping[str, Any] | None:
    found = steps_of(actor, customer)
    return {"steps": found} if found else None


def _invited(actor: Actor, customer: Customer) -> datetime | bool | None:
    rows = organisation_selectors.members(actor, customer.organisation_id)
    if rows.count() > 1:
        return True
    found: datetime | None = organisation_selectors.invitations(actor, customer.organisation_id).aggregate(
        first=Min("created_at")
    )["first"]
    return found


def _key(actor: Actor, customer: Customer) -> datetime | bool | None:
    found: datetime | None = selectors.keys(actor, customer.organisation_id).aggregate(first=Min("created_at"))["first"]
    return found


def _called(actor: Actor, customer: Customer) -> datetime | bool | None:
    return selectors.keys(actor, customer.organisation_id).exclude(last_used_at=None).exists() or None


parts.add(Part("billing.people", 40, "customer:read", "billing/_customer_people.html", _people))
parts.add(Part("billing.settling", 50, "customer:read", "billing/_customer_steps.html", _settling))
steps.add(Step("billing.invited", 10, _("People were invited"), _invited))
steps.add(Step("billing.key", 20, _("An API key was made"), _key))
steps.add(Step("billing.called", 30, _("A first call came in"), _called))
