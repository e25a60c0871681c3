"""Customers over the API: all of them for staff, its own details for an organisation.

Below an organisation the gate asks for `organisation:read`, which members and staff hold; what is read and changed asks
for the right of the one and of the other.
"""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from rest_framework.request import Request

from billing.api.customer_serializers import (
    CUSTOMER,
    ClockReply,
    ClockStartBody,
    ClockToBody,
    ContactBody,
    ContactReply,
    CustomerBody,
    CustomerNewBody,
    CustomerReply,
    DetailsBody,
    TaxIdBody,
    TaxIdReply,
    clock_body,
    contact_body,
    customer_body,
    tax_id_body,
)
from billing.api.payment_serializers import BalanceReply, balance_body
from billing.errors.clocks import ClockMoving, ClockThere, NoSandbox
from billing.errors.customers import CustomerExists, EntityArchived, NoLegalEntity, TooManyKept
from billing.guards import authorise_for
from billing.lists.customers import customers
from billing.models import Customer, LegalEntity
from billing.selectors import customers as selectors
from billing.selectors import invoices as documents
from billing.services import clocks, tax_ids
from billing.services import customer_details as services
from portal.kit import paging
from portal.kit.api import ApiView, endpoint, json
from portal.kit.api.listing import page_of, parameters_of
from portal.kit.errors import NotFound


class CustomersBase(ApiView, abstract=True):
    """What the endpoints of customers share."""

    def given(self) -> dict[str, Any]:
        """What was sent, with the legal entity that it names; `NotFound` for none that there is."""
        values = dict(self.sent)
        if "entity_id" in values:
            entity: LegalEntity = selectors.entity(self.actor, values.pop("entity_id"))
            values["entity"] = entity
        return values


class CustomersView(CustomersBase):
    """Organisations that buy."""

    access = "customer:read"

    @endpoint(items=CustomerReply, query=parameters_of(customers))
    def get(self, request: Request) -> HttpResponse:
        """List customers, with the filters, the search and the orders of the console."""
        page = page_of(customers, self.actor, self.asked, *CUSTOMER)
        return self.listed((row.body for row in page.items), page.next)

    @endpoint(
        access="invoice:admin",
        body=CustomerNewBody,
        reply=CustomerReply,
        status=201,
        errors=(CustomerExists, NoLegalEntity, EntityArchived),
    )
    def post(self, request: Request) -> HttpResponse:
        """Make an organisation a customer. Its currency, and whether it is a sandbox, stay as they are."""
        made = services.customer_create(actor=self.actor, **self.given())
        reply = json(customer_body(made), status=201)
        reply.headers["Location"] = f"/api/v1/customers/{made.pk}"
        return reply


class CustomerView(CustomersBase):
    """One organisation that buys."""

    access = "customer:read"

    @endpoint(reply=CustomerReply, etag=True)
    def get(self, request: Request, customer_id: UUID) -> HttpResponse:
        """Read a customer."""
        return self.single(customer_body(selectors.customer(self.actor, customer_id)))

    @endpoint(
        access="invoice:admin",
        body=CustomerBody,
        partial=True,
        reply=CustomerReply,
        etag=True,
        errors=(EntityArchived,),
    )
    def patch(self, request: Request, customer_id: UUID) -> HttpResponse:
        """Change its details, and what staff decides. Fields that are absent stay as they are."""
        found = self.unchanged(selectors.customer(self.actor, customer_id), customer_body)
        changed = services.customer_update(actor=self.actor, customer=found, values=self.given())
        return self.single(customer_body(changed))


class BalanceView(ApiView):
    """What stands between a customer and us."""

    access = "invoice:read"

    @endpoint(reply=BalanceReply)
    def get(self, request: Request, customer_id: UUID) -> HttpResponse:
        """Read what a customer owes, what credit it has and what it paid in advance, from the ledger."""
        found = documents.customer(self.actor, customer_id)
        return self.single(balance_body(documents.account_of(found), found.currency))


class InsideBase(ApiView, abstract=True):
    """What the endpoints below one organisation share."""

    def customer(self, organisation_id: UUID) -> Customer:
        """The customer that the organisation is; `Forbidden` without the right to see it, `NotFound` while it is none."""
        authorise_for(self.actor, organisation_id, "billing:read", staff="customer:read")
        return selectors.customer_of(self.actor, organisation_id)


class DetailsView(InsideBase):
    """What an organisation's documents are made out to."""

    access = "organisation:read"

    @endpoint(reply=CustomerReply, service="billing:read", etag=True)
    def get(self, request: Request, organisation_id: UUID) -> HttpResponse:
        """Read the billing details of an organisation; 404 while it has none."""
        return self.single(customer_body(self.customer(organisation_id)))

    @endpoint(body=DetailsBody, partial=True, reply=CustomerReply, service="billing:admin", errors=(NoLegalEntity,))
    def patch(self, request: Request, organisation_id: UUID) -> HttpResponse:
        """Save billing details; the first time, the organisation becomes a customer by that."""
        saved = services.details_save(actor=self.actor, organisation_id=organisation_id, values=self.sent)
        return self.single(customer_body(saved))


