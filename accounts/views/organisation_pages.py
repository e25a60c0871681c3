"""Pages inside an organisation: overview, invitations, settings; and one's own organisations."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts import organisation_selectors as selectors
from accounts import survey_selectors
from accounts.forms import ReasonForm
from accounts.models import Organisation
from accounts.organisation_forms import InviteForm, OrganisationForm, TransferForm
from accounts.organisation_presenters import (
    closing_text,
    invitation_rows,
    offered_roles,
    organisation_state,
)
from accounts.presenters.surveys import question_of
from accounts.services.invitations import invitation_accept_own
from accounts.services.memberships import membership_leave
from accounts.services.organisations import organisation_close, organisation_update, ownership_transfer
from accounts.views.organisations import change_invitation, invite
from portal.kit import errors, paging
from portal.kit.access import SignedIn
from portal.kit.decision import can
from portal.kit.detail import parsed_id
from portal.kit.forms import confirm_word, refused
from portal.kit.views import PageView
from portal.kit.widgets import board

TRANSFER_CHOICES = 200  # More members than one looks through in a list; staff hands those organisations over.


class OrganisationHomeView(PageView):
    """The first page of an organisation."""

    access = "organisation:read"
    template_name = "accounts/organisation_home.html"

    def get(self, request: HttpRequest, slug: str) -> HttpResponse:
        """The dashboard of the person's choice, or that of its role."""
        here = selectors.here(self.actor, "organisation:read")
        invites = can(self.actor, "member:create").allowed
        values = {
            "organisation": here,
            "invite_url": reverse("accounts:invitations", args=[here.slug]) if invites else "",
            "question": question_of(survey_selectors.question_due(self.actor), here),
        }
        return self.page({**values, **board(request, self.actor)})


class InvitationsView(PageView):
    """Whom the organisation invited; invite, send again, withdraw."""

    access = "member:create"
    template_name = "accounts/organisation_invitations.html"

    def get(self, request: HttpRequest, slug: str) -> HttpResponse:
        """The form and the invitations."""
        here = selectors.here(self.actor, "member:create")
        return self._shown(here, InviteForm(roles=offered_roles(self.actor, here)))

    def post(self, request: HttpRequest, slug: str) -> HttpResponse:
        """Invite, or what a row's button sent."""
        here = selectors.here(self.actor, "member:create")
        if request.POST.get("do", "invite") != "invite":
            change_invitation(request, self.actor, here.pk, request.POST["do"])
            return redirect("accounts:invitations", here.slug)
        form = InviteForm(request.POST, roles=offered_roles(self.actor, here))
        if not form.is_valid():
            return self._shown(here, form, status=422)
        try:
            told = invite(request, self.actor, here, form)
        except errors.Invalid as error:
            refused(form, error)
            return self._shown(here, form, status=422)
        messages.success(request, told)
        return redirect("accounts:invitations", here.slug)

    def _shown(self, here: Organisation, form: InviteForm, *, status: int = 200) -> HttpResponse:
        rows = selectors.invitations(self.actor, here.pk)
        page = paging.keyset(rows, paging.parse(self.request.GET.get("cursor", "")))
        presented = {row["id"]: row for row in invitation_rows(page.items)}
        values = {
            "form": form,
            "invitations": paging.shown(self.request, page, lambda item: presented[str(item.pk)]),
        }
        return self.page(values, status=status)


