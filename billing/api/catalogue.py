"""What is sold, over the API: for staff all plans, for an organisation what it can choose of."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request

from billing.api.catalogue_serializers import (
    PLAN,
    OfferReply,
    PlanBody,
    PlanChangeBody,
    PlanReply,
    VersionBody,
    VersionReply,
    offer_body,
    plan_body,
    sent_draft,
    version_body,
)
from billing.errors.catalogue import DraftExists, PlanArchived, VersionIncomplete
from billing.lists.catalogue import plans
from billing.models import Plan
from billing.selectors import catalogue as selectors
from billing.services import plans as services
from billing.services import versions
from portal.kit.api import ApiView, endpoint, json, one_of, text
from portal.kit.api.listing import page_of, parameters_of


class OffersView(ApiView):
    """What an organisation can choose of."""

    access = "billing:read"

    @endpoint(
        items=OfferReply,
        query=(
            text("currency", _("Only what is sold in this currency.")),
            one_of("kind", _("Plans or add-ons."), list(Plan.Kind.values)),
        ),
    )
    def get(self, request: Request) -> HttpResponse:
        """List the plans and add-ons on sale with their prices and entitlements, in the order of the picker."""
        found = selectors.offers(currency=self.asked.get("currency") or "", kind=self.asked.get("kind") or "")
        return self.listed((offer_body(version) for version in found), None)


class PlansView(ApiView):
    """All plans and add-ons."""

    access = "plan:read"

    @endpoint(items=PlanReply, query=parameters_of(plans))
    def get(self, request: Request) -> HttpResponse:
        """List plans, with the filters and the orders of the console."""
        page = page_of(plans, self.actor, self.asked, *PLAN)
        return self.listed((row.body for row in page.items), page.next)

    @endpoint(access="plan:admin", body=PlanBody, reply=PlanReply, status=201)
    def post(self, request: Request) -> HttpResponse:
        """Make a plan, as a draft; its product too, where none has the code."""
        given: dict[str, Any] = dict(self.sent)
        code = given.pop("product")
        product = selectors.products(self.actor).filter(code=code).first()
        if product is None:
            product = services.product_create(actor=self.actor, code=code, name=code)
        made = services.plan_create(actor=self.actor, product=product, **given)
        reply = json(plan_body(made), status=201)
        reply.headers["Location"] = f"/api/v1/plans/{made.pk}"
        return reply


class PlanBase(ApiView, abstract=True):
    """What the endpoints of one plan share."""

    def plan(self, plan_id: UUID) -> Plan:
        """The plan of the address; `NotFound`."""
        found: Plan = selectors.one(selectors.plans(self.actor), plan_id)
        return found


class PlanView(PlanBase):
    """One plan."""

    access = "plan:read"

    @endpoint(reply=PlanReply, etag=True)
    def get(self, request: Request, plan_id: UUID) -> HttpResponse:
        """Read a plan."""
        return self.single(plan_body(self.plan(plan_id)))

    @endpoint(access="plan:admin", body=PlanChangeBody, partial=True, reply=PlanReply, etag=True)
    def patch(self, request: Request, plan_id: UUID) -> HttpResponse:
        """Change a plan, archive it or bring it back. Fields that are absent stay as they are."""
        found = self.unchanged(self.plan(plan_id), plan_body)
        given: dict[str, Any] = dict(self.sent)
        archived = given.pop("archived", None)
        if given:
            found = services.plan_update(actor=self.actor, plan=found, values=given)
        if archived is not None:
            change = services.plan_archive if archived else services.plan_restore
            found = change(actor=self.actor, plan=found)
        return self.single(plan_body(found))


class PlanVersionsView(PlanBase):
    """The versions of a plan."""

    access = "plan:read"

    @endpoint(items=VersionReply)
    def get(self, request: Request, plan_id: UUID) -> HttpResponse:
        """List the versions of a plan with all that they say, the newest first."""
        found = selectors.versions_of(self.actor, self.plan(plan_id))
        return self.listed((version_body(version) for version in found), None)

    @endpoint(
        access="plan:admin",
        body=VersionBody,
        reply=VersionReply,
        status=201,
        errors=(DraftExists, PlanArchived, VersionIncomplete),
    )
    def post(self, request: Request, plan_id: UUID) -> HttpResponse:
        """Write a new version, as a draft or published at once. What was sold before stays with those who have it."""
        plan = self.plan(plan_id)
        given: dict[str, Any] = {"entitlements": (), "minimums": (), **self.sent}
        publish = given.pop("publish")
        made = versions.version_start(actor=self.actor, plan=plan)
        made = versions.version_change(actor=self.actor, version=made, change=lambda before: sent_draft(given, before))
        if publish:
            made = versions.version_publish(actor=self.actor, version=made)
        return json(self._told(plan, made.number), status=201)

    def _told(self, plan: Plan, number: int) -> Mapping[str, Any]:
        return version_body(selectors.version(self.actor, plan, number))
