"""An organisation's roles: list, page of one, making, changing, copying and deleting; comparing two."""

from collections.abc import Mapping
from dataclasses import replace
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
from portal.kit.decision import can
from portal.kit.detail import DetailPage, DetailView, Head, Tab, history_tab, parsed_id
from portal.kit.forms import refused
from portal.kit.lists.views import ListView
from portal.kit.views import PageView
from rbac import access_selectors as selectors
from rbac import selectors as ranks
from rbac import services
from rbac.access_presenters import holding_rows
from rbac.models import Role
from rbac.role_forms import RoleForm, RoleNewForm
from rbac.role_lists import roles
from rbac.role_presenters import compared, kind_of, rank_label, right_groups, role_name
from rbac.services import RoleDraft
from rbac.services.custom_roles import ranks as role_ranks

HOLDERS_SHOWN = 100


class RolesView(ListView):
    """The roles that can be held in the organisation."""

    access = "member:read"
    declared = roles

    def extra(self) -> dict[str, Any]:
        """What stands in the head."""
        slug = self.kwargs["slug"]
        actions = [
            {"label": _("Compare"), "icon": "columns", "url": reverse("rbac:roles_compare", args=[slug])},
            {"label": _("Matrix"), "icon": "check-circle", "url": reverse("rbac:matrix", args=[slug])},
        ]
        if can(self.actor, "role:assign"):
            actions.insert(0, {"label": _("As code"), "icon": "document", "url": reverse("rbac:code", args=[slug])})
        if can(self.actor, "role:create"):
            new = reverse("rbac:role_new", args=[slug])
            actions.append({"label": _("Create role"), "icon": "plus", "tone": "primary", "url": new})
        return {"lead": _("What people may do here, in sets with a name."), "head_actions": actions}


def _rights(view: DetailPage[Any], target: Role) -> Mapping[str, Any]:
    return {
        "facts": [
            {"label": _("Code"), "value": target.code, "mono": True},
            {"label": _("Kind"), "value": kind_of(target)[1]},
            {"label": _("Rank"), "value": rank_label(target.rank)},
            {"label": _("Inherits"), "value": role_name(target.inherits) if target.inherits else _("nothing")},
        ],
        "groups": right_groups(selectors.effective_rights([target])[target.pk]),
        "matrix_url": reverse("rbac:matrix", args=[view.kwargs["slug"]]),
    }


def _holders(view: DetailPage[Any], target: Role) -> Mapping[str, Any]:
    found = selectors.bindings_here(view.actor).filter(role=target).order_by("-created_at", "pk")[:HOLDERS_SHOWN]
    rows = holding_rows(view.actor, list(found), slug=view.kwargs["slug"], by_holder=True)
    # To look at: given and taken is where the dialogs are.
    return {"holdings": [{**row, "dialog": "", "end_dialog": ""} for row in rows]}


class RoleBase(DetailPage[Role], abstract=True):
    """What the page of a role and the acts upon it share."""

    tabs = (
        Tab("rights", gettext_lazy("Rights"), "rbac/_role_rights.html", _rights),
        Tab("holders", gettext_lazy("Held by"), "rbac/_role_holders.html", _holders),
        history_tab(history_page),
    )

    def find(self, key: UUID) -> Role:
        """The role; `NotFound` for that of another organisation."""
        return selectors.role_here(self.actor, key)

    def own(self, key: UUID, code: str) -> Role:
        """A role that this organisation made."""
        return selectors.own_role(self.actor, key, code)

    def address(self, target: Role) -> str:
        """Its page."""
        return reverse("rbac:role", args=[self.kwargs["slug"], target.pk])

    def head(self, target: Role) -> Head:
        """Name, kind, actions."""
        return Head(
            title=role_name(target),
            subtitle=target.description,
            states=[kind_of(target)],
            actions=self._actions(target),
            dialogs=self._dialogs(target),
            crumbs=[(_("Roles"), reverse("rbac:roles", args=[self.kwargs["slug"]]))],
            glyph="shield",
        )

    def _actions(self, target: Role) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        slug, own = self.kwargs["slug"], target.catalogue == Role.CUSTOM
        if can(self.actor, "role:create"):
            copy = f"{reverse('rbac:role_new', args=[slug])}?copy={target.pk}"
            found.append({"label": _("Copy"), "icon": "copy", "url": copy})
        if own and can(self.actor, "role:update"):
            found.append({"label": _("Edit"), "icon": "edit", "url": f"{self.address(target)}/edit"})
            rights = f"{reverse('rbac:matrix', args=[slug])}?role={target.pk}"
            found.append({"label": _("Edit rights"), "icon": "check-circle", "tone": "primary", "url": rights})
        if own and can(self.actor, "role:delete"):
            found.append({"label": _("Delete"), "icon": "trash", "tone": "danger", "dialog": "delete"})
        return found

    def _dialogs(self, target: Role) -> list[dict[str, Any]]:
        if target.catalogue != Role.CUSTOM or not can(self.actor, "role:delete"):
            return []
        return [
            {
                "id": "delete",
                "title": _("Delete %(name)s?") % {"name": target.label},
                "text": _("Only a role that nobody holds can go. What it said stays in the trail."),
                "confirm_label": _("Delete"),
                "glyph": "trash",
                "url": f"{self.address(target)}/delete",
            }
        ]


class RoleView(RoleBase, DetailView[Role]):
    """The page of a role."""

    access = "member:read"

    def get(self, request: HttpRequest, key: UUID, **named: Any) -> HttpResponse:
        """The page with the tab of the address."""
        return super().get(request, key)

    def post(self, request: HttpRequest, key: UUID, **named: Any) -> HttpResponse:
        """Nothing: its acts have addresses of their own."""
        return super().post(request, key)


