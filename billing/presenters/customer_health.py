"""The panel of a customer's page that tells how well it stands."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy

from billing.customer_parts import Part, parts
from billing.kpis.health import PARTS, health_of, tone_of, weights_of
from billing.models import Customer
from portal.kit.context import Actor

STATES = {
    "ok": gettext_lazy("Good"),
    "warn": gettext_lazy("Needs a look"),
    "bad": gettext_lazy("At risk"),
}


def _health(actor: Actor, customer: Customer) -> Mapping[str, Any] | None:
    found = health_of(customer.pk)
    score = found.score if found is not None else None
    if found is None or score is None:
        return None
    tone, weights = tone_of(score), weights_of()
    rows = [
        {
            "label": PARTS[name],
            "weight": weights[name],
            "percent": None if value is None else round(value * 100),
        }
        for name, value in found.parts.items()
    ]
    return {"score": round(score), "tone": tone, "state": STATES[tone], "rows": rows}


parts.add(Part("billing.health", 45, "kpi:read", "billing/_customer_health.html", _health))
