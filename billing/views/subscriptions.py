"""Subscriptions: list and page in the console; an organisation's own plan and the plans it can choose."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from audit.selectors import history_page
from billing.lists.subscriptions import subscriptions
from billing.models import Subscription
from billing.presenters import subscriptions as shown
from billing.presenters.plan_cards import cards
from billing.presenters.price_words import offer_text, trial_text
from billing.selectors import subscriptions as selectors
from billing.selectors.catalogue import offers
from billing.selectors.payments import methods
from billing.services.subscription_own import plan_choose
from billing.services.subscription_previews import previewed, upcoming
from billing.subscription_acts import ACTS
from billing.subscription_states import ENDED
from portal.kit import errors
from portal.kit.decision import can
from portal.kit.detail import DetailPage, DetailView, Head, Tab, history_tab
from portal.kit.lists.views import ListView
from portal.kit.views import PageView


class SubscriptionsView(ListView):
    """Every subscription of the installation."""

    access = "subscription:read"
    declared = subscriptions

    def extra(self) -> dict[str, Any]:
        """What stands in the head."""
        values: dict[str, Any] = {"lead": _("Who takes which plan, since when, and what happens next.")}
        if can(self.actor, "subscription:admin"):
            url = reverse("billing:subscription_new")
            values["head_actions"] = [{"label": _("Subscribe customer"), "icon": "plus", "tone": "primary", "url": url}]
        return values


def _overview(view: DetailPage[Any], target: Subscription) -> Mapping[str, Any]:
    may = can(view.actor, "subscription:admin").allowed
    goes_on = target.state not in {*ENDED, Subscription.State.INCOMPLETE}
    following = upcoming(actor=view.actor, subscription=target) if may and goes_on else None
    return {
        "facts": shown.facts_shown(target),
        "items": shown.item_rows(selectors.items(target)),
        "waits": shown.waits_text(selectors.waits(target)),
        "upcoming": shown.preview_shown(following) if following else None,
        "halted": target.halted_at,
    }


def _timeline(view: DetailPage[Any], target: Subscription) -> Mapping[str, Any]:
    return {"timeline": shown.timeline(selectors.events(target))}


class SubscriptionView(DetailView[Subscription]):
    """One subscription."""

    access = "subscription:read"
    tabs = (
        Tab("overview", gettext_lazy("Overview"), "billing/_subscription_overview.html", _overview),
        Tab("timeline", gettext_lazy("Timeline"), "billing/_subscription_timeline.html", _timeline),
        history_tab(history_page),
    )

    def find(self, key: UUID) -> Subscription:
        """The subscription; `NotFound` otherwise."""
        return selectors.subscription(self.actor, key)

    def address(self, target: Subscription) -> str:
        """Its page."""
        return shown.subscription_url(target)

    def head(self, target: Subscription) -> Head:
        """Who takes what, its state, and what can be done."""
        offered = [act for act in ACTS.values() if act.offered(target)] if can(self.actor, "subscription:admin") else []
        links = [
            {
                "label": act.label,
                "icon": act.icon,
                "url": reverse("billing:subscription_act", args=[target.pk, act.key]),
                "tone": "danger" if act.tone == "destroy" else "",
            }
            for act in offered
        ]
        return Head(
            title=target.customer.name,
            subtitle=target.plan_version.plan.name,
            states=[shown.state_of(target)],
            actions=links[:1],
            more=links[1:],
            crumbs=[(_("Subscriptions"), reverse("billing:subscriptions"))],
            avatar=(target.customer.name, target.customer_id.int % 5),
        )


class OwnPlanView(PageView):
    """An organisation's plan: what it has, what comes next, and what else there is."""

    access = "billing:read"
    template_name = "billing/own_plan.html"

    def get(self, request: HttpRequest, slug: str) -> HttpResponse:
        """The page."""
        found = selectors.own(self.actor)
        may = can(self.actor, "billing:admin").allowed
        running = found if found is not None and found.state not in ENDED else None
        customer = selectors.own_customer(self.actor)
        currency = customer.currency if customer else ""
        rows = offers(currency=currency, kind="base")
        waits = running is not None and running.state == Subscription.State.INCOMPLETE
        following = upcoming(actor=self.actor, subscription=running) if running and not waits else None
        items = list(selectors.items(found)) if found else []
        planned = list(selectors.waits(found)) if found else []
        values = {
            "found": found,
            "running": running,
            "may": may,
            "facts": shown.facts_shown(found) if found else [],
            "items": shown.item_rows(items),
            "waits": shown.waits_text(planned),
            "upcoming": shown.preview_shown(following) if following else None,
            "acts": self._acts(found, slug, items, planned) if found and may else [],
            "cards": self._cards(rows, currency, running, slug) if may and not waits else [],
            "notice": self._notice(found, slug, may=may) if found else None,
        }
        return self.page(values)

    @staticmethod
    def _notice(found: Subscription, slug: str, *, may: bool) -> dict[str, Any] | None:
        """What has to be done before it begins, or why it never did."""
        if found.state == Subscription.State.INCOMPLETE_EXPIRED:
            text = _("It was not paid in time and has closed; nothing is owed. Choose it again whenever you like.")
            return {"tone": "info", "title": _("This plan never began."), "text": text}
        if found.state != Subscription.State.INCOMPLETE:
            return None
        text = _("It begins when its first invoice is paid, and closes by itself when that does not happen in time.")
        notice = {"tone": "warn", "title": _("This plan waits for its first payment."), "text": text}
        owed = next((row for row in selectors.invoices(found) if row.due > 0 and row.state == row.State.OPEN), None)
        if may and owed is not None:
            notice |= {"url": reverse("billing:invoice_pay", args=[slug, owed.pk]), "label": _("Pay now")}
        return notice

    @staticmethod
    def _acts(found: Subscription, slug: str, items: Sequence[Any], waits: Sequence[Any]) -> list[dict[str, Any]]:
        """What can be done; not what there is nothing for: no add-on to remove, no planned change to drop."""
        without = {"change-plan"} | (set() if waits else {"drop-change"})
        without |= set() if any(not item.is_base for item in items) else {"remove-addon"}
        return [
            {
                "label": act.label,
                "icon": act.icon,
                "url": reverse("billing:own_act", args=[slug, act.key]),
                "tone": "danger" if act.tone == "destroy" else "",
            }
            for act in ACTS.values()
            if act.own and act.offered(found) and act.key not in without
        ]

    @staticmethod
    def _cards(rows: list[Any], currency: str, running: Subscription | None, slug: str) -> list[dict[str, Any]]:
        wanted = currency or next((price.currency for row in rows for price in row.prices.all()), "")
        present = str(running.plan_version.plan_id) if running else ""
        change = reverse("billing:own_act", args=[slug, "change-plan"])
        where = change if running else reverse("billing:own_subscribe", args=[slug])
        return [
            {
                "card": card,
                "present": any(offer.id == present for offer in card.offers),
                "offers": [
                    {"offer": offer, "url": f"{where}?plan={offer.id}", "present": offer.id == present}
                    for offer in card.offers
                ],
            }
            for card in cards(rows, wanted)
        ]


