"""Organisations for staff: list, create, edit, the page of one with its members, suspend, resume, close."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts import organisation_selectors as selectors
from accounts.forms import ReasonForm
from accounts.models import Organisation
from accounts.organisation_forms import InviteForm, OrganisationForm, OrganisationNewForm
from accounts.organisation_lists import organisations
from accounts.organisation_presenters import (
    closing_text,
    invitation_rows,
    member_rows,
    offered_roles,
    organisation_rows,
    organisation_state,
)
from accounts.services import organisations as services
from accounts.services.invitations import invitation_resend, invitation_revoke, invitations_create
from audit.selectors import history_of, history_page
from portal.kit import errors, paging
from portal.kit.decision import can
from portal.kit.detail import (
    DetailPage,
    DetailView,
    Head,
    Tab,
    access_tab,
    granted_url,
    history_tab,
    notes_tab,
    parsed_id,
)
from portal.kit.forms import confirm_word, refused
from portal.kit.lists.views import ListView
from portal.kit.views import PageView

LATEST = 5  # Events on the first tab; the tab of the history has all.


class OrganisationsView(ListView):
    """Every organisation of the installation."""

    access = "organisation:read"
    declared = organisations

    def extra(self) -> dict[str, Any]:
        """What stands in the head."""
        values: dict[str, Any] = {"lead": _("Everybody who uses this installation as a group, apart from all others.")}
        if can(self.actor, "organisation:admin"):
            url = reverse("accounts:organisation_new")
            action = {"label": _("Create organisation"), "icon": "plus", "tone": "primary", "url": url}
            values["head_actions"] = [action]
        return values


class OrganisationNewView(PageView):
    """Create an organisation."""

    access = "organisation:admin"
    template_name = "accounts/organisation_form.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        """The form."""
        return self._form(OrganisationNewForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        """Create it; sent again, the short name is taken: none is made twice."""
        form = OrganisationNewForm(request.POST)
        if not form.is_valid():
            return self._form(form, status=422)
        sent = form.cleaned_data
        try:
            owner = selectors.user_by_address(self.actor, sent["owner"]) if sent["owner"] else None
            if sent["owner"] and owner is None:
                raise errors.Invalid(fields={"owner": [_("No active person has this user name or address.")]})
            made = services.organisation_create(actor=self.actor, name=sent["name"], slug=sent["slug"], owner=owner)
        except errors.Invalid as error:
            refused(form, error)
            return self._form(form, status=422)
        messages.success(request, _("%(name)s is created.") % {"name": made})
        return redirect("accounts:organisation", made.pk)

    def _form(self, form: OrganisationNewForm, *, status: int = 200) -> HttpResponse:
        where = reverse("accounts:organisations")
        values = {"form": form, "organisation": None, "list_url": where, "cancel_url": where}
        return self.page(values, status=status)


def _overview(view: DetailPage[Any], target: Organisation) -> Mapping[str, Any]:
    row = organisation_rows(view.actor, [target])[0]
    history = can(view.actor, "audit:read").allowed
    return {
        "facts": [
            {"label": _("Short name"), "value": target.slug, "mono": True},
            {"label": _("Status"), "status": {"tone": row.state_tone, "label": row.state_label}},
            {"label": _("Members"), "value": row.members},
            {"label": _("Created"), "when": target.created_at},
        ],
        "show_history": history,
        "events": history_of(view.actor, target.pk, LATEST) if history else [],
        "history_url": f"{view.address(target)}?tab=history",
    }


def _members(view: DetailPage[Any], target: Organisation) -> Mapping[str, Any]:
    request = view.request
    page = selectors.members_page(view.actor, target.pk, paging.parse(request.GET.get("cursor", "")))
    rows = {row.id: row for row in member_rows(view.actor, page.items)}
    return {
        "members": paging.shown(request, page, lambda item: rows[str(item.pk)]),
        "invitations": invitation_rows(selectors.invitations_open(view.actor, target.pk).order_by("-id")[:50]),
        "may_invite": can(view.actor, "organisation:admin").allowed and target.state != Organisation.State.CLOSED,
        "form": InviteForm(roles=offered_roles(view.actor, target)),
    }


def _members_act(view: DetailPage[Any], target: Organisation) -> HttpResponse:
    request, back = view.request, f"{view.address(target)}?tab=members"
    todo = request.POST.get("do", "")
    if todo == "invite":
        form = InviteForm(request.POST, roles=offered_roles(view.actor, target))
        if not form.is_valid():
            return view.detail(target, status=422, form=form)
        try:
            told = invite(request, view.actor, target, form)
        except errors.StewardError as error:
            refused(form, error)
            return view.detail(target, status=error.status, form=form)
        messages.success(request, told)
        return redirect(back)
    change_invitation(request, view.actor, target.pk, todo)
    return redirect(back)


def invite(request: HttpRequest, actor: Any, target: Organisation, form: InviteForm) -> str:
    """Invite what the form names; the sentence that tells what became of it. Those left alone are warned of."""
    sent = form.cleaned_data
    done = invitations_create(actor=actor, organisation=target, addresses=form.written(), role=sent["role"])
    for address, why in done.skipped:
        messages.warning(request, f"{address}: {why}")
    number = len(done.sent)
    return ngettext("%(n)d invitation is on its way.", "%(n)d invitations are on their way.", number) % {"n": number}


def change_invitation(request: HttpRequest, actor: Any, organisation_id: UUID, todo: str) -> None:
    """Send again or withdraw the invitation that a form names; `BadRequest` for anything else."""
    found = selectors.invitation(actor, organisation_id, parsed_id(request.POST.get("invitation", "")))
    if todo == "resend":
        invitation_resend(actor=actor, invitation=found)
        messages.success(request, _("A new link is on its way to %(email)s; the older one died.") % {"email": found})
    elif todo == "revoke":
        invitation_revoke(actor=actor, invitation=found)
        messages.success(request, _("The invitation of %(email)s is withdrawn.") % {"email": found})
    else:
        raise errors.BadRequest


TABS = (
    Tab("overview", gettext_lazy("Overview"), "accounts/_organisation_overview.html", _overview),
    Tab("members", gettext_lazy("Members"), "accounts/_organisation_members.html", _members, "", _members_act),
    access_tab(
        "organisation:update",
        lambda person_id: reverse("accounts:person", args=[person_id]),
        demands="organisation:admin",
        manage=lambda view, target: granted_url("organisation", target.pk),
    ),
    notes_tab("organisation:admin"),
    history_tab(history_page),
)


class OrganisationPageBase(DetailPage[Organisation], abstract=True):
    """What the page of an organisation and the acts upon it share."""

    tabs = TABS
    template_name = "accounts/organisation_detail.html"

    def find(self, key: UUID) -> Organisation:
        """The organisation, on which the actor holds the page's permission; `NotFound` otherwise."""
        return selectors.organisation(self.actor, key, str(self.access))

    def address(self, target: Organisation) -> str:
        """Its page."""
        return reverse("accounts:organisation", args=[target.pk])

    def head(self, target: Organisation) -> Head:
        """Mark, name, state, actions."""
        return Head(
            title=target.name,
            subtitle=f"/o/{target.slug}/",
            states=[organisation_state(target.state)],
            actions=self._actions(target),
            dialogs=self._dialogs(target),
            crumbs=[(_("Organisations"), reverse("accounts:organisations"))],
            glyph="building",
        )

    def _actions(self, target: Organisation) -> list[dict[str, Any]]:
        if not can(self.actor, "organisation:admin") or target.state == Organisation.State.CLOSED:
            return []
        edit = {"label": _("Edit"), "icon": "edit", "url": reverse("accounts:organisation_edit", args=[target.pk])}
        if target.state == Organisation.State.ACTIVE:
            change = {"label": _("Suspend"), "icon": "lock", "dialog": "suspend"}
        else:
            change = {"label": _("Resume"), "icon": "unlock", "dialog": "resume", "tone": "primary"}
        close = {"label": _("Close"), "icon": "power", "dialog": "close", "tone": "danger"}
        return [edit, change, close]

    def _dialogs(self, target: Organisation) -> list[dict[str, Any]]:
        shown = {action.get("dialog") for action in self._actions(target)}
        name = {"name": target.name}
        made = (
            {
                "id": "suspend",
                "title": _("Suspend %(name)s?") % name,
                "text": _("Its members are shut out at their next request. Nothing is deleted; you can resume it."),
                "confirm_label": _("Suspend"),
                "glyph": "lock",
                "form": ReasonForm(auto_id="suspend_%s"),
            },
            {
                "id": "resume",
                "title": _("Resume %(name)s?") % name,
                "text": _("Its members can enter again, with the roles they had."),
                "confirm_label": _("Resume"),
                "tone": "primary",
                "glyph": "unlock",
            },
            {
                "id": "close",
                "title": _("Close %(name)s for good?") % name,
                "text": closing_text(self.actor, target.pk),
                "confirm_label": _("Close organisation"),
                "glyph": "power",
                "word": target.slug,
                "form": ReasonForm(auto_id="close_%s"),
            },
        )
        return [
            {**dialog, "url": reverse(f"accounts:organisation_{dialog['id']}", args=[target.pk])}
            for dialog in made
            if dialog["id"] in shown
        ]

    def reason(self) -> str:
        """What the form gives as reason; `Invalid` when it is too long."""
        form = ReasonForm(self.request.POST)
        if not form.is_valid():
            raise errors.Invalid(_("Give a reason of at most 300 characters."))
        return str(form.cleaned_data["reason"])


