"""Accounts at payment providers, and who is reminded: pages for staff."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters

from audit.selectors import history_page
from billing.forms.payments import ProviderForm, ProviderNewForm, SecretForm
from billing.lists.payments import dunning, provider_accounts
from billing.models import DunningRun, ProviderAccount
from billing.presenters.payment_console import DunningRow, ProviderRow, dunning_facts
from billing.selectors import payments as selectors
from billing.services import provider_accounts as services
from billing.services.payment_mails import absolute
from billing.services.sandbox import webhook_test
from portal.kit import errors
from portal.kit.detail import DetailPage, DetailView, Head, Tab, history_tab, notes_tab
from portal.kit.forms import refused
from portal.kit.lists.views import ListView
from portal.kit.views import PageView


class ProvidersView(ListView):
    """The accounts at providers."""

    access = "payment:admin"
    declared = provider_accounts

    def extra(self) -> dict[str, Any]:
        """What stands in the head."""
        action = {
            "label": _("Set up provider"),
            "icon": "plus",
            "tone": "primary",
            "url": reverse("billing:provider_account_new"),
        }
        return {
            "lead": _("By which accounts customers pay. Their keys are sealed and never shown again."),
            "head_actions": [action],
        }


class ProviderNewView(PageView):
    """Set up an account."""

    access = "payment:admin"
    step_up = True
    template_name = "billing/provider_form.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        """The form."""
        return self._form(ProviderNewForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        """Set it up; sent again, the short name is taken: none is made twice."""
        form = ProviderNewForm(request.POST)
        if not form.is_valid():
            return self._form(form, status=422)
        try:
            made = services.provider_account_create(actor=self.actor, **form.cleaned_data)
        except errors.Invalid as error:
            refused(form, error)
            return self._form(form, status=422)
        messages.success(request, _("%(name)s is set up.") % {"name": made})
        return redirect("billing:provider_account", made.pk)

    def _form(self, form: ProviderNewForm, *, status: int = 200) -> HttpResponse:
        where = reverse("billing:provider_accounts")
        return self.page({"form": form, "list_url": where, "cancel_url": where}, status=status)


def _overview(view: DetailPage[Any], target: ProviderAccount) -> Mapping[str, Any]:
    row = ProviderRow(target)
    secrets = [
        {
            "label": one.get_kind_display(),
            "tail": f"•••• {one.tail}",
            "since": one.created_at,
            "until": one.expires_at,
        }
        for one in selectors.secrets_of(view.actor, target)
    ]
    return {
        "facts": [
            {"label": _("Provider"), "value": row.second},
            {"label": _("Money"), "status": {"tone": row.money_tone, "label": row.money_label}},
            {"label": _("Public key"), "value": target.public_key or "–", "mono": True},
            {
                "label": _("Address of webhooks"),
                "value": absolute(path=reverse("billing:provider_webhook", args=[target.provider, target.code])),
                "mono": True,
            },
            {"label": _("Last compared"), "when": target.reconciled_at}
            if target.reconciled_at
            else {"label": _("Last compared"), "value": _("Never")},
        ],
        "secrets": secrets,
        "form": ProviderForm(
            initial={name: getattr(target, name) for name in ("label", "public_key", "is_default", "is_active")},
        ),
        "edit_url": reverse("billing:provider_account_edit", args=[target.pk]),
        "secret_form": SecretForm(auto_id="secret_%s"),
        "secret_url": reverse("billing:provider_account_secret", args=[target.pk]),
    }


class ProviderBase(DetailPage[ProviderAccount], abstract=True):
    """What the page of an account and the acts upon it share."""

    template_name = "kit/detail/page.html"
    tabs = (
        Tab("overview", gettext_lazy("Overview"), "billing/_provider_overview.html", _overview),
        history_tab(history_page),
    )

    def find(self, key: UUID) -> ProviderAccount:
        """The account; `NotFound` otherwise."""
        return selectors.account(self.actor, key)

    def address(self, target: ProviderAccount) -> str:
        """Its page."""
        return reverse("billing:provider_account", args=[target.pk])

    def head(self, target: ProviderAccount) -> Head:
        """Name, state, the test of the sandbox."""
        row = ProviderRow(target)
        dialog = {
            "id": "test",
            "title": _("Send a test webhook?"),
            "text": _(
                "The sandbox signs it and delivers it by the real door. It tells of nothing, so nothing changes."
            ),
            "confirm_label": _("Send"),
            "tone": "primary",
            "glyph": "play",
            "url": reverse("billing:provider_account_test", args=[target.pk]),
        }
        sandbox = target.provider == ProviderAccount.Provider.SANDBOX and target.is_active
        return Head(
            title=row.label,
            subtitle=row.second,
            states=[(row.state_tone, row.state_label)],
            actions=[{"label": _("Send test"), "icon": "play", "dialog": "test"}] if sandbox else [],
            dialogs=[dialog] if sandbox else [],
            crumbs=[(_("Payment providers"), reverse("billing:provider_accounts"))],
            glyph="card",
        )


class ProviderView(ProviderBase, DetailView[ProviderAccount]):
    """One account."""

    access = "payment:admin"


class ProviderEditView(ProviderBase):
    """Change an account."""

    access = "payment:admin"
    step_up = True

    def post(self, request: HttpRequest, key: UUID) -> HttpResponse:
        """Save what differs."""
        target = self.find(key)
        form = ProviderForm(request.POST)
        if not form.is_valid():
            return self.detail(target, status=422, form=form)
        try:
            services.provider_account_update(actor=self.actor, account=target, values=form.cleaned_data)
        except errors.Invalid as error:
            refused(form, error)
            return self.detail(target, status=422, form=form)
        messages.success(request, _("Saved."))
        return redirect(self.address(target))


@method_decorator(sensitive_post_parameters("secret"), name="dispatch")
class ProviderSecretView(ProviderBase):
    """Give an account a key."""

    access = "payment:admin"
    step_up = True

    def post(self, request: HttpRequest, key: UUID) -> HttpResponse:
        """Seal it; it is shown to nobody again."""
        target = self.find(key)
        form = SecretForm(request.POST, auto_id="secret_%s")
        if not form.is_valid():
            return self.detail(target, status=422, secret_form=form)
        try:
            services.provider_secret_set(actor=self.actor, account=target, **form.cleaned_data)
        except errors.Invalid as error:
            refused(form, error)
            return self.detail(target, status=422, secret_form=form)
        messages.success(request, _("The secret is set."))
        return redirect(self.address(target))


class ProviderTestView(ProviderBase):
    """Send a webhook of the sandbox that tells of nothing."""

    access = "payment:admin"

    def post(self, request: HttpRequest, key: UUID) -> HttpResponse:
        """Send it."""
        target = self.find(key)
        webhook_test(actor=self.actor, account=target)
        messages.success(request, _("It is on its way. It will stand among the provider events."))
        return redirect(self.address(target))


class DunningView(ListView):
    """Who is reminded."""

    access = "payment:admin"
    declared = dunning

    def extra(self) -> dict[str, Any]:
        """What stands in the head."""
        return {
            "lead": _("Customers who did not pay in time, what was done about it and what follows. Who pays leaves.")
        }


def _run(view: DetailPage[Any], target: DunningRun) -> Mapping[str, Any]:
    return {
        "facts": dunning_facts(target),
        "steps": [
            {"label": one.get_kind_display(), "second": one.text, "at": one.at}
            for one in selectors.steps_of(view.actor, target)
        ],
    }


class DunningRunView(DetailView[DunningRun]):
    """One customer's reminders in one currency."""

    access = "payment:admin"
    tabs = (
        Tab("overview", gettext_lazy("Overview"), "billing/_dunning_run.html", _run),
        notes_tab("payment:admin"),
        history_tab(history_page),
    )

    def find(self, key: UUID) -> DunningRun:
        """The run; `NotFound` otherwise."""
        return selectors.dunning_run(self.actor, key)

    def address(self, target: DunningRun) -> str:
        """Its page."""
        return reverse("billing:dunning_run", args=[target.pk])

    def head(self, target: DunningRun) -> Head:
        """Customer and state."""
        row = DunningRow(target)
        return Head(
            title=row.label,
            subtitle=target.currency,
            states=[
                (row.state_tone, row.state_label),
                *([(row.stage_tone, row.stage_label)] if row.stage_label else []),
            ],
            crumbs=[(_("Dunning"), reverse("billing:dunning"))],
            glyph="alert",
        )
