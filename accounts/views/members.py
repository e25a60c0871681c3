"""Members: the list inside an organisation, and the page of one, inside or for staff."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import organisation_selectors as selectors
from accounts.forms import ReasonForm
from accounts.models import Membership
from accounts.organisation_forms import MemberRoleForm
from accounts.organisation_lists import members
from accounts.organisation_presenters import MemberPage, offered_roles
from accounts.services import memberships as services
from audit.selectors import history_page
from portal.kit import errors
from portal.kit.decision import can
from portal.kit.detail import DetailPage, DetailView, Head, Tab, history_tab
from portal.kit.lists.views import ListView


class MembersView(ListView):
    """Who belongs to the organisation."""

    access = "member:read"
    declared = members

    def extra(self) -> dict[str, Any]:
        """What stands in the head."""
        values: dict[str, Any] = {"lead": _("Everybody who belongs to this organisation, and their role.")}
        if can(self.actor, "member:create"):
            url = reverse("accounts:invitations", args=[self.kwargs["slug"]])
            values["head_actions"] = [{"label": _("Invite people"), "icon": "plus", "tone": "primary", "url": url}]
        return values


def _overview(view: DetailPage[Any], target: Membership) -> Mapping[str, Any]:
    return {"facts": cast("MemberPageBase", view).shown(target).facts()}


def _act(view: DetailPage[Any], target: Membership) -> HttpResponse:
    """What a dialog of the head sent."""
    page = cast("MemberPageBase", view)
    try:
        told, gone = page.act(target, view.request.POST.get("do", ""))
    except errors.Conflict as error:
        return view.conflict(target, error)
    messages.success(view.request, told)
    return redirect(page.list_url(target) if gone else view.address(target))


class MemberPageBase(DetailView[Membership], abstract=True):
    """One member: state, role, history; and what is done to the membership."""

    tabs = (
        Tab("overview", gettext_lazy("Overview"), "accounts/_member_overview.html", _overview, "", _act),
        history_tab(history_page),
    )

    def get(self, request: HttpRequest, key: UUID, **named: Any) -> HttpResponse:
        """The page with the tab of the address; the organisation's part of the address was read before."""
        return super().get(request, key)

    def post(self, request: HttpRequest, key: UUID, **named: Any) -> HttpResponse:
        """What a dialog of the page sent."""
        return super().post(request, key)

    @abstractmethod
    def organisation_id(self) -> UUID:
        """The organisation of the address."""

    @abstractmethod
    def list_url(self, target: Membership) -> str:
        """Where the members are listed."""

    @abstractmethod
    def crumbs(self, target: Membership) -> list[tuple[str, str]]:
        """The way here."""

    def find(self, key: UUID) -> Membership:
        """The membership; `NotFound` for that of another organisation."""
        return selectors.member(self.actor, self.organisation_id(), key)

    def shown(self, target: Membership) -> MemberPage:
        """The presenter."""
        return MemberPage(self.actor, target)

    def address(self, target: Membership) -> str:
        """The member's page."""
        return self.shown(target).row.url

    def head(self, target: Membership) -> Head:
        """Avatar, name, state, actions."""
        shown = self.shown(target)
        return Head(
            title=shown.row.label,
            subtitle=shown.row.email,
            states=[(shown.row.state_tone, shown.row.state_label)],
            actions=shown.actions(),
            dialogs=shown.dialogs(),
            crumbs=self.crumbs(target),
            avatar=(shown.row.label, shown.row.hue),
        )

    def act(self, target: Membership, todo: str) -> tuple[str, bool]:
        """Do it; what to tell, and whether the membership is gone. `BadRequest` for anything unknown."""
        name = {"name": target.user}
        if todo == "role":
            form = MemberRoleForm(self.request.POST, roles=offered_roles(self.actor, target.organisation))
            if not form.is_valid():
                raise errors.Invalid(_("Choose a role that you may give, and a reason of at most 300 characters."))
            sent = form.cleaned_data
            services.membership_role_set(actor=self.actor, membership=target, role=sent["role"], reason=sent["reason"])
            return _("%(name)s has the new role.") % name, False
        reason_form = ReasonForm(self.request.POST)
        if not reason_form.is_valid():
            raise errors.Invalid(_("Give a reason of at most 300 characters."))
        reason = reason_form.cleaned_data["reason"]
        if todo == "suspend":
            services.membership_suspend(actor=self.actor, membership=target, reason=reason)
            return _("%(name)s is suspended here.") % name, False
        if todo == "resume":
            services.membership_resume(actor=self.actor, membership=target, reason=reason)
            return _("%(name)s can enter again.") % name, False
        if todo == "remove":
            services.membership_remove(actor=self.actor, membership=target, reason=reason)
            return _("%(name)s is no member any more.") % name, True
        raise errors.BadRequest


class MemberView(MemberPageBase):
    """A member, seen from inside the organisation."""

    access = "member:read"

    def organisation_id(self) -> UUID:
        """The one that the actor stands in."""
        return selectors.here(self.actor, "member:read").pk

    def list_url(self, target: Membership) -> str:
        """The list of members."""
        return reverse("accounts:members", args=[target.organisation.slug])

    def crumbs(self, target: Membership) -> list[tuple[str, str]]:
        """Members."""
        return [(_("Members"), self.list_url(target))]


class OrganisationMemberView(MemberPageBase):
    """A member, seen by staff."""

    access = "organisation:read"

    def organisation_id(self) -> UUID:
        """That of the address."""
        return UUID(str(self.kwargs["organisation_id"]))

    def list_url(self, target: Membership) -> str:
        """The tab of members."""
        return f"{reverse('accounts:organisation', args=[target.organisation_id])}?tab=members"

    def crumbs(self, target: Membership) -> list[tuple[str, str]]:
        """Organisations, this one."""
        return [
            (_("Organisations"), reverse("accounts:organisations")),
            (target.organisation.name, reverse("accounts:organisation", args=[target.organisation_id])),
        ]
