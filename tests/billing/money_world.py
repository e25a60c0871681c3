"""A company that sells and its customers, for tests of billing."""

from itertools import count
from typing import Any

from accounts.models import Organisation
from billing.models import Customer, LegalEntity
from billing.services.customers import customer_ensure, entity_create
from portal.kit import context

_numbers = count(1)


def seller(**values: Any) -> LegalEntity:
    """A legal entity; the first of a test is the default."""
    with context.system("a test") as current:
        return entity_create(
            actor=current.actor,
            code=values.pop("code", f"seller{next(_numbers)}"),
            name=values.pop("name", "Harbour Software GmbH"),
            **{"country": "DE", "currency": "EUR", "time_zone": "UTC", **values},
        )


def customer_of(organisation: Organisation, **values: Any) -> Customer:
    """The organisation as a customer, of the default entity or a new one."""
    entity = values.pop("entity", None) or LegalEntity.objects.filter(is_default=True).first() or seller()
    with context.system("a test") as current:
        return customer_ensure(
            actor=current.actor,
            organisation_id=organisation.pk,
            name=values.pop("name", organisation.name),
            entity=entity,
            **values,
        )
