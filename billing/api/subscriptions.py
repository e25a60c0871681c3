"""Subscriptions over the API: of every customer for staff, and the organisation's own."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.utils.translation import gettext as _
from rest_framework.request import Request

from billing.api.subscription_serializers import (
    ChangeBody,
    OwnSubscriptionBody,
    SubscriptionBody,
    SubscriptionChangeReply,
    SubscriptionEventReply,
    SubscriptionReply,
    SubscriptionWholeReply,
    UpcomingReply,
    preview_body,
    subscription_body,
    subscription_whole,
    upcoming_body,
)
from billing.errors.catalogue import CouponRefused, PlanNotOffered
from billing.errors.customers import NoLegalEntity
from billing.errors.subscriptions import (
    AlreadySubscribed,
    InFixedTerm,
    MomentRefused,
    MoveRefused,
    NothingToChange,
)
from billing.models import Subscription
from billing.plan_named import plan_named
from billing.selectors import subscriptions as selectors
from billing.services.subscription_own import plan_choose
from billing.services.subscription_previews import previewed, upcoming
from billing.services.subscriptions import Terms, subscription_create
from billing.subscription_acts import ACTS
from billing.subscription_states import ENDED
from portal.kit import paging
from portal.kit.api import ApiView, endpoint, json, money_body, row_body
from portal.kit.context import Actor
from portal.kit.errors import Invalid, NotFound
from rbac.api.inside import InsideView

BEGUN = (AlreadySubscribed, PlanNotOffered, CouponRefused, MomentRefused)
CHANGED = (MoveRefused, NothingToChange, InFixedTerm, PlanNotOffered, CouponRefused, MomentRefused)
EVENT = ("kind", "reason", "note", "actor_kind", "actor_id", "after", "at", "recorded_at")
_TERMS = ("coupon", "bill_day", "trial_days", "starts_at", "charges_from", "first_payment")


def changed(actor: Actor, found: Subscription, sent: Mapping[str, Any], *, staff: bool) -> dict[str, Any]:
    """Do what a call asks for, or say what it would do; `Invalid` names what an act needs and was not sent."""
    given = dict(sent)
    act, preview = ACTS[given.pop("act")], given.pop("preview", False)
    if not (act.own or staff):
        raise NotFound
    needed = act.asks[0] if act.asks and act.asks[0] in ("plan", "quantity", "code", "until") else ""
    if needed and needed not in given:
        raise Invalid(fields={needed: [_("This act needs it.")]})
    body: dict[str, Any] = {"done": not preview, "invoice_id": None, "credit_note_ids": [], "preview": None}
    if preview:
        shown = previewed(actor=actor, change=lambda: act.do(actor, found, given))
        return body | {"subscription": subscription_body(found), "preview": preview_body(shown)}
    done = act.do(actor, found, given)
    return body | {
        "subscription": subscription_body(done.subscription),
        "invoice_id": done.bill.invoice.pk if done.bill.invoice else None,
        "credit_note_ids": [note.pk for note in done.bill.credit_notes],
    }


def whole(found: Subscription) -> dict[str, Any]:
    """The reply of one subscription."""
    return subscription_whole(found, selectors.items(found), selectors.waits(found))


def coming(actor: Actor, found: Subscription) -> HttpResponse:
    """What the next invoice will say; nothing for what has ended or still waits for its first payment."""
    if found.state in {*ENDED, Subscription.State.INCOMPLETE}:
        return json({"at": None, "lines": [], "total": money_body(0, found.currency)})
    return json(upcoming_body(upcoming(actor=actor, subscription=found)))


class SubscriptionsView(ApiView):
    """Subscriptions of every customer."""

    access = "subscription:read"

    @endpoint(items=SubscriptionReply)
    def get(self, request: Request) -> HttpResponse:
        """List subscriptions, the oldest first."""
        rows = selectors.subscriptions(self.actor)
        page = paging.keyset(rows, self.asked["cursor"], descending=False, size=self.asked["limit"])
        return self.listed(map(subscription_body, page.items), page.next)

    @endpoint(access="subscription:admin", body=SubscriptionBody, reply=SubscriptionReply, status=201, errors=BEGUN)
    def post(self, request: Request) -> HttpResponse:
        """Subscribe a customer to a plan; what is due at once is billed."""
        given: dict[str, Any] = dict(self.sent)
        customer = selectors.customer(self.actor, given["customer_id"])
        done = subscription_create(
            actor=self.actor,
            customer=customer,
            version=plan_named(given["plan"], customer.currency),
            quantity=given.get("quantity", 1),
            terms=Terms(**{name: given[name] for name in _TERMS if name in given}),
        )
        reply = json(subscription_body(done.subscription), status=201)
        reply.headers["Location"] = f"/api/v1/subscriptions/{done.subscription.pk}"
        return reply


class SubscriptionView(ApiView):
    """One subscription."""

    access = "subscription:read"

    @endpoint(reply=SubscriptionWholeReply, etag=True)
    def get(self, request: Request, subscription_id: UUID) -> HttpResponse:
        """Read a subscription with what it holds and what is planned."""
        return self.single(whole(selectors.subscription(self.actor, subscription_id)))


class SubscriptionEventsView(ApiView):
    """The history of a subscription."""

    access = "subscription:read"

    @endpoint(items=SubscriptionEventReply)
    def get(self, request: Request, subscription_id: UUID) -> HttpResponse:
        """List what happened to a subscription, the newest first: the last 100. The trail has all of it."""
        found = selectors.events(selectors.subscription(self.actor, subscription_id))
        return self.listed((row_body(one, EVENT) | {"before": one.before or None} for one in found), None)


class SubscriptionUpcomingView(ApiView):
    """The next invoice of a subscription."""

    access = "subscription:admin"

    @endpoint(reply=UpcomingReply)
    def get(self, request: Request, subscription_id: UUID) -> HttpResponse:
        """Read what the next invoice will say if nothing changes."""
        return coming(self.actor, selectors.subscription(self.actor, subscription_id, "subscription:admin"))


class SubscriptionChangesView(ApiView):
    """What is done to a subscription."""

    access = "subscription:admin"

    @endpoint(body=ChangeBody, reply=SubscriptionChangeReply, errors=CHANGED)
    def post(self, request: Request, subscription_id: UUID) -> HttpResponse:
        """Change, pause, cancel or take up again; with `preview`, see what that would do."""
        found = selectors.subscription(self.actor, subscription_id, "subscription:admin")
        return json(changed(self.actor, found, self.sent, staff=True))


class OwnBase(InsideView, abstract=True):
    """What the organisation takes."""

    def own(self) -> Subscription:
        """The organisation's subscription; `NotFound` before it has one."""
        found = selectors.own(self.actor)
        if found is None:
            raise NotFound
        return found


