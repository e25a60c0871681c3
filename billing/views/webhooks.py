"""Webhooks of an organisation: list, page with the log, and what is done to them."""

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
from billing.forms.webhooks import WebhookForm
from billing.lists.webhooks import webhooks
from billing.models import WebhookEndpoint
from billing.presenters.webhooks import WebhookPage, delivery_rows, webhook_url
from billing.selectors import webhooks as selectors
from billing.services import webhooks as services
from portal.kit import errors, limits
from portal.kit.detail import DetailPage, DetailView, Head, Tab, history_tab
from portal.kit.forms import refused
from portal.kit.lists.views import ListView
from rbac.views.inside import organisation_id

RIGHT = services.RIGHT


class WebhooksView(ListView):
    """The webhooks of an organisation."""

    access = RIGHT
    declared = webhooks

    def extra(self) -> dict[str, Any]:
        """What stands in the head."""
        url = reverse("billing:webhook_new", args=[self.kwargs["slug"]])
        return {
            "lead": _("Servers of yours that are told what happens here, each message signed."),
            "head_actions": [{"label": _("Create webhook"), "icon": "plus", "tone": "primary", "url": url}],
        }


def _overview(view: DetailPage[Any], target: WebhookEndpoint) -> Mapping[str, Any]:
    page = WebhookPage(target)
    found = selectors.deliveries_of(view.actor, target).order_by("-created_at", "-pk")[: selectors.SHOWN]
    return {
        "facts": page.facts(),
        "types": page.types(),
        "deliveries": delivery_rows(target, found),
        "most": selectors.SHOWN,
    }


class WebhookBase(DetailPage[WebhookEndpoint], abstract=True):
    """What the page of a webhook and the acts upon it share."""

    template_name = "billing/webhook_detail.html"
    tabs = (
        Tab("overview", gettext_lazy("Overview"), "billing/_webhook_overview.html", _overview),
        history_tab(history_page),
    )

    def find(self, key: UUID) -> WebhookEndpoint:
        """The webhook; `NotFound` for that of another organisation."""
        return selectors.webhook_here(self.actor, key)

    def address(self, target: WebhookEndpoint) -> str:
        """Its page."""
        return webhook_url(target)

    def head(self, target: WebhookEndpoint) -> Head:
        """Mark, address, state, actions."""
        page = WebhookPage(target)
        return Head(
            title=target.description or target.url,
            subtitle=target.url if target.description else "",
            states=[(page.row.state_tone, page.row.state_label)],
            actions=page.actions(),
            dialogs=page.dialogs(),
            crumbs=[(_("Webhooks"), reverse("billing:webhooks", args=[self.kwargs["slug"]]))],
            glyph="globe",
        )

    def told(self, endpoint: WebhookEndpoint, secret: str) -> HttpResponse:
        """The page with the secret: in this one reply, and nowhere else, ever."""
        reply = self.detail(endpoint, issued={"secret": secret})
        reply["Cache-Control"] = "no-store"
        return reply


class WebhookView(WebhookBase, DetailView[WebhookEndpoint]):
    """The page of a webhook."""

    access = RIGHT

    def get(self, request: HttpRequest, key: UUID, **named: Any) -> HttpResponse:
        """The page with the tab of the address."""
        return super().get(request, key)

    def post(self, request: HttpRequest, key: UUID, **named: Any) -> HttpResponse:
        """Nothing: its acts have addresses of their own."""
        return super().post(request, key)


class WebhookNewView(WebhookBase):
    """Make a webhook."""

    access = RIGHT
    limit = limits.SENSITIVE

    def get(self, request: HttpRequest, slug: str) -> HttpResponse:
        """The form."""
        return self._form(WebhookForm())

    def post(self, request: HttpRequest, slug: str) -> HttpResponse:
        """Make it and show its secret once."""
        form = WebhookForm(request.POST)
        if not form.is_valid():
            return self._form(form, status=422)
        try:
            made, secret = services.webhook_create(
                actor=self.actor, organisation_id=organisation_id(self), **form.cleaned_data
            )
        except (errors.Invalid, errors.Conflict) as error:
            refused(form, error)
            return self._form(form, status=error.status)
        return self.told(self.find(made.pk), secret)

    def _form(self, form: WebhookForm, *, status: int = 200) -> HttpResponse:
        where = reverse("billing:webhooks", args=[self.kwargs["slug"]])
        values = {"form": form, "webhook": None, "list_url": where, "cancel_url": where}
        return self.page(values, template="billing/webhook_form.html", status=status)


