"""Payments for staff: list, page, paying back; what providers told, and doing it again."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from audit.selectors import history_page
from billing.forms.payments import RefundForm
from billing.lists.payments import payments, provider_events
from billing.models import Payment, ProviderEvent
from billing.presenters.payment_console import EventRow, event_facts, raw_view
from billing.presenters.payments import PaymentRow, money, payment_facts, plain_amount
from billing.selectors import payments as selectors
from billing.services.provider_events import provider_event_replay
from billing.services.refunds import refund_create
from portal.kit import errors
from portal.kit.detail import DetailPage, DetailView, Head, Tab, history_tab, notes_tab
from portal.kit.ids import uuid7
from portal.kit.lists.views import ListView
from portal.kit.money import parsed


class PaymentsView(ListView):
    """Every payment of the installation."""

    access = "payment:admin"
    declared = payments

    def extra(self) -> dict[str, Any]:
        """What stands in the head."""
        return {
            "lead": _("Money that came in, or should have, by every provider and by hand."),
            "head_actions": [
                {"label": _("Provider events"), "icon": "mail", "url": reverse("billing:provider_events")},
            ],
        }


def _overview(view: DetailPage[Any], target: Payment) -> Mapping[str, Any]:
    return {
        "facts": payment_facts(target),
        "refunds": [
            {
                "label": row.reason or row.key,
                "second": row.provider_ref or row.key,
                "amount": money(row.amount, row.currency),
                "state": row.get_state_display(),
                "tone": {"succeeded": "ok", "failed": "bad"}.get(row.state, "info"),
            }
            for row in selectors.refunds_of(view.actor, target)
        ],
        "disputes": [
            {
                "label": row.reason or row.provider_ref,
                "second": row.provider_ref,
                "amount": money(row.amount, row.currency),
                "state": row.get_state_display(),
                "tone": {"won": "ok", "lost": "bad"}.get(row.state, "warn"),
            }
            for row in selectors.disputes_of(view.actor, target)
        ],
    }


class PaymentBase(DetailPage[Payment], abstract=True):
    """What the page of a payment and the acts upon it share."""

    template_name = "kit/detail/page.html"
    tabs = (
        Tab("overview", gettext_lazy("Overview"), "billing/_payment_overview.html", _overview),
        notes_tab("payment:admin"),
        history_tab(history_page),
    )

    def find(self, key: UUID) -> Payment:
        """The payment; `NotFound` otherwise."""
        return selectors.payment(self.actor, key)

    def address(self, target: Payment) -> str:
        """Its page."""
        return reverse("billing:payment", args=[target.pk])

    def head(self, target: Payment) -> Head:
        """Amount, customer, state, actions."""
        row = PaymentRow(target)
        left = target.amount - target.refunded - target.disputed
        open_ = target.state == Payment.State.SUCCEEDED and left > 0
        dialog = {
            "id": "refund",
            "title": _("Pay back to %(name)s?") % {"name": row.label},
            "text": _("At most %(amount)s can go back. It cannot be undone.")
            % {"amount": money(left, target.currency)},
            "confirm_label": _("Pay back"),
            "glyph": "refresh",
            "url": reverse("billing:payment_refund", args=[target.pk]),
            "hidden": [("key", str(uuid7()))],
            "form": RefundForm(
                initial={"amount": plain_amount(left, target.currency), "credit_note": True}, auto_id="refund_%s"
            ),
        }
        return Head(
            title=row.amount,
            subtitle=row.label,
            states=[(row.state_tone, row.state_label)],
            actions=[{"label": _("Pay back"), "icon": "refresh", "dialog": "refund"}] if open_ else [],
            dialogs=[dialog] if open_ else [],
            crumbs=[(_("Payments"), reverse("billing:payments"))],
            glyph="card",
        )


class PaymentView(PaymentBase, DetailView[Payment]):
    """One payment."""

    access = "payment:admin"


class PaymentRefundView(PaymentBase):
    """Pay back."""

    access = "payment:admin"
    step_up = True

    def post(self, request: HttpRequest, key: UUID) -> HttpResponse:
        """Ask for it; the same form sent twice is one refund."""
        target = self.find(key)
        form = RefundForm(request.POST)
        try:
            if not form.is_valid():
                raise errors.Invalid(_("Give an amount and a reason. Nothing was paid back."))
            refund_create(
                actor=self.actor,
                payment=target,
                amount=parsed(form.cleaned_data["amount"], target.currency).amount,
                key=request.POST.get("key", ""),
                reason=form.cleaned_data["reason"],
                credit_note=form.cleaned_data["credit_note"],
            )
        except errors.StewardError as error:
            if error.status >= 500:
                raise
            return self.conflict(self.find(key), error)
        messages.success(request, _("The refund is on its way."))
        return redirect(self.address(target))


class ProviderEventsView(ListView):
    """What providers told."""

    access = "payment:admin"
    declared = provider_events

    def extra(self) -> dict[str, Any]:
        """What stands in the head."""
        return {
            "lead": _("Every webhook that came in with a right signature, as it came. What failed can be replayed.")
        }


def _event(view: DetailPage[Any], target: ProviderEvent) -> Mapping[str, Any]:
    return {"facts": event_facts(target), "raw": raw_view(bytes(target.body)), "headers": target.headers}


class ProviderEventBase(DetailPage[ProviderEvent], abstract=True):
    """What the page of a webhook and its replay share."""

    template_name = "kit/detail/page.html"
    tabs = (Tab("overview", gettext_lazy("Overview"), "billing/_provider_event.html", _event),)

    def find(self, key: UUID) -> ProviderEvent:
        """The event; `NotFound` otherwise."""
        return selectors.provider_event(self.actor, key)

    def address(self, target: ProviderEvent) -> str:
        """Its page."""
        return reverse("billing:provider_event", args=[target.pk])

    def head(self, target: ProviderEvent) -> Head:
        """Kind, state, replay."""
        replay = target.state in (ProviderEvent.State.RECEIVED, ProviderEvent.State.FAILED)
        dialog = {
            "id": "replay",
            "title": _("Replay this webhook?"),
            "text": _("What it says is done now. What was done already is never done twice."),
            "confirm_label": _("Replay"),
            "tone": "primary",
            "glyph": "refresh",
            "url": reverse("billing:provider_event_replay", args=[target.pk]),
        }
        return Head(
            title=EventRow(target).label,
            subtitle=target.kind,
            states=[(event_facts(target)[0]["status"]["tone"], str(target.get_state_display()))],
            actions=[{"label": _("Replay"), "icon": "refresh", "dialog": "replay", "tone": "primary"}]
            if replay
            else [],
            dialogs=[dialog] if replay else [],
            crumbs=[
                (_("Payments"), reverse("billing:payments")),
                (_("Provider events"), reverse("billing:provider_events")),
            ],
            glyph="mail",
        )


class ProviderEventView(ProviderEventBase, DetailView[ProviderEvent]):
    """One webhook."""

    access = "payment:admin"


class ProviderEventReplayView(ProviderEventBase):
    """Do a webhook again."""

    access = "payment:admin"

    def post(self, request: HttpRequest, key: UUID) -> HttpResponse:
        """Do it now, and say what came of it."""
        target = self.find(key)
        try:
            done = provider_event_replay(actor=self.actor, event=target)
        except errors.Conflict as error:
            return self.conflict(target, error)
        if done.state == ProviderEvent.State.FAILED:
            messages.warning(request, done.error)
        else:
            messages.success(request, _("Done."))
        return redirect(self.address(target))