class OwnSubscribeView(PageView):
    """Choose the first plan: what it will cost, then yes."""

    access = "billing:admin"
    template_name = "billing/own_subscribe.html"

    def get(self, request: HttpRequest, slug: str) -> HttpResponse:
        """What the plan in the address would cost."""
        plan, coupon = request.GET.get("plan", ""), request.GET.get("coupon", "")[:40]
        try:
            preview = previewed(
                actor=self.actor, change=lambda: plan_choose(actor=self.actor, plan=plan, coupon=coupon)
            )
        except errors.StewardError as error:
            return self._refused(error, slug, plan, coupon)
        more = {"preview": shown.preview_shown(preview), "chosen": self._chosen(plan)}
        return self.page(self._values(slug, plan, coupon) | more)

    def post(self, request: HttpRequest, slug: str) -> HttpResponse:
        """Subscribe; sent again, there is a subscription already."""
        plan, coupon = request.POST.get("plan", ""), request.POST.get("coupon", "")[:40]
        try:
            done = plan_choose(actor=self.actor, plan=plan, coupon=coupon)
        except errors.StewardError as error:
            return self._refused(error, slug, plan, coupon)
        waits = done.subscription.state == Subscription.State.INCOMPLETE
        if not waits:
            messages.success(request, _("Your plan has begun."))
        invoice = done.bill.invoice
        if invoice is None or invoice.due <= 0 or methods(self.actor).filter(is_default=True).exists():
            return redirect("billing:own_plan", slug)
        if waits:
            messages.info(request, _("Your plan begins with this payment."))
        return redirect("billing:invoice_pay", slug, invoice.pk)

    def _chosen(self, plan: str) -> list[tuple[str, str]]:
        """Which plan it is, and how long it is free."""
        customer = selectors.own_customer(self.actor)
        rows = offers(currency=customer.currency if customer else "", kind="base")
        found = next((row for row in rows if plan in {str(row.plan_id), row.plan.code}), None)
        if found is None:
            return []
        trial = trial_text(found)
        return [(_("Plan"), offer_text(found)), *([(_("Trial"), trial)] if trial else [])]

    def _refused(self, error: errors.StewardError, slug: str, plan: str, coupon: str) -> HttpResponse:
        notice = {"tone": "bad", "title": error.title, "text": error.detail}
        return self.page(self._values(slug, plan, coupon) | {"notice": notice}, status=error.status)

    @staticmethod
    def _values(slug: str, plan: str, coupon: str) -> dict[str, Any]:
        return {"plan": plan, "coupon": coupon, "home_url": reverse("billing:own_plan", args=[slug])}
