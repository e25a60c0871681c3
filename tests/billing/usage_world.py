"""Meters, features and plans of tests of use, and a house that reports."""

from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import count
from typing import Any

from billing.models import Entitlement, Feature, Meter, Plan, PlanVersion, Product
from billing.services.usage import usage_record
from billing.usage_reports import Report, Result
from portal.kit import clock, context
from portal.kit.services import writing
from tests.accounts.organisation_world import House

NOON = datetime(2026, 3, 10, 12, 30, tzinfo=UTC)
_numbers = count(1)


def meter(code: str = "calls", aggregation: str = "sum", **values: Any) -> Meter:
    """A meter; one of distinct things counts the property `user`."""
    wanted = {"name": code.capitalize(), "property": "user" if aggregation == "unique" else "", **values}
    with context.system("a test"), writing():
        return Meter.objects.get_or_create(code=code, aggregation=aggregation, defaults=wanted)[0]


def plan(
    limits: Mapping[str, tuple[int | None, int | None]], *, metered: bool = True, code: str = "free"
) -> PlanVersion:
    """A published version of a plan that gives `limits` (soft, hard) of features; a metered one counts the meter of its
    code. A feature called `sso` is a switch."""
    with context.system("a test"), writing():
        product, _made = Product.objects.get_or_create(code="desk", defaults={"name": "Desk"})
        made = Plan.objects.create(
            product=product, code=f"{code}-{next(_numbers)}", family=code, name=code.title(), state="active"
        )
        version = PlanVersion.objects.create(plan=made, number=1)
        for name, (soft, hard) in limits.items():
            feature = Feature.objects.filter(code=name).first() or Feature.objects.create(
                code=name,
                name=name.replace("_", " ").capitalize(),
                kind="switch" if name == "sso" else "limit",
                meter=meter(name) if metered and name != "sso" else None,
            )
            Entitlement.objects.create(plan_version=version, feature=feature, soft_limit=soft, hard_limit=hard)
        PlanVersion.objects.filter(pk=version.pk).update(published_at=clock.now())
    return PlanVersion.objects.get(pk=version.pk)


def report(house: House, *sent: Mapping[str, Any], at: datetime = NOON) -> list[Result]:
    """Events reported by the house's editor at a moment; keys of their own unless they have some."""
    filled = [{"key": f"k{next(_numbers)}", "meter": "calls", **one} for one in sent]
    actor = house.inside(house.editor)
    with clock.at(at), context.acting(actor):
        return usage_record(actor=actor, organisation_id=house.id, reports=[Report.of(one) for one in filled])
