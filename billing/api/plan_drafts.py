"""The draft of a plan over the API: started, read, changed whole, published or thrown away; and the order of the picker."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from rest_framework import serializers
from rest_framework.request import Request

from billing.api.catalogue import PlanBase
from billing.api.catalogue_serializers import DraftBody, VersionReply, sent_draft, version_body
from billing.errors.catalogue import DraftExists, PlanArchived, VersionIncomplete, VersionPublished
from billing.models import PlanVersion
from billing.plan_drafts import VersionDraft
from billing.selectors import catalogue as selectors
from billing.services import plans, versions
from portal.kit import errors
from portal.kit.api import ApiView, Body, endpoint, json


class OrderBody(Body):
    """Plans in the order in which customers see them; those that are not named follow in the order they had."""

    plans = serializers.ListField(child=serializers.UUIDField(), min_length=1, max_length=1000)
    example = {"plans": ["01890000-0000-7000-8000-0000000000e1"]}


class DraftBase(PlanBase, abstract=True):
    """What the endpoints of a draft share."""

    def draft(self, plan_id: UUID) -> PlanVersion:
        """The draft of the plan of the address; `NotFound` where none waits."""
        waiting = selectors.drafts(self.actor).get(self.plan(plan_id).pk)
        if waiting is None:
            raise errors.NotFound
        found: PlanVersion = selectors.one(selectors.versions(self.actor), waiting.pk)
        return found

    def told(self, version: PlanVersion) -> dict[str, Any]:
        """The reply of a version, read anew."""
        return version_body(selectors.one(selectors.versions(self.actor), version.pk))


class PlanDraftView(DraftBase):
    """The draft of a plan."""

    access = "plan:admin"

    @endpoint(reply=VersionReply, etag=True)
    def get(self, request: Request, plan_id: UUID) -> HttpResponse:
        """Read the draft of a plan. 404 where none waits."""
        return self.single(version_body(self.draft(plan_id)))

    @endpoint(reply=VersionReply, status=201, errors=(DraftExists, PlanArchived))
    def post(self, request: Request, plan_id: UUID) -> HttpResponse:
        """Start a draft: a copy of the last version, or an empty one. Nothing changes for anybody until it is published."""
        return json(self.told(versions.version_start(actor=self.actor, plan=self.plan(plan_id))), status=201)

    @endpoint(body=DraftBody, reply=VersionReply, etag=True, errors=(VersionPublished, PlanArchived))
    def patch(self, request: Request, plan_id: UUID) -> HttpResponse:
        """Change what the draft says. Each field that is sent replaces what stood there; prices and entitlements whole."""
        held = self.unchanged(self.draft(plan_id), self.told)
        given = dict(self.sent)

        def change(before: VersionDraft) -> VersionDraft:
            return sent_draft(given, before)

        return self.single(self.told(versions.version_change(actor=self.actor, version=held, change=change)))

    @endpoint(status=204, errors=(VersionPublished,))
    def delete(self, request: Request, plan_id: UUID) -> HttpResponse:
        """Throw the draft away, with its prices. What is sold stays as it is."""
        versions.version_discard(actor=self.actor, version=self.draft(plan_id))
        return HttpResponse(status=204)


class PlanDraftPublishView(DraftBase):
    """Selling a draft."""

    access = "plan:admin"

    @endpoint(reply=VersionReply, errors=(VersionIncomplete, VersionPublished, PlanArchived))
    def post(self, request: Request, plan_id: UUID) -> HttpResponse:
        """Sell the draft from now on, for good. Who has an older version keeps it."""
        sold = versions.version_publish(actor=self.actor, version=self.draft(plan_id))
        return json(self.told(sold))


class PlanOrderView(ApiView):
    """The order of the picker."""

    access = "plan:admin"

    @endpoint(body=OrderBody, status=204)
    def put(self, request: Request) -> HttpResponse:
        """Let these plans stand first, in this order."""
        plans.plans_reorder(actor=self.actor, plans=self.sent["plans"])
        return HttpResponse(status=204)
