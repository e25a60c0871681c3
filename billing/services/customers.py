"""Making legal entities and customers."""

from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from billing.errors.customers import NoLegalEntity
from billing.models import Customer, LegalEntity
from billing.services.entities import entity_check
from portal.kit.context import Actor
from portal.kit.decision import authorise
from portal.kit.errors import Invalid
from portal.kit.money import exponent
from portal.kit.record import record
from portal.kit.services import writing
from rbac.standing import standing_on

_ENTITY_SHOWN = ("code", "name", "country", "currency", "regime", "time_zone", "prefix", "numbering", "due_days")
_CUSTOMER_SHOWN = ("name", "currency", "language", "time_zone", "tax_status", "sandbox")


def entity_create(*, actor: Actor, code: str, name: str, **values: Any) -> LegalEntity:
    """Make a legal entity; the first one is the default. Staff (`invoice:admin`). Event `billing.entity.created`.

    `CurrencyUnknown` for its currency, `Invalid` with fields.
    """
    authorise(actor, "invoice:admin")
    entity = LegalEntity(code=code, name=name, **values)
    exponent(entity.currency)
    entity_check(entity=entity)
    with writing():
        entity.is_default = not LegalEntity.objects.filter(is_default=True).exists()
        try:
            with transaction.atomic():
                entity.save(force_insert=True)
        except IntegrityError as error:
            raise Invalid(fields={"code": [_("Another legal entity has this code.")]}) from error
        record(
            "billing.entity.created",
            target=entity,
            changes={field: (None, getattr(entity, field)) for field in _ENTITY_SHOWN},
        )
    return entity


def customer_ensure(*, actor: Actor, organisation_id: UUID, name: str, **values: Any) -> Customer:
    """The customer of an organisation, made if there is none (event `billing.customer.created`); part of other services,
    which have decided that it may be. `NoLegalEntity` while nobody sells.

    `values` are fields of a new one: `entity`, `currency` (default: the entity's), address, `sandbox`, `test_clock`.
    """
    with standing_on(organisation_id):
        found = Customer.objects.select_related("test_clock", "entity").filter(organisation_id=organisation_id).first()
        if found is not None:
            return found
        entity = values.pop("entity", None) or LegalEntity.objects.filter(is_default=True, archived_at=None).first()
        if entity is None:
            raise NoLegalEntity
        values.setdefault("currency", entity.currency)
        values.setdefault("time_zone", entity.time_zone)
        customer = Customer(organisation_id=organisation_id, entity=entity, name=name, **values)
        exponent(customer.currency)
        customer.full_clean(validate_unique=False, validate_constraints=False)
        try:
            with transaction.atomic():
                customer.save(force_insert=True)
        except IntegrityError:  # Somebody else was quicker.
            return Customer.objects.select_related("test_clock", "entity").get(organisation_id=organisation_id)
        record(
            "billing.customer.created",
            target=customer,
            changes={field: (None, getattr(customer, field)) for field in _CUSTOMER_SHOWN},
        )
    return customer