class RoleNewView(RoleBase):
    """Make a role, of nothing or of the rights of another."""

    access = "role:create"

    def get(self, request: HttpRequest, slug: str) -> HttpResponse:
        """The form; `?copy=` names the role to start with."""
        first: dict[str, Any] = {}
        if request.GET.get("copy"):
            source = self.find(parsed_id(request.GET["copy"]))
            first = {"source": str(source.pk), "rank": source.rank, "description": source.description}
        return self._form(self._fields(initial=first))

    def post(self, request: HttpRequest, slug: str) -> HttpResponse:
        """Make it; sent again, the name is taken: none is made twice."""
        form = self._fields(request.POST)
        if not form.is_valid():
            return self._form(form, status=422)
        try:
            made = self._made(form)
        except (errors.Invalid, errors.Conflict) as error:
            refused(form, error)
            return self._form(form, status=422)
        messages.success(request, _("%(name)s is made. Choose its rights.") % {"name": made})
        return redirect(self.address(made))

    def _made(self, form: RoleNewForm) -> Role:
        source: Role | None = form.cleaned_data["source"]
        rights: dict[str, str] = {}
        if source is not None:
            stated = selectors.effective_rights([source])[source.pk]
            rights = {code: one.effect for code, one in stated.items()}
        draft = form.draft(RoleDraft(label="", rights=rights))
        here = self.actor.organisation_id
        if here is None:
            raise errors.NotFound
        return services.role_create(actor=self.actor, organisation_id=here, draft=draft)

    def _fields(self, *args: Any, **kwargs: Any) -> RoleNewForm:
        found = list(selectors.roles_here(self.actor).order_by("-rank", "label"))
        return RoleNewForm(*args, roles=found, rank=_own_rank(self), **kwargs)

    def _form(self, form: RoleNewForm, *, status: int = 200) -> HttpResponse:
        where = reverse("rbac:roles", args=[self.kwargs["slug"]])
        values = {"form": form, "role": None, "list_url": where, "cancel_url": where}
        return self.page(values, template="rbac/role_form.html", status=status)


class RoleEditView(RoleBase):
    """Change name, rank and what is inherited."""

    access = "role:update"

    def get(self, request: HttpRequest, slug: str, key: UUID) -> HttpResponse:
        """The form."""
        target = self.own(key, "role:update")
        now = {"label": target.label, "description": target.description, "rank": target.rank}
        return self._form(target, self._fields(target, initial=now | {"inherits": str(target.inherits_id or "")}))

    def post(self, request: HttpRequest, slug: str, key: UUID) -> HttpResponse:
        """Save what differs."""
        target = self.own(key, "role:update")
        form = self._fields(target, request.POST)
        if not form.is_valid():
            return self._form(target, form, status=422)
        draft = form.draft(services.draft_of(role=target))
        try:
            services.role_update(actor=self.actor, role=target, draft=replace(draft, code=target.code))
        except (errors.Invalid, errors.Conflict) as error:
            refused(form, error)
            return self._form(target, form, status=422)
        messages.success(request, _("Saved."))
        return redirect(self.address(target))

    def _fields(self, target: Role, *args: Any, **kwargs: Any) -> RoleForm:
        found = list(selectors.roles_here(self.actor).order_by("-rank", "label"))
        return RoleForm(*args, roles=found, rank=max(_own_rank(self), target.rank), role=target, **kwargs)

    def _form(self, target: Role, form: RoleForm, *, status: int = 200) -> HttpResponse:
        where = self.address(target)
        list_url = reverse("rbac:roles", args=[self.kwargs["slug"]])
        shown = {"label": target.label, "url": where}
        values = {"form": form, "role": shown, "list_url": list_url, "cancel_url": where}
        return self.page(values, template="rbac/role_form.html", status=status)


class RoleDeleteView(RoleBase):
    """Delete a role that nobody holds."""

    access = "role:delete"

    def post(self, request: HttpRequest, slug: str, key: UUID) -> HttpResponse:
        """Delete it, or say who is in the way."""
        target = self.own(key, "role:delete")
        try:
            services.role_delete(actor=self.actor, role=target)
        except errors.Conflict as error:
            return self.conflict(target, error)
        messages.success(request, _("%(name)s is deleted.") % {"name": target})
        return redirect("rbac:roles", slug)


class RolesCompareView(PageView):
    """Two roles side by side."""

    access = "member:read"
    template_name = "rbac/compare.html"

    def get(self, request: HttpRequest, slug: str) -> HttpResponse:
        """The choice, and what both say."""
        found = list(selectors.roles_here(self.actor).order_by("-rank", "label"))
        chosen = [next((r for r in found if str(r.pk) == request.GET.get(name)), None) for name in ("first", "second")]
        first, second = (role or found[min(place, len(found) - 1)] for place, role in enumerate(chosen))
        rights = selectors.effective_rights([first, second])
        said = [{code: one.effect for code, one in rights[role.pk].items()} for role in (first, second)]
        values = {
            "title": _("Compare two roles"),
            "crumb": (_("Roles"), reverse("rbac:roles", args=[slug])),
            "options": [(str(role.pk), role_name(role)) for role in found],
            "chosen": (str(first.pk), str(second.pk)),
            "names": (role_name(first), role_name(second)),
            "groups": compared(*said),
        }
        return self.page(values)


def _own_rank(view: PageView) -> int:
    """The rank up to which the actor makes roles: staff, from outside, any."""
    actor = view.actor
    if actor.organisation_id is None or actor.id is None:
        return max(role_ranks())
    return ranks.rank_of(actor.id, actor.organisation_id)
