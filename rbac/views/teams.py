"""Teams of an organisation: list, page, and what is done to them."""

from collections.abc import Mapping
from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from audit.selectors import history_page
from portal.kit import errors, paging
from portal.kit.decision import can
from portal.kit.detail import DetailPage, Head, Tab, history_tab, parsed_id
from portal.kit.forms import confirm_word, refused
from portal.kit.lists.views import ListView
from rbac import team_selectors as selectors
from rbac.models import Team
from rbac.services import teams as services
from rbac.team_presenters import TeamPage, member_row, people_text, team_url
from rbac.tree_forms import TeamNestForm, TeamNewForm, TeamPeopleForm
from rbac.tree_lists import teams
from rbac.views.inside import InsideView, organisation_id, who_has_access
from rbac.views.named import NamedEditView


class TeamsView(ListView):
    """The teams of an organisation."""

    access = "member:read"
    declared = teams

    def extra(self) -> dict[str, Any]:
        """What stands in the head."""
        values: dict[str, Any] = {"lead": _("People who hold roles together. Teams may stand inside one another.")}
        if can(self.actor, "team:admin"):
            url = reverse("rbac:team_new", args=[self.kwargs["slug"]])
            values["head_actions"] = [{"label": _("Create team"), "icon": "plus", "tone": "primary", "url": url}]
        return values


def _overview(view: DetailPage[Any], target: Team) -> Mapping[str, Any]:
    page = cast("TeamBase", view).shown(target)
    found = selectors.members_page(view.actor, target, paging.parse(view.request.GET.get("cursor", "")))
    members = paging.shown(view.request, found, lambda row: member_row(row, removable=page.may))
    people = selectors.candidates(view.actor, target) if page.may else []
    return {
        "facts": page.facts(),
        "members": members,
        "inside": page.inside_rows(),
        "people_form": TeamPeopleForm(people=people) if people else None,
        "add_url": f"{team_url(target)}/add",
        "member_dialogs": [page.leave_dialog(row) for row in members.items if row["dialog"]],
    }


class TeamBase(DetailPage[Team], abstract=True):
    """What the page of a team and the acts upon it share."""

    template_name = "rbac/team_detail.html"
    tabs = (
        Tab("overview", gettext_lazy("Overview"), "rbac/_team_overview.html", _overview),
        who_has_access("team:admin", managed=False),
        history_tab(history_page),
    )

    def find(self, key: UUID) -> Team:
        """The team; `NotFound` for that of another organisation."""
        return selectors.team(self.actor, key)

    def shown(self, target: Team) -> TeamPage:
        """The presenter, one for the whole page."""
        known: TeamPage | None = getattr(self, "_shown", None)
        if known is None or known.team is not target:
            known = self._shown = TeamPage(self.actor, target)
        return known

    def address(self, target: Team) -> str:
        """Its page."""
        return team_url(target)

    def head(self, target: Team) -> Head:
        """Mark, name, where it stands, actions."""
        page = self.shown(target)
        crumbs = [(_("Teams"), reverse("rbac:teams", args=[self.kwargs["slug"]]))]
        around = selectors.teams_around(self.actor, target)
        return Head(
            title=target.name,
            subtitle=people_text(page.number),
            actions=page.actions(),
            dialogs=page.dialogs(),
            crumbs=[*crumbs, *((one.name, team_url(one)) for one in around)],
            glyph="people",
        )


class TeamView(TeamBase, InsideView[Team]):
    """The page of a team."""

    access = "member:read"


class TeamNewView(TeamBase):
    """Make a team."""

    access = "team:admin"

    def get(self, request: HttpRequest, slug: str) -> HttpResponse:
        """The form."""
        return self._form(TeamNewForm(teams=selectors.places_for(self.actor, None)))

    def post(self, request: HttpRequest, slug: str) -> HttpResponse:
        """Make it; sent again, the short name is taken: none is made twice."""
        form = TeamNewForm(request.POST, teams=selectors.places_for(self.actor, None))
        if not form.is_valid():
            return self._form(form, status=422)
        try:
            made = services.team_create(actor=self.actor, organisation_id=organisation_id(self), **form.cleaned_data)
        except (errors.Invalid, errors.Conflict, errors.Forbidden) as error:
            refused(form, error)
            return self._form(form, status=error.status)
        messages.success(request, _("The team %(name)s is created. Add its members.") % {"name": made})
        return redirect("rbac:team", slug, made.pk)

    def _form(self, form: TeamNewForm, *, status: int = 200) -> HttpResponse:
        where = reverse("rbac:teams", args=[self.kwargs["slug"]])
        values = {"form": form, "team": None, "list_url": where, "cancel_url": where}
        return self.page(values, template="rbac/team_form.html", status=status)


class TeamEditView(TeamBase, NamedEditView[Team]):
    """Change a team's names."""

    access = "team:admin"
    kind = "team"
    list_page = "rbac:teams"

    def save(self, target: Team, values: Mapping[str, Any]) -> None:
        """Write the names."""
        services.team_update(actor=self.actor, team=target, values=values)


class TeamNestView(TeamBase):
    """Put a team into another."""

    access = "team:admin"

    def post(self, request: HttpRequest, slug: str, key: UUID) -> HttpResponse:
        """Move it."""
        target = self.find(key)
        form = TeamNestForm(request.POST, teams=selectors.places_for(self.actor, target))
        if not form.is_valid():
            raise errors.Invalid(_("Choose a team of this organisation that is not inside this one."))
        try:
            services.team_nest(actor=self.actor, team=target, parent=form.cleaned_data["parent"])
        except errors.Conflict as error:
            return self.conflict(target, error)
        messages.success(request, _("%(name)s is moved.") % {"name": target})
        return redirect(self.address(target))


class TeamAddView(TeamBase):
    """Take members into a team."""

    access = "team:admin"

    def post(self, request: HttpRequest, slug: str, key: UUID) -> HttpResponse:
        """Add those that were chosen, all of them or none."""
        target = self.find(key)
        form = TeamPeopleForm(request.POST, people=selectors.candidates(self.actor, target))
        if not form.is_valid():
            return self.detail(target, status=422, people_form=form)
        people = form.cleaned_data["people"]
        try:
            for one in people:
                services.team_member_add(actor=self.actor, team=target, person_id=one.pk)
        except errors.Conflict as error:
            return self.conflict(target, error)
        text = ngettext("%(n)d member is in the team now.", "%(n)d members are in the team now.", len(people))
        messages.success(request, text % {"n": len(people)})
        return redirect(self.address(target))


class TeamRemoveView(TeamBase):
    """Take somebody out of a team."""

    access = "team:admin"

    def post(self, request: HttpRequest, slug: str, key: UUID) -> HttpResponse:
        """Do it."""
        target = self.find(key)
        member = selectors.member(self.actor, target, parsed_id(request.POST.get("person", "")))
        services.team_member_remove(actor=self.actor, team=target, person_id=member.user_id)
        messages.success(request, _("%(name)s is out of the team.") % {"name": member})
        return redirect(self.address(target))


class TeamDeleteView(TeamBase):
    """Delete a team."""

    access = "team:admin"

    def post(self, request: HttpRequest, slug: str, key: UUID) -> HttpResponse:
        """Delete it, when its short name was typed; checked here, not only in the browser."""
        target = self.find(key)
        try:
            confirm_word(request.POST.get("confirm_word", ""), target.slug)
            services.team_delete(actor=self.actor, team=target)
        except (errors.Invalid, errors.Conflict) as error:
            return self.conflict(target, error)
        messages.success(request, _("The team %(name)s is deleted.") % {"name": target})
        return redirect("rbac:teams", slug)
