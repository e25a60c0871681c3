"""Legal entities and their rates of tax over the API, for staff."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from rest_framework.request import Request

from billing.api.customer_serializers import (
    ENTITY,
    EntityBody,
    EntityNewBody,
    EntityReply,
    RateBody,
    RateChangeBody,
    RateReply,
    RatesLoadedReply,
    entity_body,
    rate_body,
)
from billing.errors.customers import EntityArchived, EntityInUse
from billing.errors.taxes import TaxRateInForce, TaxRateOverlaps
from billing.lists.customers import entities
from billing.models import LegalEntity
from billing.selectors import customers as selectors
from billing.services import entities as services
from billing.services import tax_rates
from billing.services.customers import entity_create
from portal.kit import paging
from portal.kit.api import ApiView, endpoint, json
from portal.kit.api.listing import page_of, parameters_of
from portal.kit.money import CurrencyUnknown


class EntitiesView(ApiView):
    """The companies that sell."""

    access = "customer:read"

    @endpoint(items=EntityReply, query=parameters_of(entities))
    def get(self, request: Request) -> HttpResponse:
        """List legal entities, with the filters and the orders of the console."""
        page = page_of(entities, self.actor, self.asked, *ENTITY)
        return self.listed((row.body for row in page.items), page.next)

    @endpoint(access="invoice:admin", body=EntityNewBody, reply=EntityReply, status=201, errors=(CurrencyUnknown,))
    def post(self, request: Request) -> HttpResponse:
        """Name a legal entity. The first one is the default."""
        made = entity_create(actor=self.actor, **self.sent)
        reply = json(entity_body(made), status=201)
        reply.headers["Location"] = f"/api/v1/legal-entities/{made.pk}"
        return reply


class EntityBase(ApiView, abstract=True):
    """What the endpoints of one legal entity share."""

    def entity(self, entity_id: UUID) -> LegalEntity:
        """The entity of the address; `NotFound`."""
        return selectors.entity(self.actor, entity_id)


class EntityView(EntityBase):
    """One company that sells."""

    access = "customer:read"

    @endpoint(reply=EntityReply, etag=True)
    def get(self, request: Request, entity_id: UUID) -> HttpResponse:
        """Read a legal entity."""
        return self.single(entity_body(self.entity(entity_id)))

    @endpoint(access="invoice:admin", body=EntityBody, partial=True, reply=EntityReply, etag=True)
    def patch(self, request: Request, entity_id: UUID) -> HttpResponse:
        """Change its details. Documents that were issued keep theirs. Fields that are absent stay as they are."""
        found = self.unchanged(self.entity(entity_id), entity_body)
        return self.single(entity_body(services.entity_update(actor=self.actor, entity=found, values=self.sent)))


class EntityDefaultView(EntityBase):
    """Which company new customers buy from."""

    access = "invoice:admin"

    @endpoint(reply=EntityReply, errors=(EntityArchived,))
    def post(self, request: Request, entity_id: UUID) -> HttpResponse:
        """Make it the one that new customers buy from."""
        return self.single(entity_body(services.entity_default(actor=self.actor, entity=self.entity(entity_id))))


class EntityArchiveView(EntityBase):
    """Whether a company sells."""

    access = "invoice:admin"

    @endpoint(reply=EntityReply, errors=(EntityInUse,))
    def post(self, request: Request, entity_id: UUID) -> HttpResponse:
        """Sell nothing new by it. What was sold goes on."""
        return self.single(entity_body(services.entity_archive(actor=self.actor, entity=self.entity(entity_id))))


class EntityRestoreView(EntityBase):
    """Whether a company sells."""

    access = "invoice:admin"

    @endpoint(reply=EntityReply)
    def post(self, request: Request, entity_id: UUID) -> HttpResponse:
        """Sell by it again."""
        return self.single(entity_body(services.entity_restore(actor=self.actor, entity=self.entity(entity_id))))


class RatesView(EntityBase):
    """Rates of tax of a legal entity."""

    access = "customer:read"

    @endpoint(items=RateReply)
    def get(self, request: Request, entity_id: UUID) -> HttpResponse:
        """List the rates, past ones included, the newest first."""
        rows = selectors.tax_rates(self.actor, self.entity(entity_id).pk)
        page = paging.keyset(rows, self.asked["cursor"], size=self.asked["limit"])
        return self.listed(map(rate_body, page.items), page.next)

    @endpoint(access="invoice:admin", body=RateBody, reply=RateReply, status=201, errors=(TaxRateOverlaps,))
    def post(self, request: Request, entity_id: UUID) -> HttpResponse:
        """Add a rate. One of the same code that has no end yet ends when it begins."""
        given: dict[str, Any] = self.sent
        made = tax_rates.tax_rate_add(actor=self.actor, entity=self.entity(entity_id), **given)
        return json(rate_body(made), status=201)


class RatesLoadView(EntityBase):
    """The ready-made rates of a regime."""

    access = "invoice:admin"

    @endpoint(reply=RatesLoadedReply)
    def post(self, request: Request, entity_id: UUID) -> HttpResponse:
        """Add the ready-made rates of the entity's regime whose codes it does not have. They are examples: look them over."""
        return json({"added": tax_rates.tax_rates_load(actor=self.actor, entity=self.entity(entity_id))})


class RateView(EntityBase):
    """One rate of tax."""

    access = "customer:read"

    @endpoint(reply=RateReply, etag=True)
    def get(self, request: Request, entity_id: UUID, rate_id: UUID) -> HttpResponse:
        """Read a rate."""
        return self.single(rate_body(selectors.tax_rate(self.actor, entity_id, rate_id)))

    @endpoint(
        access="invoice:admin",
        body=RateChangeBody,
        partial=True,
        reply=RateReply,
        etag=True,
        errors=(TaxRateInForce, TaxRateOverlaps),
    )
    def patch(self, request: Request, entity_id: UUID, rate_id: UUID) -> HttpResponse:
        """Correct a rate that is not in force yet, or end one."""
        found = self.unchanged(selectors.tax_rate(self.actor, entity_id, rate_id), rate_body)
        entity = self.entity(entity_id)
        changed = tax_rates.tax_rate_update(actor=self.actor, entity=entity, rate_id=found.pk, values=self.sent)
        return self.single(rate_body(changed))
