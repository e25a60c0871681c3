"""A plan as addresses and the API name it: by its id or its code."""

from uuid import UUID

from billing.errors.catalogue import PlanNotOffered
from billing.models import PlanVersion
from billing.selectors.catalogue import offered


def plan_named(text: str, currency: str) -> PlanVersion:
    """The version of a plan that is sold now in a currency, by the plan's id or code; `PlanNotOffered` for none."""
    try:
        named: UUID | str = UUID(text)
    except ValueError:
        named = text
    found = offered(plan=named, currency=currency)
    if found is None:
        raise PlanNotOffered
    return found
