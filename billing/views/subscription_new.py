"""Staff subscribes a customer: what it would bill is shown first, by the code that does it; then it is done."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from billing.forms.subscriptions import CustomerForm, SubscribeForm
from billing.models import Customer
from billing.plan_named import plan_named
from billing.presenters.plan_cards import cards
from billing.presenters.subscriptions import preview_shown
from billing.selectors import subscriptions as selectors
from billing.selectors.catalogue import sold
from billing.services.subscription_previews import previewed
from billing.services.subscriptions import subscription_create
from billing.subscription_changing import Changed
from portal.kit import errors
from portal.kit.forms import refused
from portal.kit.views import PageView

CHOICES = 500  # More customers than one looks through in a list are subscribed from their own page.


class SubscriptionNewView(PageView):
    """Choose the customer."""

    access = "subscription:admin"
    template_name = "billing/subscription_new.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        """The form; with a customer in the address, on to what it takes."""
        found = selectors.customers(self.actor, CHOICES)
        form = CustomerForm(request.GET or None, customers=found)
        if form.is_valid():
            return redirect("billing:customer_subscribe", form.cleaned_data["customer"])
        values = {"form": form if found else None, "list_url": reverse("billing:subscriptions")}
        return self.page(values | {"customers_url": reverse("billing:customers")}, status=422 if form.is_bound else 200)


class CustomerSubscribeView(PageView):
    """What a customer is to take, what that bills, and the button that does it."""

    access = "subscription:admin"
    template_name = "billing/customer_subscribe.html"

    def get(self, request: HttpRequest, key: UUID) -> HttpResponse:
        """The form; with a plan in the address, also the preview."""
        target = selectors.customer(self.actor, key)
        form = self._form(target, request.GET if "plan" in request.GET else None)
        if not form.is_bound:
            return self._page(target, form)
        if not form.is_valid():
            return self._page(target, form, status=422)
        try:
            preview = previewed(actor=self.actor, change=lambda: self._do(target, form))
        except errors.StewardError as error:
            return self._refused(target, form, error)
        given = [(name, str(form.data.get(name, ""))) for name in form.fields]
        return self._page(target, form, preview=preview_shown(preview), given=given)

    def post(self, request: HttpRequest, key: UUID) -> HttpResponse:
        """Subscribe it; sent again, it has a subscription already."""
        target = selectors.customer(self.actor, key)
        form = self._form(target, request.POST)
        if not form.is_valid():
            return self._page(target, form, status=422)
        try:
            done = self._do(target, form)
        except errors.StewardError as error:
            return self._refused(target, form, error)
        messages.success(request, _("%(name)s is subscribed.") % {"name": target.name})
        return redirect("billing:subscription", done.subscription.pk)

    def _do(self, target: Customer, form: SubscribeForm) -> Changed:
        return subscription_create(
            actor=self.actor,
            customer=target,
            version=plan_named(form.cleaned_data["plan"], target.currency),
            quantity=form.cleaned_data["quantity"],
            terms=form.terms,
        )

    def _form(self, target: Customer, data: Any) -> SubscribeForm:
        found = cards(sold(currency=target.currency, kind="base"), target.currency)
        plans = [(offer.id, f"{card.name}: {offer.headline} {offer.per}") for card in found for offer in card.offers]
        return SubscribeForm(data, plans=plans)

    def _refused(self, target: Customer, form: SubscribeForm, error: errors.StewardError) -> HttpResponse:
        refused(form, error)
        return self._page(target, form, status=error.status)

    def _page(self, target: Customer, form: SubscribeForm, *, status: int = 200, **more: Any) -> HttpResponse:
        values = {
            "form": form,
            "customer": target,
            "customer_url": reverse("billing:customer", args=[target.pk]),
            "list_url": reverse("billing:subscriptions"),
        }
        return self.page(values | more, status=status)
