"""The matrix of roles and rights: to read, and to change with a preview of who gains and loses."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from portal.kit import errors
from portal.kit.decision import authorise, can
from portal.kit.services import writing
from portal.kit.views import PageView
from rbac import access_selectors as selectors
from rbac import services
from rbac.catalogue import HOSTS
from rbac.models import Role
from rbac.previews import preview_roles
from rbac.role_presenters import cell_name, matrix, part_of, right_label, role_name
from rbac.services import RoleDraft

OWN_SHOWN = 12  # Own roles side by side; of more, one at a time by its page.


class MatrixView(PageView):
    """Roles and rights of an organisation. Own roles can be changed by whom may."""

    access = "member:read"
    template_name = "rbac/matrix.html"

    def get(self, request: HttpRequest, slug: str) -> HttpResponse:
        """The matrix of one part; `?role=` shows a single role beside the ready-made ones."""
        return self._shown()

    def post(self, request: HttpRequest, slug: str) -> HttpResponse:
        """`preview` shows who gains and loses by what was chosen, `save` does it."""
        authorise(self.actor, "role:update")
        todo = request.POST.get("do", "")
        if todo not in {"preview", "save", "back"}:
            raise errors.BadRequest
        changes = self._changes(request.POST)
        if todo == "back" or not changes:
            return self._shown()
        try:
            if todo == "preview":
                return self._previewed(changes)
            with writing():
                for role, draft in changes:
                    services.role_update(actor=self.actor, role=role, draft=draft)
        except (errors.Forbidden, errors.Invalid, errors.Conflict) as error:
            notice = {"tone": "bad", "title": error.title, "text": error.detail}
            return self._shown(status=error.status, notice=notice)
        messages.success(request, _("Saved. Everybody who holds these roles has the new rights at once."))
        return redirect(self._here())

    def _roles(self) -> list[Role]:
        part = self._part()
        found = list(selectors.roles_here(self.actor).order_by("-rank", "label"))
        own = [role for role in found if role.catalogue == Role.CUSTOM]
        wanted = self.request.GET.get("role")
        if wanted:
            own = [role for role in own if str(role.pk) == wanted]
        return [*own[:OWN_SHOWN], *(role for role in found if role.catalogue == part)]

    def _part(self) -> str:
        part = self.request.GET.get("part", "organisation")
        if part not in {"organisation", *HOSTS}:
            raise errors.NotFound
        return part

    def _here(self) -> str:
        query = self.request.GET.urlencode()
        return reverse("rbac:matrix", args=[self.kwargs["slug"]]) + (f"?{query}" if query else "")

    def _changes(self, sent: QueryDict) -> list[tuple[Role, RoleDraft]]:
        """The own roles whose rights the form says otherwise than they are, as they shall be."""
        roles = [role for role in self._roles() if role.catalogue == Role.CUSTOM]
        now, found = selectors.rights_of(roles), []
        for role in roles:
            rights = dict(now[role.pk])
            for code in self._codes():
                effect = sent.get(cell_name(role, code))
                if effect is None:
                    continue
                if effect not in {"", "allow", "deny"}:
                    raise errors.BadRequest
                rights.pop(code, None)
                if effect:
                    rights[code] = effect
            if rights != now[role.pk]:
                found.append((role, replace(services.draft_of(role=role), rights=rights)))
        return found

    def _codes(self) -> list[str]:
        part = self._part()
        return [code for code in selectors.codes_in(self.actor.organisation_id) if part_of(code) == part]

    def _previewed(self, changes: Sequence[tuple[Role, RoleDraft]]) -> HttpResponse:
        found = preview_roles(self.actor, changes)
        now = selectors.rights_of([role for role, _draft in changes])
        values = {
            "preview": found,
            "changes": [
                {
                    "name": change.name,
                    "hue": change.person_id.int,
                    "gains": [right_label(code) for code in change.gains],
                    "losses": [right_label(code) for code in change.losses],
                }
                for change in found.changes
            ],
            "edits": [_edit(role, draft, now[role.pk]) for role, draft in changes],
            "sent": [(name, value) for name, value in self.request.POST.items() if "|" in name],
            "action": self._here(),
        }
        return self.page(values, template="rbac/matrix_preview.html")

    def _shown(self, *, status: int = 200, notice: dict[str, Any] | None = None) -> HttpResponse:
        roles, slug = self._roles(), self.kwargs["slug"]
        may = can(self.actor, "role:update").allowed
        own = [role for role in roles if role.catalogue == Role.CUSTOM]
        sent = {name: str(value) for name, value in self.request.POST.items() if "|" in name}
        base = reverse("rbac:matrix", args=[slug])
        single = self.request.GET.get("role", "")
        values = {
            "heads": [
                {"label": role_name(role), "url": reverse("rbac:role", args=[slug, role.pk]), "own": role in own}
                for role in roles
            ],
            "groups": matrix(roles, self._codes(), editable=own if may else [], sent=sent),
            "editable": bool(own) and may,
            "span": len(roles) + 1,
            "places": _places(base, self._part(), single),
            "list_url": reverse("rbac:roles", args=[slug]),
            "new_url": reverse("rbac:role_new", args=[slug]) if can(self.actor, "role:create") else "",
            "action": self._here(),
            "notice": notice,
            "whole_url": base if single else "",
        }
        return self.page(values, status=status)


class PlatformRolesView(PageView):
    """The ready-made roles of the installation, of organisations and of host products, side by side."""

    access = "role:admin"
    template_name = "rbac/platform_roles.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        """The matrix of one catalogue."""
        part = request.GET.get("part", "platform")
        roles = [role for role in selectors.installation_roles(self.actor) if role.catalogue == part]
        if not roles:
            raise errors.NotFound
        whose = None if part == "platform" else roles[0].pk
        codes = [code for code in selectors.codes_in(whose) if part in {"platform", part_of(code)}]
        base = reverse("rbac:platform_roles")
        values = {
            "heads": [{"label": role.label, "url": "", "own": False} for role in roles],
            "groups": matrix(roles, codes, editable=[]),
            "span": len(roles) + 1,
            "places": [
                {"label": _("Installation"), "url": base, "current": part == "platform"},
                *(
                    {**place, "current": place["part"] == part}
                    for place in _places(base, part, "", first=f"{base}?part=organisation")
                ),
            ],
        }
        return self.page(values)


def _places(base: str, part: str, role: str, *, first: str = "") -> list[dict[str, Any]]:
    more = f"&role={role}" if role else ""
    found = [{"part": "organisation", "label": _("Steward"), "url": first or base + (f"?role={role}" if role else "")}]
    found += [
        {"part": code, "label": code.replace("_", " ").capitalize(), "url": f"{base}?part={code}{more}"}
        for code in HOSTS
    ]
    return [{**place, "current": place["part"] == part} for place in found]


def _edit(role: Role, draft: RoleDraft, now: dict[str, str]) -> dict[str, Any]:
    codes = sorted(now.keys() | draft.rights.keys())
    return {
        "role": role_name(role),
        "rights": [
            {"label": right_label(code), "before": now.get(code, ""), "after": draft.rights.get(code, "")}
            for code in codes
            if now.get(code, "") != draft.rights.get(code, "")
        ],
    }