class OrganisationView(OrganisationPageBase, DetailView[Organisation]):
    """One organisation."""

    access = "organisation:read"


class OrganisationEditView(OrganisationPageBase):
    """Change name and short name."""

    access = "organisation:admin"

    def get(self, request: HttpRequest, key: UUID) -> HttpResponse:
        """The form."""
        target = self.find(key)
        return self._form(target, OrganisationForm({"name": target.name, "slug": target.slug}))

    def post(self, request: HttpRequest, key: UUID) -> HttpResponse:
        """Save what differs."""
        target = self.find(key)
        form = OrganisationForm(request.POST)
        if not form.is_valid():
            return self._form(target, form, status=422)
        try:
            services.organisation_update(actor=self.actor, organisation=target, values=form.cleaned_data)
        except (errors.Invalid, errors.Conflict) as error:
            refused(form, error)
            return self._form(target, form, status=error.status)
        messages.success(request, _("Saved."))
        return redirect(self.address(target))

    def _form(self, target: Organisation, form: OrganisationForm, *, status: int = 200) -> HttpResponse:
        where = self.address(target)
        shown = {"label": target.name, "url": where}
        values = {"form": form, "organisation": shown, "list_url": reverse("accounts:organisations")}
        return self.page({**values, "cancel_url": where}, template="accounts/organisation_form.html", status=status)


