"""The public page of a payment link: one document, its PDF, and the way to pay it."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from accounts.views.handover import Handover, guarded
from billing.document_facts import due_on
from billing.presenters.documents import invoice_sheet
from billing.presenters.invoices import owed
from billing.selectors.invoices import lines_of, taxes_of
from billing.services.link_payments import link_back, link_pay
from billing.services.payment_links import LINK_FOR, linked
from billing.views.checkouts import lead_on, sent_back, tell_result
from billing.views.files import invoice_file
from portal.kit import errors, limits
from portal.kit.access import Public
from portal.kit.money import Money, shown
from portal.kit.views import PageView

LINK = Handover("pay", "/pay", LINK_FOR)
WHY = "Who pays a document may have no account; the token of the link is the proof."


def document_page(view: PageView, *, error: errors.StewardError | None = None) -> HttpResponse:
    """The document of the link of the browser's cookie; `error` says why paying could not begin."""
    with linked(token=LINK.token(view.request)) as invoice:
        values: dict[str, Any] = {
            "sheet": invoice_sheet(invoice, lines_of(invoice), taxes_of(invoice)),
            "due": shown(Money(invoice.due, invoice.currency)) if owed(invoice) else "",
            "due_at": due_on(invoice),
        }
        if error is not None:
            values["notice"] = {"tone": "bad", "title": error.title, "text": error.detail}
        return guarded(view.page(values, status=200 if error is None else error.status))


class PayLinkView(PageView):
    """Where the mail leads: takes the token out of the address, so that no history, log or referrer keeps it."""

    access = Public(WHY)
    limit = limits.ANONYMOUS

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        """On to the document; `LinkEnded` for a link that is not good."""
        with linked(token=token):
            return LINK.hand(token, "billing:pay_page")


class PayView(PageView):
    """The document of the link, what is due on it, and the button that pays."""

    access = Public(WHY)
    limit = limits.ANONYMOUS
    template_name = "billing/pay.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        """The page; `LinkEnded` without a good link."""
        return document_page(self)


class PayStartView(PageView):
    """Begin to pay the document of the link."""

    access = Public(WHY)
    limit = limits.ANONYMOUS
    template_name = "billing/pay.html"

    def post(self, request: HttpRequest) -> HttpResponse:
        """Off to where it is paid; back to the page with the reason where that cannot be."""
        try:
            payment, checkout = link_pay(token=LINK.token(request))
        except (errors.Conflict, errors.Invalid, errors.Unavailable) as error:
            return document_page(self, error=error)
        back = reverse("billing:pay_back", args=[payment.pk])
        return guarded(lead_on(self, payment, checkout, back_url=back, template="billing/pay_hosted.html"))


class PayBackView(PageView):
    """Where the payer's browser comes back to, whoever it is."""

    access = Public(WHY)
    limit = limits.ANONYMOUS

    def get(self, request: HttpRequest, key: UUID) -> HttpResponse:
        """The provider is asked what became of it."""
        return self._back(key, {})

    def post(self, request: HttpRequest, key: UUID) -> HttpResponse:
        """The same, with what the provider's script signed."""
        return self._back(key, sent_back(request))

    def _back(self, key: UUID, sent: Mapping[str, str]) -> HttpResponse:
        tell_result(self.request, link_back(token=LINK.token(self.request), key=key, sent=sent))
        return guarded(redirect("billing:pay_page"))


class PayPdfView(PageView):
    """The document of the link as PDF."""

    access = Public(WHY)
    limit = limits.ANONYMOUS

    def get(self, request: HttpRequest) -> HttpResponse:
        """The file."""
        with linked(token=LINK.token(request)) as invoice:
            return guarded(invoice_file(invoice))
