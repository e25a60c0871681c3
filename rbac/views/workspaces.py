"""Workspaces of an organisation: list, page, and what is done to them."""

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
from portal.kit import errors
from portal.kit.decision import authorise, can
from portal.kit.detail import DetailPage, Head, Tab, history_tab
from portal.kit.forms import confirm_word, refused
from portal.kit.lists.views import ListView
from rbac import tree_selectors as selectors
from rbac.models import Workspace
from rbac.services import workspaces as services
from rbac.tree_forms import NamedForm
from rbac.tree_lists import workspaces
from rbac.tree_presenters import WorkspacePage, more_text, node_url, tree
from rbac.views.inside import InsideView, organisation_id, who_has_access
from rbac.views.named import NamedEditView


class WorkspacesView(ListView):
    """The workspaces of an organisation."""

    access = "workspace:read"
    somewhere = True
    declared = workspaces

    def extra(self) -> dict[str, Any]:
        """What stands in the head."""
        values: dict[str, Any] = {
            "lead": _("Parts of this organisation. A role held on one counts for all that is in it.")
        }
        if can(self.actor, "workspace:admin"):
            url = reverse("rbac:workspace_new", args=[self.kwargs["slug"]])
            values["head_actions"] = [{"label": _("Create workspace"), "icon": "plus", "tone": "primary", "url": url}]
        return values


def _overview(view: DetailPage[Any], target: Workspace) -> Mapping[str, Any]:
    slug = view.kwargs["slug"]
    below, total = selectors.tree_below(view.actor, target.pk) if can(view.actor, "resource:read", target) else ({}, 0)
    return {
        "facts": WorkspacePage(view.actor, target).facts(),
        "tree": tree(slug, below, target.pk),
        "more": more_text(total),
    }


class WorkspaceBase(DetailPage[Workspace], abstract=True):
    """What the page of a workspace and the acts upon it share."""

    tabs = (
        Tab("overview", gettext_lazy("Overview"), "rbac/_workspace_overview.html", _overview),
        who_has_access("workspace:read"),
        history_tab(history_page),
    )

    def find(self, key: UUID) -> Workspace:
        """The workspace; `NotFound` for that of another organisation, `Forbidden` on one that it may see and not
        change."""
        found = selectors.workspace(self.actor, key)
        authorise(self.actor, str(self.access), found)
        return found

    def address(self, target: Workspace) -> str:
        """Its page."""
        return node_url(self.kwargs["slug"], target)

    def head(self, target: Workspace) -> Head:
        """Mark, name, state, actions."""
        page = WorkspacePage(self.actor, target)
        return Head(
            title=target.name,
            subtitle=target.slug,
            states=[(page.row.state_tone, page.row.state_label)],
            actions=page.actions(),
            dialogs=page.dialogs(),
            crumbs=[(_("Workspaces"), reverse("rbac:workspaces", args=[self.kwargs["slug"]]))],
            glyph="columns",
        )


class WorkspaceView(WorkspaceBase, InsideView[Workspace]):
    """The page of a workspace."""

    access = "workspace:read"
    somewhere = True


class WorkspaceNewView(WorkspaceBase):
    """Make a workspace."""

    access = "workspace:admin"

    def get(self, request: HttpRequest, slug: str) -> HttpResponse:
        """The form."""
        return self._form(NamedForm())

    def post(self, request: HttpRequest, slug: str) -> HttpResponse:
        """Make it; sent again, the short name is taken: none is made twice."""
        form = NamedForm(request.POST)
        if not form.is_valid():
            return self._form(form, status=422)
        try:
            made = services.workspace_create(
                actor=self.actor, organisation_id=organisation_id(self), **form.cleaned_data
            )
        except (errors.Invalid, errors.Conflict) as error:
            refused(form, error)
            return self._form(form, status=error.status)
        messages.success(request, _("The workspace %(name)s is created.") % {"name": made})
        return redirect("rbac:workspace", slug, made.pk)

    def _form(self, form: NamedForm, *, status: int = 200) -> HttpResponse:
        where = reverse("rbac:workspaces", args=[self.kwargs["slug"]])
        values = {"form": form, "workspace": None, "list_url": where, "cancel_url": where}
        return self.page(values, template="rbac/workspace_form.html", status=status)


class WorkspaceEditView(WorkspaceBase, NamedEditView[Workspace]):
    """Change a workspace's names."""

    access = "workspace:admin"
    somewhere = True
    kind = "workspace"
    list_page = "rbac:workspaces"

    def save(self, target: Workspace, values: Mapping[str, Any]) -> None:
        """Write the names."""
        services.workspace_update(actor=self.actor, workspace=target, values=values)


class WorkspaceArchiveView(WorkspaceBase):
    """Archive a workspace."""

    access = "workspace:admin"
    somewhere = True

    def post(self, request: HttpRequest, slug: str, key: UUID) -> HttpResponse:
        """Archive it."""
        target = self.find(key)
        services.workspace_archive(actor=self.actor, workspace=target)
        messages.success(request, _("%(name)s is archived.") % {"name": target})
        return redirect(self.address(target))


class WorkspaceRestoreView(WorkspaceBase):
    """Bring an archived workspace back."""

    access = "workspace:admin"
    somewhere = True

    def post(self, request: HttpRequest, slug: str, key: UUID) -> HttpResponse:
        """Bring it back."""
        target = self.find(key)
        services.workspace_restore(actor=self.actor, workspace=target)
        messages.success(request, _("%(name)s takes resources again.") % {"name": target})
        return redirect(self.address(target))


class WorkspaceDeleteView(WorkspaceBase):
    """Delete an empty workspace."""

    access = "workspace:admin"
    somewhere = True

    def post(self, request: HttpRequest, slug: str, key: UUID) -> HttpResponse:
        """Delete it, when its short name was typed; checked here, not only in the browser."""
        target = self.find(key)
        try:
            confirm_word(request.POST.get("confirm_word", ""), target.slug)
            services.workspace_delete(actor=self.actor, workspace=target)
        except (errors.Invalid, errors.Conflict) as error:
            return self.conflict(target, error)
        messages.success(request, _("The workspace %(name)s is deleted.") % {"name": target})
        return redirect("rbac:workspaces", slug)