class OrganisationSuspendView(OrganisationPageBase):
    """Suspend an organisation."""

    access = "organisation:admin"

    def post(self, request: HttpRequest, key: UUID) -> HttpResponse:
        """Suspend it."""
        target = self.find(key)
        try:
            services.organisation_suspend(actor=self.actor, organisation=target, reason=self.reason())
        except errors.Conflict as error:
            return self.conflict(target, error)
        messages.success(request, _("%(name)s is suspended.") % {"name": target})
        return redirect(self.address(target))


class OrganisationResumeView(OrganisationPageBase):
    """Resume an organisation."""

    access = "organisation:admin"

    def post(self, request: HttpRequest, key: UUID) -> HttpResponse:
        """Resume it."""
        target = self.find(key)
        try:
            services.organisation_resume(actor=self.actor, organisation=target, reason=self.reason())
        except errors.Conflict as error:
            return self.conflict(target, error)
        messages.success(request, _("%(name)s is open again.") % {"name": target})
        return redirect(self.address(target))


class OrganisationCloseView(OrganisationPageBase):
    """Close an organisation for good."""

    access = "organisation:admin"
    step_up = True

    def post(self, request: HttpRequest, key: UUID) -> HttpResponse:
        """Close it, when its short name was typed; checked here, not only in the browser."""
        target = self.find(key)
        try:
            confirm_word(request.POST.get("confirm_word", ""), target.slug)
            services.organisation_close(actor=self.actor, organisation=target, reason=self.reason())
        except (errors.Invalid, errors.Conflict) as error:
            return self.conflict(target, error)
        messages.success(request, _("%(name)s is closed.") % {"name": target})
        return redirect(self.address(target))
