"""What a customer's documents are made out to: name, address, how it is taxed, who else gets them."""

from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from accounts.models import Organisation
from billing.errors.customers import CustomerExists, EntityArchived, TooManyKept
from billing.guards import authorise_for
from billing.models import BillingContact, Customer, LegalEntity
from billing.places import place_checked, zone_checked
from billing.services.customers import customer_ensure
from portal.kit.context import Actor
from portal.kit.decision import authorise
from portal.kit.errors import Invalid, NotFound
from portal.kit.plain import invalid
from portal.kit.record import diff, record
from rbac.standing import standing_on

OWN = ("name", "email", "line1", "line2", "postal_code", "city", "region", "country", "language", "time_zone")
STAFF = ("tax_status", "entity")
MOST_CONTACTS = 20


def customer_create(*, actor: Actor, organisation_id: UUID, name: str = "", **values: Any) -> Customer:
    """Make an organisation a customer. Staff (`invoice:admin`). Event `billing.customer.created`.

    `values`: address, `email`, `language`, `time_zone`, `tax_status`, `currency`, `entity`, `sandbox`. Currency and sandbox
    stay as they are for ever. `CustomerExists`, `NoLegalEntity`, `EntityArchived`, `Invalid`, `NotFound`.
    """
    authorise(actor, "invoice:admin")
    where = Organisation.objects.filter(pk=organisation_id).first()
    if where is None:
        raise NotFound
    entity: LegalEntity | None = values.get("entity")
    if entity is not None and entity.archived_at is not None:
        raise EntityArchived
    wanted = {field: value for field, value in values.items() if value not in ("", None)}
    _places(wanted.get("country", ""), wanted.get("region", ""), wanted.get("time_zone"))
    with standing_on(organisation_id):
        # Two at the same time: one waits here, and finds the customer of the other.
        Organisation.objects.select_for_update(no_key=True).get(pk=organisation_id)
        if Customer.objects.filter(organisation_id=organisation_id).exists():
            raise CustomerExists
        try:
            return customer_ensure(
                actor=actor, organisation_id=organisation_id, name=name.strip() or where.name, **wanted
            )
        except ValidationError as error:
            raise invalid(error) from error


def details_save(*, actor: Actor, organisation_id: UUID, values: dict[str, Any]) -> Customer:
    """Save an organisation's own billing details; the first time it becomes a customer by that. Inside: `billing:admin`.

    Events `billing.customer.created`, `billing.customer.updated`. `NoLegalEntity` while nobody sells, `Invalid`.
    """
    authorise_for(actor, organisation_id)
    with standing_on(organisation_id):
        found = Customer.objects.filter(organisation_id=organisation_id).first()
        if found is None:
            where = Organisation.objects.get(pk=organisation_id)
            found = customer_ensure(actor=actor, organisation_id=organisation_id, name=where.name)
        return customer_update(actor=actor, customer=found, values=values)


def customer_update(*, actor: Actor, customer: Customer, values: dict[str, Any]) -> Customer:
    """Change what its next documents say; those that were issued stay. Inside: `billing:admin`; staff: `invoice:admin`,
    which alone changes `tax_status` and `entity`.

    Event `billing.customer.updated`; none when all is as it was. `Invalid` with fields, `EntityArchived`.
    """
    authorise_for(actor, customer.organisation_id)
    allowed = OWN if actor.organisation_id is not None else (*OWN, *STAFF)
    if unknown := sorted(set(values) - set(allowed)):
        raise Invalid(fields={name: [_("This cannot be changed here.")] for name in unknown})
    clean: dict[str, Any] = {name: value.strip() if isinstance(value, str) else value for name, value in values.items()}
    entity: LegalEntity | None = clean.pop("entity", None)
    if entity is not None:
        clean["entity_id"] = entity.pk
    with standing_on(customer.organisation_id):
        customer = customer_locked(customer_id=customer.pk)
        authorise_for(actor, customer.organisation_id)
        changes = diff(customer, clean)
        if not changes:
            return customer
        if entity is not None and "entity_id" in changes and entity.archived_at is not None:
            raise EntityArchived
        for name, value in clean.items():
            setattr(customer, name, value)
        _places(customer.country, customer.region, customer.time_zone)
        try:
            customer.full_clean(validate_constraints=False, validate_unique=False)
        except ValidationError as error:
            raise invalid(error) from error
        customer.save(update_fields=list(changes))
        record("billing.customer.updated", target=customer, changes=changes)
    return customer


def contact_add(*, actor: Actor, customer: Customer, email: str, name: str = "") -> BillingContact:
    """Somebody who gets the customer's documents, too. Inside: `billing:admin`; staff: `invoice:admin`.

    Event `billing.contact.added`. `Invalid` for an address that is none or there already, `TooManyKept` from 20 on.
    """
    authorise_for(actor, customer.organisation_id)
    email = email.strip()
    try:
        validate_email(email)
    except ValidationError:
        raise Invalid(fields={"email": [_("Write an e-mail address, such as accounts@example.com.")]}) from None
    contact = BillingContact(
        organisation_id=customer.organisation_id, customer=customer, name=name.strip(), email=email
    )
    try:
        contact.full_clean(exclude={"organisation", "customer"}, validate_unique=False, validate_constraints=False)
    except ValidationError as error:
        raise invalid(error) from error
    with standing_on(customer.organisation_id):
        customer_locked(customer_id=customer.pk)
        there = BillingContact.objects.filter(customer=customer)
        if there.filter(email__iexact=email).exists():
            raise Invalid(fields={"email": [_("This address gets the documents already.")]})
        if there.count() >= MOST_CONTACTS:
            raise TooManyKept
        contact.save(force_insert=True)
        record(
            "billing.contact.added",
            target=contact,
            changes={"name": (None, contact.name), "email": (None, contact.email)},
        )
    return contact


def contact_remove(*, actor: Actor, customer: Customer, contact_id: UUID) -> None:
    """Send that address no documents any more. Event `billing.contact.removed`. `NotFound` when it is no contact of the
    customer."""
    authorise_for(actor, customer.organisation_id)
    with standing_on(customer.organisation_id):
        contact = BillingContact.objects.select_for_update().filter(pk=contact_id, customer=customer).first()
        if contact is None:
            raise NotFound
        record(
            "billing.contact.removed",
            target=contact,
            changes={"name": (contact.name, None), "email": (contact.email, None)},
        )
        contact.delete()


def customer_locked(*, customer_id: UUID) -> Customer:
    """The row, locked until the transaction ends; `NotFound`."""
    rows = Customer.objects.select_for_update(of=("self",), no_key=True).select_related("test_clock", "entity")
    found = rows.filter(pk=customer_id).first()
    if found is None:
        raise NotFound
    return found


def _places(country: str, region: str, time_zone: str | None) -> None:
    place_checked(country, region)
    if time_zone is not None:
        zone_checked(time_zone)
