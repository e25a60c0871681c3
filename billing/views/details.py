"""An organisation's own billing details, and the clock of a sandbox."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from billing.errors.customers import NoLegalEntity
from billing.forms.customers import ContactForm, CustomerForm, TaxIdForm
from billing.models import Customer
from billing.presenters.customers import customer_facts, details_parts
from billing.selectors import customers as selectors
from billing.services import customer_details as services
from billing.views.customers import clock_act, clock_values, details_act
from portal.kit import errors
from portal.kit.decision import can
from portal.kit.forms import refused
from portal.kit.views import PageView


class DetailsView(PageView):
    """Name, address, contacts and numbers: to see for administrators, to change for owners."""

    access = "billing:read"
    template_name = "billing/details.html"

    def get(self, request: HttpRequest, slug: str) -> HttpResponse:
        """The details, or the form that makes the organisation a customer."""
        return self._shown(selectors.customer_here(self.actor))

    def post(self, request: HttpRequest, slug: str) -> HttpResponse:
        """What `do` names."""
        here = selectors.customer_here(self.actor)
        try:
            if request.POST.get("do") == "save":
                return self._save(here, slug)
            if here is None:
                raise errors.NotFound
            name, form = details_act(request, self.actor, here)
        except NoLegalEntity as error:
            notice = {"tone": "bad", "title": error.title, "text": _("Ask the staff of this installation.")}
            return self._shown(here, status=error.status, notice=notice)
        if name:
            return self._shown(here, status=422, **{name: form})
        return redirect("billing:details", slug)

    def _save(self, here: Customer | None, slug: str) -> HttpResponse:
        form = CustomerForm(self.request.POST)
        if not form.is_valid():
            return self._shown(here, status=422, form=form)
        try:
            services.details_save(actor=self.actor, organisation_id=self._organisation(), values=form.cleaned_data)
        except errors.Invalid as error:
            refused(form, error)
            return self._shown(here, status=422, form=form)
        messages.success(self.request, _("Saved. Your next documents are made out to this."))
        return redirect("billing:details", slug)

    def _organisation(self) -> UUID:
        found = self.actor.organisation_id
        if found is None:
            raise errors.NotFound
        return found

    def _shown(self, here: Customer | None, *, status: int = 200, **more: Any) -> HttpResponse:
        may = can(self.actor, "billing:admin").allowed
        initial = {name: getattr(here, name) for name in services.OWN} if here else {}
        values: dict[str, Any] = {
            "customer": here,
            "may_change": may,
            "form": CustomerForm(initial=initial) if may else None,
            "facts": customer_facts(here, staff=False) if here else [],
            "contact_form": ContactForm(auto_id="contact_%s"),
            "tax_id_form": TaxIdForm(auto_id="tax_id_%s"),
        }
        if here is not None:
            values |= details_parts(self.actor, here)
        return self.page(values | more, status=status)


class ClockView(PageView):
    """The time of a sandbox organisation."""

    access = "billing:read"
    template_name = "billing/clock.html"

    def get(self, request: HttpRequest, slug: str) -> HttpResponse:
        """Where the clock stands; nothing for real money."""
        return self._shown(self._sandbox())

    def post(self, request: HttpRequest, slug: str) -> HttpResponse:
        """Set it up, or send it forward."""
        here = self._sandbox()
        try:
            form = clock_act(request, self.actor, here)
        except errors.Conflict as error:
            notice = {"tone": "bad", "title": error.title, "text": error.detail}
            return self._shown(here, status=error.status, notice=notice)
        if form is not None:
            return self._shown(here, status=422, clock_form=form)
        return redirect("billing:clock", slug)

    def _sandbox(self) -> Customer:
        here = selectors.customer_here(self.actor)
        if here is None or not here.sandbox:
            raise errors.NotFound
        return here

    def _shown(self, here: Customer, *, status: int = 200, **more: Any) -> HttpResponse:
        values = clock_values(here, may=can(self.actor, "billing:admin").allowed) | {"run_url": ""}
        return self.page({**values, "customer": here, **more}, status=status)
