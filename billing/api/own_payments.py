"""How an organisation pays: its means of payment, what it paid, and what stands between it and us."""

from uuid import UUID

from django.http import HttpResponse
from rest_framework.request import Request

from billing.api.money_serializers import HostedPageReply, page_body
from billing.api.payment_serializers import (
    METHOD,
    MethodBody,
    MethodReply,
    OwnPaymentReply,
    method_body,
    own_payment_body,
)
from billing.errors.payments import MethodGone, NoProvider
from billing.models import PaymentMethod
from billing.providers.base import ProviderAway, ProviderRefused
from billing.selectors import payments as selectors
from billing.services.checkouts import setup_start
from billing.services.methods import method_prefer, method_remove
from portal.kit import paging
from portal.kit.api import endpoint, json, row_body
from portal.kit.errors import NotFound
from rbac.api.inside import InsideView

SEE, CHANGE = "billing:read", "billing:admin"


class MethodsView(InsideView):
    """The means of payment of an organisation."""

    access = "organisation:read"

    @endpoint(items=MethodReply, service=SEE)
    def get(self, request: Request, organisation_id: UUID) -> HttpResponse:
        """List what may be charged, the newest first."""
        self.place(organisation_id, SEE)
        rows = selectors.methods(self.actor).order_by()
        page = paging.keyset(rows, self.asked["cursor"], size=self.asked["limit"])
        return self.listed((row_body(row, METHOD) for row in page.items), page.next)


class MethodSetupView(InsideView):
    """A new means of payment."""

    access = "organisation:read"

    @endpoint(reply=HostedPageReply, status=201, errors=(NoProvider, ProviderAway, ProviderRefused), service=CHANGE)
    def post(self, request: Request, organisation_id: UUID) -> HttpResponse:
        """Begin to save a card or account on the provider's page, without paying. The provider tells when it is saved."""
        self.place(organisation_id, CHANGE)
        customer = selectors.customer_here(self.actor)
        if customer is None:
            raise NotFound
        reply = json(page_body(setup_start(actor=self.actor, customer=customer)), status=201)
        reply.headers["Cache-Control"] = "no-store"
        return reply


class MethodView(InsideView):
    """One means of payment."""

    access = "organisation:read"

    def found(self, organisation_id: UUID, method_id: UUID, right: str) -> PaymentMethod:
        """The means of payment; `NotFound` for one that was removed or is another organisation's."""
        self.place(organisation_id, right)
        return selectors.method(self.actor, method_id)

    @endpoint(reply=MethodReply, etag=True, service=SEE)
    def get(self, request: Request, organisation_id: UUID, method_id: UUID) -> HttpResponse:
        """Read a means of payment."""
        return self.single(method_body(self.found(organisation_id, method_id, SEE)))

    @endpoint(body=MethodBody, reply=MethodReply, etag=True, errors=(MethodGone,), service=CHANGE)
    def patch(self, request: Request, organisation_id: UUID, method_id: UUID) -> HttpResponse:
        """Charge this one by itself from now on, instead of the one before."""
        target = self.unchanged(self.found(organisation_id, method_id, CHANGE), method_body)
        return self.single(method_body(method_prefer(actor=self.actor, method=target)))

    @endpoint(status=204, service=CHANGE)
    def delete(self, request: Request, organisation_id: UUID, method_id: UUID) -> HttpResponse:
        """Charge it no more. The newest of the others becomes the one that is charged by itself."""
        method_remove(actor=self.actor, method=self.found(organisation_id, method_id, CHANGE))
        return HttpResponse(status=204)


class OwnPaymentsView(InsideView):
    """What an organisation paid."""

    access = "organisation:read"

    @endpoint(items=OwnPaymentReply, service=SEE)
    def get(self, request: Request, organisation_id: UUID) -> HttpResponse:
        """List the payments, the newest first, those that failed among them."""
        self.place(organisation_id, SEE)
        page = paging.keyset(selectors.payments(self.actor), self.asked["cursor"], size=self.asked["limit"])
        return self.listed(map(own_payment_body, page.items), page.next)


class OwnPaymentView(InsideView):
    """One payment of an organisation."""

    access = "organisation:read"

    @endpoint(reply=OwnPaymentReply, etag=True, service=SEE)
    def get(self, request: Request, organisation_id: UUID, payment_id: UUID) -> HttpResponse:
        """Read a payment."""
        self.place(organisation_id, SEE)
        return self.single(own_payment_body(selectors.payment(self.actor, payment_id)))