class SettingsView(PageView):
    """Name, hand over, leave, close: each for whom may."""

    access = "organisation:read"
    template_name = "accounts/organisation_settings.html"

    def dangerous(self, request: HttpRequest) -> bool:
        """Handing it over and closing it are."""
        return request.POST.get("do", "") in {"transfer", "close"}

    def get(self, request: HttpRequest, slug: str) -> HttpResponse:
        """What the person may change."""
        return self._shown(selectors.here(self.actor, "organisation:read"))

    def post(self, request: HttpRequest, slug: str) -> HttpResponse:
        """What `do` names."""
        here = selectors.here(self.actor, "organisation:read")
        todo = {"save": self._save, "transfer": self._transfer, "leave": self._leave, "close": self._close}
        act = todo.get(request.POST.get("do", ""))
        if act is None:
            raise errors.BadRequest
        try:
            return act(here)
        except errors.Conflict as error:
            notice = {"tone": "bad", "title": error.title, "text": error.detail}
            return self._shown(here, status=error.status, notice=notice)

    def _save(self, here: Organisation) -> HttpResponse:
        form = OrganisationForm(self.request.POST)
        if not form.is_valid():
            return self._shown(here, status=422, form=form)
        try:
            here = organisation_update(actor=self.actor, organisation=here, values=form.cleaned_data)
        except errors.Invalid as error:
            refused(form, error)
            return self._shown(here, status=422, form=form)
        messages.success(self.request, _("Saved."))
        return redirect("accounts:organisation_settings", here.slug)

    def _transfer(self, here: Organisation) -> HttpResponse:
        form = TransferForm(self.request.POST, members=self._others(here))
        if not form.is_valid():
            return self._shown(here, status=422, transfer_form=form)
        sent = form.cleaned_data
        ownership_transfer(actor=self.actor, organisation=here, to=sent["member"], reason=sent["reason"])
        messages.success(self.request, _("%(name)s is the owner now.") % {"name": sent["member"].user})
        return redirect("accounts:organisation_settings", here.slug)

    def _leave(self, here: Organisation) -> HttpResponse:
        membership_leave(actor=self.actor, organisation_id=here.pk)
        messages.success(self.request, _("You left %(name)s.") % {"name": here})
        return redirect("accounts:own_organisations")

    def _close(self, here: Organisation) -> HttpResponse:
        reason = ReasonForm(self.request.POST)
        if not reason.is_valid():
            raise errors.Invalid(_("Give a reason of at most 300 characters."))
        try:
            confirm_word(self.request.POST.get("confirm_word", ""), here.slug)
        except errors.Invalid as error:
            notice = {"tone": "bad", "title": error.title, "text": error.detail}
            return self._shown(here, status=422, notice=notice)
        organisation_close(actor=self.actor, organisation=here, reason=reason.cleaned_data["reason"])
        messages.success(self.request, _("%(name)s is closed.") % {"name": here})
        return redirect("accounts:own_organisations")

    def _others(self, here: Organisation) -> list[Any]:
        rows = selectors.members(self.actor, here.pk).filter(state="active", user__is_active=True)
        found = rows.order_by("user__name", "id")[:TRANSFER_CHOICES]
        return [row for row in found if row.user_id != self.actor.id]

    def _shown(self, here: Organisation, *, status: int = 200, **more: Any) -> HttpResponse:
        may = {name: can(self.actor, f"organisation:{name}").allowed for name in ("update", "transfer", "delete")}
        values: dict[str, Any] = {
            "organisation": here,
            "may": may,
            "form": OrganisationForm({"name": here.name, "slug": here.slug}),
            "transfer_form": TransferForm(auto_id="transfer_%s", members=self._others(here))
            if may["transfer"]
            else None,
            "close_form": ReasonForm(auto_id="close_%s"),
            "leave_hidden": [("do", "leave")],
            "close_hidden": [("do", "close")],
            "close_text": closing_text(self.actor, here.pk) if may["delete"] else "",
        }
        return self.page(values | more, status=status)


class OwnOrganisationsView(PageView):
    """The organisations that one belongs to, and the invitations that wait for an answer."""

    access = SignedIn("One's own memberships.", in_view=True)
    template_name = "accounts/own_organisations.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        """Both lists."""
        return self._shown()

    def post(self, request: HttpRequest) -> HttpResponse:
        """Leave an organisation, or accept an invitation."""
        todo = request.POST.get("do", "")
        try:
            if todo == "leave":
                membership_leave(actor=self.actor, organisation_id=parsed_id(request.POST.get("organisation", "")))
                messages.success(request, _("You left the organisation."))
                return redirect("accounts:own_organisations")
            if todo == "accept":
                key = parsed_id(request.POST.get("invitation", ""))
                joined = invitation_accept_own(actor=self.actor, invitation_id=key)
                messages.success(request, _("Welcome to %(name)s.") % {"name": joined})
                return redirect("accounts:organisation_home", joined.slug)
        except errors.Conflict as error:
            return self._shown(error.status, {"tone": "bad", "title": error.title, "text": error.detail})
        raise errors.BadRequest

    def _shown(self, status: int = 200, notice: dict[str, Any] | None = None) -> HttpResponse:
        person_id = self.actor.id
        if person_id is None:
            raise errors.Unauthenticated
        memberships = [
            {
                "row": row,
                "state": organisation_state(row.state)
                if row.membership_state == "active"
                else ("warn", _("Suspended")),
                "url": f"/o/{row.slug}/" if row.state == row.membership_state == "active" else "",
                "dialog": f"leave-{row.organisation_id}",
                "hue": row.organisation_id.int % 5,
                "hidden": [("do", "leave"), ("organisation", row.organisation_id)],
            }
            for row in selectors.own_memberships(person_id)
        ]
        values = {
            "memberships": memberships,
            "invitations": selectors.own_invitations(person_id),
            "notice": notice,
        }
        return self.page(values, status=status)
