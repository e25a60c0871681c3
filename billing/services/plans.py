"""Products and plans: making, changing, ordering, archiving and bringing back. Never deleting."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from billing.errors.catalogue import PlanArchived
from billing.models import Plan, Product
from billing.services.catalogue_rows import change, held, put, set_archived
from portal.kit import errors
from portal.kit.context import Actor
from portal.kit.decision import authorise
from portal.kit.record import record
from portal.kit.services import writing

PRODUCT = ("code", "name", "description")
PLAN = ("code", "family", "name", "description", "kind", "visibility", "position")
EDITABLE = ("family", "name", "description", "visibility")


def product_create(*, actor: Actor, code: str, name: str, description: str = "") -> Product:
    """Make a product. Needs `plan:admin`; event `billing.product.created`. `Invalid` with fields."""
    authorise(actor, "plan:admin")
    return put(
        row=Product(code=code, name=name, description=description), names=PRODUCT, event="billing.product.created"
    )


def product_update(*, actor: Actor, product: Product, values: Mapping[str, Any]) -> Product:
    """Change its name or description. Event `billing.product.updated`; none without a change."""
    authorise(actor, "plan:admin")
    return change(
        model=Product, key=product.pk, values=values, editable=("name", "description"), event="billing.product.updated"
    )


def product_archive(*, actor: Actor, product: Product) -> Product:
    """Offer no new plans of a product. Event `billing.product.archived`."""
    authorise(actor, "plan:admin")
    return set_archived(model=Product, key=product.pk, event="billing.product.archived", archived=True)


def product_restore(*, actor: Actor, product: Product) -> Product:
    """Bring a product back. Event `billing.product.restored`."""
    authorise(actor, "plan:admin")
    return set_archived(model=Product, key=product.pk, event="billing.product.restored", archived=False)


def plan_create(*, actor: Actor, product: Product, code: str, name: str, **values: Any) -> Plan:
    """Make a plan, as a draft, last in the picker; it is sold once a version of it is published.

    `values`: `family` (default: the code), `description`, `kind`, `visibility`. Needs `plan:admin`; event
    `billing.plan.created`. `Invalid` with fields.
    """
    authorise(actor, "plan:admin")
    with writing():
        if held(model=Product, key=product.pk).archived_at is not None:
            raise errors.Invalid(fields={"product": [_("This product is archived. Choose another.")]})
        last = Plan.objects.order_by("-position").values_list("position", flat=True).first()
        values["family"] = values.get("family") or code
        plan = Plan(product=product, code=code, name=name, position=0 if last is None else last + 1, **values)
        return put(row=plan, names=PLAN, event="billing.plan.created")


def plan_update(*, actor: Actor, plan: Plan, values: Mapping[str, Any]) -> Plan:
    """Change name, description, card or who finds it. Event `billing.plan.updated`; none without a change."""
    authorise(actor, "plan:admin")
    return change(model=Plan, key=plan.pk, values=values, editable=EDITABLE, event="billing.plan.updated")


def plan_archive(*, actor: Actor, plan: Plan) -> Plan:
    """Offer a plan no longer: those who have it keep it. Event `billing.plan.archived`."""
    authorise(actor, "plan:admin")
    return _moved(plan.pk, Plan.State.ARCHIVED, "billing.plan.archived")


def plan_restore(*, actor: Actor, plan: Plan) -> Plan:
    """Bring an archived plan back: sold as before, or a draft where it never was. Event `billing.plan.restored`."""
    authorise(actor, "plan:admin")
    sold = plan.versions.exclude(published_at=None).exists()
    return _moved(plan.pk, Plan.State.ACTIVE if sold else Plan.State.DRAFT, "billing.plan.restored")


def plans_reorder(*, actor: Actor, plans: Sequence[UUID]) -> None:
    """Let these plans stand in this order, before all others. Event `billing.plan.moved` for each that moved.

    `NotFound` for an id that is no plan's, `Invalid` for one that is named twice.
    """
    authorise(actor, "plan:admin")
    if len(set(plans)) != len(plans):
        raise errors.Invalid(fields={"plans": [_("A plan is named twice.")]})
    with writing():
        rows = {row.pk: row for row in Plan.objects.select_for_update(no_key=True).order_by("position", "pk")}
        if set(plans) - set(rows):
            raise errors.NotFound
        wanted = [*plans, *(key for key in rows if key not in set(plans))]
        for position, key in enumerate(wanted):
            row, before = rows[key], rows[key].position
            if before == position:
                continue
            row.position = position
            row.save(update_fields=["position"])
            record("billing.plan.moved", target=row, changes={"position": (before, position)})


def plan_held(*, plan_id: UUID) -> Plan:
    """The row, held until the transaction ends; `PlanArchived` where nothing happens to it any more. Part of another
    service."""
    plan = held(model=Plan, key=plan_id)
    if plan.state == Plan.State.ARCHIVED:
        raise PlanArchived
    return plan


def _moved(key: UUID, state: str, event: str) -> Plan:
    with writing():
        plan = held(model=Plan, key=key)
        before = plan.state
        if before == state or (event.endswith("restored") and before != Plan.State.ARCHIVED):
            return plan
        plan.state = state
        plan.save(update_fields=["state"])
        record(event, target=plan, changes={"state": (before, state)})
    return plan
