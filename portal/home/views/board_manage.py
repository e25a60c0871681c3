"""What can be done with a dashboard besides arranging it: name, share, clone, revert, delete."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from portal.home import board_selectors as selectors
from portal.home.boards import Address
from portal.home.models import Dashboard
from portal.home.services import dashboards as services
from portal.home.views.boards import identifier
from portal.kit import errors, toasts
from portal.kit.context import Actor
from portal.kit.decision import can
from portal.kit.views import PageView


class Manage(PageView):
    """One's own dashboard: its name, with whom it is shared, and what it was before."""

    access = "dashboard:read"
    template_name = "home/board_manage.html"

    def get(self, request: HttpRequest, dashboard_id: UUID, slug: str = "") -> HttpResponse:
        """The forms; not found for somebody else's."""
        return self._shown(_own(self.actor, dashboard_id), slug)

    def post(self, request: HttpRequest, dashboard_id: UUID, slug: str = "") -> HttpResponse:
        """Change name and sharing."""
        row = _own(self.actor, dashboard_id)
        roles = [identifier(one) for one in request.POST.getlist("role")]
        sharing = request.POST.get("sharing", row.sharing)
        values: dict[str, Any] = {"name": request.POST.get("name", row.name)}
        if can(self.actor, services.SHARE) or sharing != row.sharing:
            values |= {"sharing": sharing, "role_ids": roles if sharing == Dashboard.Sharing.ROLES else []}
        try:
            services.dashboard_update(actor=self.actor, row=row, values=values)
        except errors.Invalid as error:
            return self._shown(row, slug, wrong=error, status=422)
        toasts.add(request, _("%(name)s is saved.") % {"name": row.name})
        return redirect(Address(slug)("manage", row.pk))

    def _shown(
        self, row: Dashboard, slug: str, *, wrong: errors.Invalid | None = None, status: int = 200
    ) -> HttpResponse:
        post, address = self.request.POST, Address(slug)
        chosen = set(post.getlist("role")) if wrong else {str(one) for one in row.role_ids}
        sharing = post.get("sharing", row.sharing) if wrong else row.sharing
        values = {
            "board": row,
            "name": post.get("name", row.name) if wrong else row.name,
            "wrong": wrong.fields if wrong else {},
            "may_share": bool(can(self.actor, services.SHARE)),
            "sharings": [
                {"value": value, "label": label, "on": value == sharing} for value, label in Dashboard.Sharing.choices
            ],
            "roles": [
                {"value": role.pk, "label": role.label, "on": str(role.pk) in chosen}
                for role in selectors.roles(self.actor)
            ],
            "versions": [
                {
                    "number": one.number,
                    "name": one.name,
                    "widgets": len(one.layout),
                    "saved_at": one.saved_at,
                    "now": one.number == row.version,
                }
                for one in selectors.versions(row)
            ],
            "url": address("dashboard", row.pk),
            "boards_url": address("dashboards"),
            "arrange_url": f"{address('arrange')}?board={row.pk}",
            "revert_url": address("revert", row.pk),
            "clone_url": address("clone", row.pk),
            "delete_url": address("delete", row.pk),
        }
        return self.page(values, status=status)


class Revert(PageView):
    """Make it what it was."""

    access = "dashboard:read"

    def post(self, request: HttpRequest, dashboard_id: UUID, slug: str = "") -> HttpResponse:
        """`number`: the version."""
        number = request.POST.get("number", "")
        row = services.dashboard_revert(
            actor=self.actor,
            row=_own(self.actor, dashboard_id),
            number=int(number) if number.isascii() and number.isdigit() and len(number) < 9 else 0,
        )
        toasts.add(request, _("%(name)s is what it was in version %(n)s.") % {"name": row.name, "n": number})
        return redirect(Address(slug)("manage", row.pk))


class Clone(PageView):
    """An own copy of a dashboard that one sees."""

    access = "dashboard:read"

    def post(self, request: HttpRequest, dashboard_id: UUID, slug: str = "") -> HttpResponse:
        """Make it and go there."""
        found = selectors.dashboard(self.actor, dashboard_id)
        row = services.dashboard_clone(actor=self.actor, row=found)
        toasts.add(request, _("%(name)s is yours.") % {"name": row.name})
        return redirect(Address(slug)("dashboard", row.pk))


class Delete(PageView):
    """Delete one's own dashboard."""

    access = "dashboard:read"

    def post(self, request: HttpRequest, dashboard_id: UUID, slug: str = "") -> HttpResponse:
        """Delete it and go to the others."""
        row = _own(self.actor, dashboard_id)
        services.dashboard_delete(actor=self.actor, row=row)
        toasts.add(request, _("%(name)s is deleted.") % {"name": row.name})
        return redirect(Address(slug)("dashboards"))


def _own(actor: Actor, dashboard_id: UUID) -> Dashboard:
    """One's own dashboard; `NotFound` for anybody else's."""
    row = selectors.own(actor).filter(pk=dashboard_id).first()
    if row is None:
        raise errors.NotFound
    return row