class OwnSubscriptionView(OwnBase):
    """The subscription of an organisation."""

    access = "organisation:read"

    @endpoint(reply=SubscriptionWholeReply, service="billing:read", etag=True)
    def get(self, request: Request, organisation_id: UUID) -> HttpResponse:
        """Read what the organisation takes, and what is planned: what runs, else what ended last."""
        self.place(organisation_id, "billing:read")
        return self.single(whole(self.own()))

    @endpoint(
        service="billing:admin",
        body=OwnSubscriptionBody,
        reply=SubscriptionReply,
        status=201,
        errors=(*BEGUN, NoLegalEntity),
    )
    def post(self, request: Request, organisation_id: UUID) -> HttpResponse:
        """Choose the first plan; what is due at once is billed."""
        self.place(organisation_id, "billing:admin")
        given: Any = self.sent
        done = plan_choose(
            actor=self.actor,
            plan=given["plan"],
            quantity=given.get("quantity", 1),
            coupon=given.get("coupon", ""),
        )
        reply = json(subscription_body(done.subscription), status=201)
        reply.headers["Location"] = f"/api/v1/organisations/{organisation_id}/subscription"
        return reply


class OwnUpcomingView(OwnBase):
    """The next invoice of an organisation."""

    access = "organisation:read"

    @endpoint(service="billing:read", reply=UpcomingReply)
    def get(self, request: Request, organisation_id: UUID) -> HttpResponse:
        """Read what the next invoice will say if nothing changes."""
        self.place(organisation_id, "billing:read")
        return coming(self.actor, self.own())


class OwnChangesView(OwnBase):
    """What an organisation does to its subscription."""

    access = "organisation:read"

    @endpoint(service="billing:admin", body=ChangeBody, reply=SubscriptionChangeReply, errors=CHANGED)
    def post(self, request: Request, organisation_id: UUID) -> HttpResponse:
        """Change, cancel or take up again; with `preview`, see what that would do."""
        self.place(organisation_id, "billing:admin")
        return json(changed(self.actor, self.own(), self.sent, staff=False))
