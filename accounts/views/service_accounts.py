"""Service accounts of an organisation: list, page, and what is done to them."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import key_selectors as selectors
from accounts import organisation_selectors
from accounts.forms import ReasonForm
from accounts.key_forms import ServiceAccountForm, ServiceAccountNewForm, ServiceRoleForm
from accounts.key_lists import service_accounts
from accounts.models import ServiceAccount
from accounts.organisation_presenters import offered_roles
from accounts.presenters.keys import KeyRow, key_url, place_tabs, service_protected, service_rows
from accounts.services import service_accounts as services
from audit.selectors import history_page
from portal.kit import errors
from portal.kit.decision import can
from portal.kit.detail import DetailPage, DetailView, Head, Tab, history_tab
from portal.kit.forms import confirm_word, refused
from portal.kit.lists.views import ListView
from rbac.models import Role

OWNER = "owner"  # An organisation belongs to people.


class ServiceAccountsView(ListView):
    """The service accounts of an organisation."""

    access = "apikey:read"
    declared = service_accounts
    template_name = "accounts/keys_list.html"

    def extra(self) -> dict[str, Any]:
        """What stands in the head."""
        slug = self.kwargs["slug"]
        values: dict[str, Any] = {
            "lead": _("Machines that act for this organisation. They hold roles and keys, and never sign in."),
            "places": place_tabs(self.actor, slug, "service_accounts"),
        }
        if can(self.actor, "apikey:admin"):
            url = reverse("accounts:service_account_new", args=[slug])
            label = _("Create service account")
            values["head_actions"] = [{"label": label, "icon": "plus", "tone": "primary", "url": url}]
        return values


def _overview(view: DetailPage[Any], target: ServiceAccount) -> Mapping[str, Any]:
    row = service_rows(view.actor, [target])[0]
    may = can(view.actor, "apikey:admin").allowed and target.user.is_active
    new = reverse("accounts:key_new", args=[target.organisation.slug])
    return {
        "facts": [
            {"label": _("User name"), "value": target.user.username, "mono": True},
            {"label": _("Role"), "value": row.role or _("none")},
            {"label": _("Purpose"), "value": target.description or _("not told")},
            {"label": _("Created"), "when": target.created_at},
        ],
        "keys": [KeyRow(key, key_url(view.actor, key)) for key in selectors.keys_of_service(view.actor, target)],
        "new_url": f"{new}?service={target.pk}" if may else "",
    }


class ServiceAccountBase(DetailPage[ServiceAccount], abstract=True):
    """What the page of a service account and the acts upon it share."""

    tabs = (
        Tab("overview", gettext_lazy("Overview"), "accounts/_service_account_overview.html", _overview),
        history_tab(history_page),
    )

    def find(self, key: UUID) -> ServiceAccount:
        """The service account; `NotFound` for that of another organisation."""
        return selectors.service_account(self.actor, key)

    def address(self, target: ServiceAccount) -> str:
        """Its page."""
        return reverse("accounts:service_account", args=[target.organisation.slug, target.pk])

    def head(self, target: ServiceAccount) -> Head:
        """Mark, name, state, actions."""
        row = service_rows(self.actor, [target])[0]
        return Head(
            title=row.label,
            subtitle=row.username,
            states=[(row.state_tone, row.state_label)],
            actions=self._actions(target),
            dialogs=self._dialogs(target),
            crumbs=[
                (_("Service accounts"), reverse("accounts:service_accounts", args=[target.organisation.slug])),
            ],
            glyph="settings",
        )

    def roles(self, target: ServiceAccount) -> list[Role]:
        """The roles that the actor may give it."""
        return [role for role in offered_roles(self.actor, target.organisation) if role.code != OWNER]

    def _actions(self, target: ServiceAccount) -> list[dict[str, Any]]:
        if not can(self.actor, "apikey:admin"):
            return []
        why = service_protected(self.actor, target)
        edit = {"label": _("Edit"), "icon": "edit", "url": f"{self.address(target)}/edit", "reason": why}
        role = {"label": _("Change role"), "icon": "shield", "dialog": "role", "reason": why}
        if target.user.is_active:
            change = {"label": _("Deactivate"), "icon": "power", "dialog": "deactivate", "reason": why}
        else:
            change = {"label": _("Activate"), "icon": "power", "dialog": "activate", "reason": why}
        gone = {"label": _("Delete"), "icon": "trash", "dialog": "delete", "reason": why, "tone": "danger"}
        return [edit, role, change, gone]

    def _dialogs(self, target: ServiceAccount) -> list[dict[str, Any]]:
        name = {"name": target}
        made: dict[str, dict[str, Any]] = {
            "role": {
                "title": _("Change the role of %(name)s") % name,
                "text": _("The new role takes the place of the present one and counts from its next call."),
                "confirm_label": _("Change role"),
                "tone": "primary",
                "glyph": "shield",
                "form": ServiceRoleForm(auto_id="role_%s", roles=self.roles(target)),
            },
            "deactivate": {
                "title": _("Deactivate %(name)s?") % name,
                "text": _("The next call of any of its keys is refused. You can activate it again."),
                "confirm_label": _("Deactivate"),
                "glyph": "power",
                "form": ReasonForm(auto_id="deactivate_%s"),
            },
            "activate": {
                "title": _("Activate %(name)s?") % name,
                "text": _("Its keys that have not ended work again."),
                "confirm_label": _("Activate"),
                "tone": "primary",
                "glyph": "power",
                "form": ReasonForm(auto_id="activate_%s"),
            },
            "delete": {
                "title": _("Delete %(name)s for good?") % name,
                "text": _("Its keys are revoked and whatever uses them stops. What it did stays in the trail."),
                "confirm_label": _("Delete"),
                "glyph": "trash",
                "word": target.user.username,
                "form": ReasonForm(auto_id="delete_%s"),
            },
        }
        pressable = [action.get("dialog") for action in self._actions(target) if not action["reason"]]
        where = self.address(target)
        return [{"id": key, "url": f"{where}/{key}", **made[key]} for key in made if key in pressable]

    def reason(self) -> str:
        """What the form gives as reason; `Invalid` when it is too long."""
        form = ReasonForm(self.request.POST)
        if not form.is_valid():
            raise errors.Invalid(_("Give a reason of at most 300 characters."))
        return str(form.cleaned_data["reason"])


class ServiceAccountView(ServiceAccountBase, DetailView[ServiceAccount]):
    """The page of a service account."""

    access = "apikey:read"

    def get(self, request: HttpRequest, key: UUID, **named: Any) -> HttpResponse:
        """The page with the tab of the address."""
        return super().get(request, key)

    def post(self, request: HttpRequest, key: UUID, **named: Any) -> HttpResponse:
        """Nothing: its acts have addresses of their own."""
        return super().post(request, key)


class ServiceAccountNewView(ServiceAccountBase):
    """Make a service account."""

    access = "apikey:admin"

    def get(self, request: HttpRequest, slug: str) -> HttpResponse:
        """The form."""
        return self._form(ServiceAccountNewForm(roles=self._offered()))

    def post(self, request: HttpRequest, slug: str) -> HttpResponse:
        """Make it; sent again, the short name is taken: none is made twice."""
        form = ServiceAccountNewForm(request.POST, roles=self._offered())
        if not form.is_valid():
            return self._form(form, status=422)
        here = organisation_selectors.here(self.actor, "apikey:admin")
        try:
            made = services.service_account_create(actor=self.actor, organisation=here, **form.cleaned_data)
        except (errors.Invalid, errors.Conflict) as error:
            refused(form, error)
            return self._form(form, status=error.status)
        messages.success(request, _("%(name)s is created. Give it a key.") % {"name": made})
        return redirect(self.address(made))

    def _offered(self) -> list[Role]:
        here = organisation_selectors.here(self.actor, "apikey:admin")
        return [role for role in offered_roles(self.actor, here) if role.code != OWNER]

    def _form(self, form: ServiceAccountNewForm, *, status: int = 200) -> HttpResponse:
        where = reverse("accounts:service_accounts", args=[self.kwargs["slug"]])
        values = {"form": form, "service": None, "list_url": where, "cancel_url": where}
        return self.page(values, template="accounts/service_account_form.html", status=status)


class ServiceAccountEditView(ServiceAccountBase):
    """Change name and purpose."""

    access = "apikey:admin"

    def get(self, request: HttpRequest, slug: str, key: UUID) -> HttpResponse:
        """The form."""
        target = self.find(key)
        values = {"name": target.user.name, "description": target.description}
        return self._form(target, ServiceAccountForm(values))

    def post(self, request: HttpRequest, slug: str, key: UUID) -> HttpResponse:
        """Save what differs."""
        target = self.find(key)
        form = ServiceAccountForm(request.POST)
        if not form.is_valid():
            return self._form(target, form, status=422)
        try:
            services.service_account_update(actor=self.actor, service=target, values=form.cleaned_data)
        except (errors.Invalid, errors.Conflict) as error:
            refused(form, error)
            return self._form(target, form, status=error.status)
        messages.success(request, _("Saved."))
        return redirect(self.address(target))

    def _form(self, target: ServiceAccount, form: ServiceAccountForm, *, status: int = 200) -> HttpResponse:
        where = self.address(target)
        shown = {"label": str(target), "url": where}
        list_url = reverse("accounts:service_accounts", args=[target.organisation.slug])
        values = {"form": form, "service": shown, "list_url": list_url, "cancel_url": where}
        return self.page(values, template="accounts/service_account_form.html", status=status)


class ServiceAccountRoleView(ServiceAccountBase):
    """Give a service account another role."""

    access = "apikey:admin"

    def post(self, request: HttpRequest, slug: str, key: UUID) -> HttpResponse:
        """Give it."""
        target = self.find(key)
        form = ServiceRoleForm(request.POST, roles=self.roles(target))
        if not form.is_valid():
            raise errors.Invalid(_("Choose a role that you may give, and a reason of at most 300 characters."))
        sent = form.cleaned_data
        services.service_account_role_set(actor=self.actor, service=target, role=sent["role"], reason=sent["reason"])
        messages.success(request, _("%(name)s has the new role.") % {"name": target})
        return redirect(self.address(target))


class ServiceAccountActivateView(ServiceAccountBase):
    """Let a service account in again."""

    access = "apikey:admin"

    def post(self, request: HttpRequest, slug: str, key: UUID) -> HttpResponse:
        """Activate it."""
        target = self.find(key)
        services.service_account_activate(actor=self.actor, service=target, reason=self.reason())
        messages.success(request, _("%(name)s is active again.") % {"name": target})
        return redirect(self.address(target))


class ServiceAccountDeactivateView(ServiceAccountBase):
    """Shut a service account out."""

    access = "apikey:admin"

    def post(self, request: HttpRequest, slug: str, key: UUID) -> HttpResponse:
        """Deactivate it."""
        target = self.find(key)
        services.service_account_deactivate(actor=self.actor, service=target, reason=self.reason())
        messages.success(request, _("%(name)s is deactivated: its keys let nobody in.") % {"name": target})
        return redirect(self.address(target))


class ServiceAccountDeleteView(ServiceAccountBase):
    """Delete a service account for good."""

    access = "apikey:admin"

    def post(self, request: HttpRequest, slug: str, key: UUID) -> HttpResponse:
        """Delete it, when its user name was typed; checked here, not only in the browser."""
        target = self.find(key)
        try:
            confirm_word(request.POST.get("confirm_word", ""), target.user.username)
        except errors.Invalid as error:
            return self.conflict(target, error)
        services.service_account_delete(actor=self.actor, service=target, reason=self.reason())
        messages.success(request, _("%(name)s is deleted.") % {"name": target})
        return redirect("accounts:service_accounts", slug)
