"""Acts on subscriptions: what it would do is shown first, by the code that does it; then it is done."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from billing.forms.subscriptions import ActForm
from billing.models import Subscription
from billing.presenters.price_words import offer_text
from billing.presenters.subscriptions import preview_shown
from billing.selectors import subscriptions as selectors
from billing.selectors.catalogue import offers
from billing.services.subscription_previews import previewed
from billing.subscription_acts import ACTS, Act
from portal.kit import errors
from portal.kit.views import PageView


class ActBase(PageView, abstract=True):
    """The page of an act: its form where it asks for something, the preview, and the button that does it."""

    template_name = "billing/subscription_act.html"
    staff = False

    def target(self) -> Subscription:
        """The subscription of the address."""
        raise NotImplementedError

    def home(self, found: Subscription) -> str:
        """Where it goes on afterwards."""
        raise NotImplementedError

    def act(self) -> Act:
        """The act of the address; `NotFound` for another, or one that is staff's."""
        found = ACTS.get(self.kwargs["act"])
        if found is None or not (found.own or self.staff):
            raise errors.NotFound
        return found

    def get(self, request: HttpRequest, **named: Any) -> HttpResponse:
        """The form; with what it asks for in the address, also the preview."""
        found, act = self.target(), self.act()
        asked = any(name in request.GET for name in act.asks)
        form = self._form(act, found, request.GET if asked else None)
        needs = any(field.required for field in form.fields.values())
        if (needs and not asked) or (asked and not form.is_valid()):
            return self._page(found, act, form)
        return self._previewed(found, act, form)

    def post(self, request: HttpRequest, **named: Any) -> HttpResponse:
        """Do it."""
        found, act = self.target(), self.act()
        form = self._form(act, found, request.POST)
        if not form.is_valid():
            return self._page(found, act, form, status=422)
        try:
            done = act.do(self.actor, found, form.given)
        except errors.StewardError as error:
            notice = {"tone": "bad", "title": error.title, "text": error.detail}
            return self._page(found, act, form, status=error.status, notice=notice)
        messages.success(request, _("Done: %(act)s.") % {"act": act.label})
        return redirect(self.home(done.subscription))

    def _form(self, act: Act, found: Subscription, data: Any) -> ActForm:
        form = ActForm(data, asks=act.asks, plans=self._plans(act, found), staff=self.staff)
        if act.key == "set-quantity":
            form.start_from(next(item.quantity for item in selectors.items(found) if item.is_base))
        return form

    def _plans(self, act: Act, found: Subscription) -> list[tuple[str, str]]:
        if "plan" not in act.asks:
            return []
        if act.key in ("remove-addon", "set-quantity"):
            rows = [item.plan_version for item in selectors.items(found) if not item.is_base]
        else:
            rows = offers(currency=found.currency, kind="addon" if act.key == "add-addon" else "base")
        return [(str(row.plan_id), offer_text(row)) for row in rows]

    def _previewed(self, found: Subscription, act: Act, form: ActForm) -> HttpResponse:
        given = form.given if form.is_bound else {}
        try:
            preview = previewed(actor=self.actor, change=lambda: act.do(self.actor, found, given))
        except errors.StewardError as error:
            notice = {"tone": "bad", "title": error.title, "text": error.detail}
            return self._page(found, act, form, status=error.status, notice=notice)
        more: dict[str, Any] = {"preview": preview_shown(preview), "given": self._kept(form), "chosen": form.chosen}
        return self._page(found, act, form, **more)

    @staticmethod
    def _kept(form: ActForm) -> list[tuple[str, str]]:
        """What the button sends: just what the preview was made from."""
        return [(name, str(form.data.get(name, ""))) for name in form.fields] if form.is_bound else []

    def _page(self, found: Subscription, act: Act, form: ActForm, *, status: int = 200, **more: Any) -> HttpResponse:
        values = {
            "subscription": found,
            "plan_name": found.plan_version.plan.name,
            "customer_name": found.customer.name,
            "act": act,
            "form": form if form.fields else None,
            "home_url": self.home(found),
            "staff": self.staff,
        }
        return self.page(values | more, status=status)


class SubscriptionActView(ActBase):
    """An act of staff on the subscription of any customer."""

    access = "subscription:admin"
    staff = True

    def target(self) -> Subscription:
        """The subscription of the address."""
        key: UUID = self.kwargs["key"]
        return selectors.subscription(self.actor, key, "subscription:admin")

    def home(self, found: Subscription) -> str:
        """Its page in the console."""
        return reverse("billing:subscription", args=[found.pk])


class OwnActView(ActBase):
    """An act of an organisation on its own subscription."""

    access = "billing:admin"

    def target(self) -> Subscription:
        """The organisation's subscription; `NotFound` before it has one."""
        found = selectors.own(self.actor)
        if found is None:
            raise errors.NotFound
        return found

    def home(self, found: Subscription) -> str:
        """The organisation's plan."""
        return reverse("billing:own_plan", args=[self.kwargs["slug"]])