class OwnBalanceView(InsideBase):
    """What stands between an organisation and us."""

    access = "organisation:read"

    @endpoint(reply=BalanceReply, service="billing:read")
    def get(self, request: Request, organisation_id: UUID) -> HttpResponse:
        """Read what the organisation owes, what credit it has and what it paid in advance."""
        found = self.customer(organisation_id)
        return self.single(balance_body(documents.account_of(found), found.currency))


class ContactsView(InsideBase):
    """Who else gets an organisation's documents."""

    access = "organisation:read"

    @endpoint(items=ContactReply, service="billing:read")
    def get(self, request: Request, organisation_id: UUID) -> HttpResponse:
        """List the contacts, the newest first."""
        rows = selectors.contacts(self.actor, self.customer(organisation_id).pk)
        page = paging.keyset(rows, self.asked["cursor"], size=self.asked["limit"])
        return self.listed(map(contact_body, page.items), page.next)

    @endpoint(body=ContactBody, reply=ContactReply, status=201, service="billing:admin", errors=(TooManyKept,))
    def post(self, request: Request, organisation_id: UUID) -> HttpResponse:
        """Add a contact. It gets every document by mail and needs no account."""
        made = services.contact_add(actor=self.actor, customer=self.customer(organisation_id), **self.sent)
        return json(contact_body(made), status=201)


class ContactView(InsideBase):
    """One contact."""

    access = "organisation:read"

    @endpoint(status=204, service="billing:admin")
    def delete(self, request: Request, organisation_id: UUID, contact_id: UUID) -> HttpResponse:
        """Send that address no documents any more."""
        services.contact_remove(actor=self.actor, customer=self.customer(organisation_id), contact_id=contact_id)
        return HttpResponse(status=204)


class TaxIdsView(InsideBase):
    """Numbers of tax offices."""

    access = "organisation:read"

    @endpoint(items=TaxIdReply, service="billing:read")
    def get(self, request: Request, organisation_id: UUID) -> HttpResponse:
        """List the numbers, the newest first, with what is known of each."""
        rows = selectors.tax_ids(self.actor, self.customer(organisation_id).pk)
        page = paging.keyset(rows, self.asked["cursor"], size=self.asked["limit"])
        return self.listed(map(tax_id_body, page.items), page.next)

    @endpoint(body=TaxIdBody, reply=TaxIdReply, status=201, service="billing:admin", errors=(TooManyKept,))
    def post(self, request: Request, organisation_id: UUID) -> HttpResponse:
        """Add a number. Its form is checked at once; an office, where one is set up, is asked later."""
        made = tax_ids.tax_id_add(actor=self.actor, customer=self.customer(organisation_id), **self.sent)
        return json(tax_id_body(made), status=201)


class TaxIdView(InsideBase):
    """One number."""

    access = "organisation:read"

    @endpoint(status=204, service="billing:admin")
    def delete(self, request: Request, organisation_id: UUID, tax_id: UUID) -> HttpResponse:
        """Print that number no more."""
        tax_ids.tax_id_remove(actor=self.actor, customer=self.customer(organisation_id), tax_id=tax_id)
        return HttpResponse(status=204)


class ClockView(InsideBase):
    """The time of a sandbox."""

    access = "organisation:read"

    @endpoint(reply=ClockReply, service="billing:read")
    def get(self, request: Request, organisation_id: UUID) -> HttpResponse:
        """Where the test clock stands; 404 for real money, and before there is one."""
        stopped = self.customer(organisation_id).test_clock
        if stopped is None:
            raise NotFound
        return json(clock_body(stopped))

    @endpoint(
        body=ClockStartBody, reply=ClockReply, status=201, service="billing:admin", errors=(NoSandbox, ClockThere)
    )
    def post(self, request: Request, organisation_id: UUID) -> HttpResponse:
        """Give a sandbox a test clock; it stands still until it is sent forward."""
        made = clocks.clock_start(actor=self.actor, customer=self.customer(organisation_id), at=self.sent.get("at"))
        return json(clock_body(made), status=201)


class ClockAdvanceView(InsideBase):
    """Where the time of a sandbox goes."""

    access = "organisation:read"

    @endpoint(body=ClockToBody, reply=ClockReply, status=202, service="billing:admin", errors=(NoSandbox, ClockMoving))
    def post(self, request: Request, organisation_id: UUID) -> HttpResponse:
        """Send the test clock forward. A job takes it there in steps of a day, and all that falls due happens."""
        found = clocks.clock_advance(actor=self.actor, customer=self.customer(organisation_id), to=self.sent["to"])
        return json(clock_body(found), status=202)
