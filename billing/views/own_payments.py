"""Self-service: means of payment, paying an invoice, and coming back from the page where it was paid."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from billing.forms.payments import PayForm
from billing.presenters.payments import due_rows, method_dialogs, method_rows, money
from billing.selectors import payments as selectors
from billing.services.checkouts import checkout_return, checkout_start, setup_start
from billing.services.methods import method_prefer, method_remove
from billing.views.checkouts import lead_on, sent_back, tell_result
from portal.kit import errors
from portal.kit.decision import can
from portal.kit.views import PageView


class MethodsView(PageView):
    """What is to be paid, and by which cards."""

    access = "billing:read"
    template_name = "billing/methods.html"

    def get(self, request: HttpRequest, slug: str) -> HttpResponse:
        """The page."""
        return self._page(slug)

    def post(self, request: HttpRequest, slug: str) -> HttpResponse:
        """Begin to add a card on the provider's page."""
        customer = selectors.customer_here(self.actor)
        if customer is None:
            raise errors.NotFound
        try:
            checkout = setup_start(actor=self.actor, customer=customer)
        except (errors.Conflict, errors.Invalid, errors.Unavailable) as error:
            return self._page(slug, error=error)
        return redirect(checkout.url)

    def _page(self, slug: str, *, error: errors.StewardError | None = None) -> HttpResponse:
        found = list(selectors.methods(self.actor))
        may = bool(can(self.actor, "billing:admin"))
        values: dict[str, Any] = {
            "methods": method_rows(found, slug),
            "dialogs": method_dialogs(found, slug) if may else [],
            "due": due_rows(selectors.invoices_to_pay(self.actor), slug),
            "may": may,
            "details_url": reverse("billing:details", args=[slug]) if may else "",
            "is_customer": selectors.customer_here(self.actor) is not None,
        }
        if error is not None:
            values["notice"] = {"tone": "bad", "title": error.title, "text": error.detail}
        return self.page(values, status=200 if error is None else error.status)


class MethodPreferView(PageView):
    """Charge another card from now on."""

    access = "billing:admin"

    def post(self, request: HttpRequest, slug: str, key: UUID) -> HttpResponse:
        """Make it the default."""
        method = method_prefer(actor=self.actor, method=selectors.method(self.actor, key))
        messages.success(request, _("%(name)s is charged from now on.") % {"name": method.label})
        return redirect("billing:methods", slug)


class MethodRemoveView(PageView):
    """Take a card away."""

    access = "billing:admin"

    def post(self, request: HttpRequest, slug: str, key: UUID) -> HttpResponse:
        """Remove it."""
        method = method_remove(actor=self.actor, method=selectors.method(self.actor, key))
        messages.success(request, _("%(name)s is removed.") % {"name": method.label})
        return redirect("billing:methods", slug)


class InvoicePayView(PageView):
    """Pay one invoice."""

    access = "billing:admin"
    template_name = "billing/invoice_pay.html"

    def get(self, request: HttpRequest, slug: str, key: UUID) -> HttpResponse:
        """What is to be paid, and whether the card is kept."""
        return self._page(slug, key, PayForm())

    def post(self, request: HttpRequest, slug: str, key: UUID) -> HttpResponse:
        """Begin to pay, and go where it is done."""
        form = PayForm(request.POST)
        form.is_valid()
        invoice = selectors.invoice_to_pay(self.actor, key)
        try:
            payment, checkout = checkout_start(
                actor=self.actor, invoice=invoice, save_method=bool(form.cleaned_data.get("save_method"))
            )
        except (errors.Conflict, errors.Invalid, errors.Unavailable) as error:
            return self._page(slug, key, form, error=error)
        back = reverse("billing:payment_return", args=[slug, payment.pk])
        return lead_on(self, payment, checkout, back_url=back, template="billing/payment_hosted.html")

    def _page(self, slug: str, key: UUID, form: PayForm, *, error: errors.StewardError | None = None) -> HttpResponse:
        invoice = selectors.invoice_to_pay(self.actor, key)
        values: dict[str, Any] = {
            "form": form,
            "number": invoice.number,
            "amount": money(invoice.due, invoice.currency),
            "is_due": invoice.due > 0,
            "methods_url": reverse("billing:methods", args=[slug]),
        }
        if error is not None:
            values["notice"] = {"tone": "bad", "title": error.title, "text": error.detail}
        return self.page(values, status=200 if error is None else error.status)


class PaymentReturnView(PageView):
    """Where the payer's browser comes back to."""

    access = "billing:admin"

    def get(self, request: HttpRequest, slug: str, key: UUID) -> HttpResponse:
        """The provider is asked what became of it."""
        return self._back(slug, key, {})

    def post(self, request: HttpRequest, slug: str, key: UUID) -> HttpResponse:
        """The same, with what the provider's script signed."""
        return self._back(slug, key, sent_back(request))

    def _back(self, slug: str, key: UUID, sent: Mapping[str, str]) -> HttpResponse:
        payment = selectors.payment(self.actor, key)
        done = checkout_return(actor=self.actor, payment=payment, sent=sent)
        tell_result(self.request, done)
        if done.invoice_id is not None:
            return redirect("billing:own_invoice", slug, done.invoice_id)
        return redirect("billing:methods", slug)