class WebhookEditView(WebhookBase):
    """Change a webhook."""

    access = RIGHT

    def get(self, request: HttpRequest, slug: str, key: UUID) -> HttpResponse:
        """The form."""
        target = self.find(key)
        initial = {name: getattr(target, name) for name in ("url", "description", "types")}
        return self._form(WebhookForm(initial=initial), target)

    def post(self, request: HttpRequest, slug: str, key: UUID) -> HttpResponse:
        """Change it."""
        target, form = self.find(key), WebhookForm(request.POST)
        if not form.is_valid():
            return self._form(form, target, status=422)
        try:
            services.webhook_update(actor=self.actor, endpoint=target, values=form.cleaned_data)
        except errors.Invalid as error:
            refused(form, error)
            return self._form(form, target, status=error.status)
        messages.success(request, _("The webhook was changed."))
        return redirect(webhook_url(target))

    def _form(self, form: WebhookForm, target: WebhookEndpoint, *, status: int = 200) -> HttpResponse:
        where = reverse("billing:webhooks", args=[self.kwargs["slug"]])
        shown = {"label": target.description or target.url, "url": webhook_url(target)}
        values = {"form": form, "webhook": shown, "list_url": where, "cancel_url": shown["url"]}
        return self.page(values, template="billing/webhook_form.html", status=status)


class WebhookRotateView(WebhookBase):
    """Give a webhook a new secret."""

    access = RIGHT
    limit = limits.SENSITIVE

    def post(self, request: HttpRequest, slug: str, key: UUID) -> HttpResponse:
        """Show it once."""
        target, secret = services.webhook_rotate(actor=self.actor, endpoint=self.find(key))
        messages.success(request, _("The former secret signs along for 24 hours."))
        return self.told(self.find(target.pk), secret)


class WebhookActView(WebhookBase, abstract=True):
    """An act that leads back to the page."""

    said: Any = ""

    def act(self, target: WebhookEndpoint) -> None:
        """Do it."""
        raise NotImplementedError

    def post(self, request: HttpRequest, slug: str, key: UUID) -> HttpResponse:
        """Do it, and say so."""
        target = self.find(key)
        try:
            self.act(target)
        except errors.Conflict as error:
            return self.conflict(target, error)
        messages.success(request, self.said)
        return redirect(webhook_url(target))


class WebhookPauseView(WebhookActView):
    """Send nothing more."""

    access = RIGHT
    said = gettext_lazy("The webhook is paused.")

    def act(self, target: WebhookEndpoint) -> None:
        """Pause."""
        services.webhook_pause(actor=self.actor, endpoint=target)


class WebhookResumeView(WebhookActView):
    """Send again."""

    access = RIGHT
    said = gettext_lazy("The webhook is active again.")

    def act(self, target: WebhookEndpoint) -> None:
        """Resume."""
        services.webhook_resume(actor=self.actor, endpoint=target)


class WebhookTestView(WebhookActView):
    """Send a test."""

    access = RIGHT
    limit = limits.SENSITIVE
    said = gettext_lazy("A test is on its way. The log below tells what came back.")

    def act(self, target: WebhookEndpoint) -> None:
        """Send it."""
        services.webhook_test(actor=self.actor, endpoint=target)


class WebhookDeleteView(WebhookBase):
    """Delete a webhook."""

    access = RIGHT

    def post(self, request: HttpRequest, slug: str, key: UUID) -> HttpResponse:
        """Delete it, and lead to the list."""
        services.webhook_delete(actor=self.actor, endpoint=self.find(key))
        messages.success(request, _("The webhook is deleted."))
        return redirect("billing:webhooks", slug)


class DeliveryResendView(WebhookBase):
    """Send an event again."""

    access = RIGHT

    def post(self, request: HttpRequest, slug: str, key: UUID, delivery: UUID) -> HttpResponse:
        """Send it, and lead back to the log."""
        target = self.find(key)
        try:
            services.delivery_resend(actor=self.actor, delivery=selectors.delivery_here(self.actor, target, delivery))
        except errors.Conflict as error:
            return self.conflict(target, error)
        messages.success(request, _("The event is on its way again."))
        return redirect(webhook_url(target))
