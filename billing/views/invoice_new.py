"""A one-off invoice by hand: the form of its draft."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from billing.forms.drafts import DraftForm
from billing.models import Customer
from billing.selectors import customers as selectors
from billing.services.invoices import invoice_create
from portal.kit import errors
from portal.kit.forms import refused
from portal.kit.ids import uuid7
from portal.kit.views import PageView


class InvoiceNewView(PageView):
    """Draft an invoice for a customer."""

    access = "invoice:admin"
    template_name = "billing/draft_form.html"

    def get(self, request: HttpRequest, key: UUID) -> HttpResponse:
        """The form."""
        target = selectors.customer(self.actor, key)
        return self._form(target, DraftForm(initial={"key": uuid7()}, currency=target.currency))

    def post(self, request: HttpRequest, key: UUID) -> HttpResponse:
        """Draft it; sent again, it is the same draft."""
        target = selectors.customer(self.actor, key)
        form = DraftForm(request.POST, currency=target.currency)
        if not form.is_valid():
            return self._form(target, form, status=422)
        sent = form.cleaned_data
        try:
            made = invoice_create(
                actor=self.actor,
                customer=target,
                lines=form.lines,
                key=f"by-hand:{sent['key']}",
                memo=sent["memo"],
                collect=sent["collect"],
            )
        except (errors.Conflict, errors.Invalid) as error:
            refused(form, error)
            return self._form(target, form, status=error.status)
        messages.success(request, _("The draft is made. Look it over, then finalise it."))
        return redirect("billing:invoice", made.pk)

    def _form(self, target: Customer, form: DraftForm, *, status: int = 200) -> HttpResponse:
        where = reverse("billing:customer", args=[target.pk])
        values = {"form": form, "customer": target, "list_url": reverse("billing:customers"), "customer_url": where}
        return self.page(values, status=status)
