"""Reads about legal entities and customers.

Staff sees all by `customer:read`; who stands in an organisation sees its own by `billing:read`.
"""

from typing import cast
from uuid import UUID

from django.db.models import QuerySet

from accounts.models import Key, Organisation
from billing.models import BillingContact, Customer, LegalEntity, TaxId, TaxRate
from portal.kit import context
from portal.kit.context import Actor
from portal.kit.errors import NotFound


def seen_by(actor: Actor) -> str:
    """The right that shows rows of a customer: the one held inside, or that of staff from outside."""
    return "customer:read" if actor.organisation_id is None else "billing:read"


def entities(actor: Actor) -> QuerySet[LegalEntity]:
    """The legal entities, archived ones included (`customer:read`)."""
    return LegalEntity.objects.visible_to(actor, "customer:read")


def entity(actor: Actor, entity_id: UUID, code: str = "customer:read") -> LegalEntity:
    """One legal entity; `NotFound`."""
    found = LegalEntity.objects.visible_to(actor, code).filter(pk=entity_id).first()
    if found is None:
        raise NotFound
    return found


def entities_open(actor: Actor) -> list[LegalEntity]:
    """Those that sell, the default first, then by name."""
    return list(entities(actor).filter(archived_at=None).order_by("-is_default", "name", "id"))


def tax_rates(actor: Actor, entity_id: UUID) -> QuerySet[TaxRate]:
    """The rates of an entity, by country and code, of one code the newest first."""
    rows = TaxRate.objects.visible_to(actor, "customer:read").filter(entity_id=entity_id)
    return rows.order_by("country", "code", "-valid_from")


def tax_rate(actor: Actor, entity_id: UUID, rate_id: UUID) -> TaxRate:
    """One rate of an entity; `NotFound` for that of another."""
    found = tax_rates(actor, entity_id).filter(pk=rate_id).first()
    if found is None:
        raise NotFound
    return found


def customers(actor: Actor) -> QuerySet[Customer]:
    """The customers that `actor` may see, with entity, clock and organisation."""
    rows = Customer.objects.visible_to(actor, seen_by(actor))
    return rows.select_related("entity", "test_clock", "organisation")


def customer(actor: Actor, customer_id: UUID) -> Customer:
    """One customer; `NotFound` where the actor may not see it."""
    found = customers(actor).filter(pk=customer_id).first()
    if found is None:
        raise NotFound
    return found


def customer_here(actor: Actor) -> Customer | None:
    """The customer that the actor's organisation is; None while it is none."""
    if actor.organisation_id is None:
        raise NotFound
    return customers(actor).filter(organisation_id=actor.organisation_id).first()


def sandbox_here(actor: Actor) -> Customer | None:
    """The sandbox that the actor's organisation is, with its clock; None for real money and for whom it is not open
    (`billing:read`). Asked once a page, for the menu and the banner."""
    now = context.current()
    if actor.organisation_id is None or now is None:
        return None
    name = f"sandbox:{actor.organisation_id}"
    if name not in now.cache:
        rows = customers(actor).filter(organisation_id=actor.organisation_id, sandbox=True)
        now.cache[name] = rows.first()
    return cast("Customer | None", now.cache[name])


def customer_of(actor: Actor, organisation_id: UUID) -> Customer:
    """The customer that an organisation is; `NotFound` while it is none, or where the actor may not see it."""
    found = customers(actor).filter(organisation_id=organisation_id).first()
    if found is None:
        raise NotFound
    return found


def contacts(actor: Actor, customer_id: UUID) -> QuerySet[BillingContact]:
    """Who else gets a customer's documents, oldest first."""
    rows = BillingContact.objects.visible_to(actor, seen_by(actor)).filter(customer_id=customer_id)
    return rows.order_by("created_at", "id")


def tax_ids(actor: Actor, customer_id: UUID) -> QuerySet[TaxId]:
    """The numbers of a customer, oldest first."""
    rows = TaxId.objects.visible_to(actor, seen_by(actor)).filter(customer_id=customer_id)
    return rows.order_by("created_at", "id")


def organisations_free(actor: Actor) -> QuerySet[Organisation]:
    """Organisations that are no customers yet, by name, for staff that makes one (`organisation:read`)."""
    taken = Customer.objects.visible_to(actor, "customer:read").values("organisation_id")
    rows = Organisation.objects.visible_to(actor, "organisation:read").exclude(state=Organisation.State.CLOSED)
    return rows.exclude(pk__in=taken).order_by("name", "id")


def keys(actor: Actor, organisation_id: UUID) -> QuerySet[Key]:
    """The API keys of a customer's organisation, for what staff sees of it: when there was one, whether it was used."""
    return Key.objects.visible_to(actor, "organisation:read").filter(organisation_id=organisation_id)
