"""Who holds what: in the organisation, on a part of it, or one person; comparing two people."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from portal.kit import errors
from portal.kit.decision import can
from portal.kit.views import PageView
from rbac import access_selectors as selectors
from rbac.access_presenters import grant_rows, held_rights, holding_rows
from rbac.effective import effective_permissions
from rbac.holder_selectors import Circle, holder_named, holders_found, person_text
from rbac.models import Scope
from rbac.role_forms import HOLDERS
from rbac.role_presenters import compared
from rbac.views.access_acts import AccessBase, holders_reply

SHOWN = 200  # Bindings on one page; an organisation gives roles to teams before it has more.


class AccessView(AccessBase):
    """Who holds what in the organisation, or on a part of it."""

    access = "member:read"
    somewhere = True

    def get(self, request: HttpRequest, slug: str, scope_id: UUID | None = None) -> HttpResponse:
        """Everybody who holds something there."""
        self.scope()
        return self.answer_get()

    def post(self, request: HttpRequest, slug: str, scope_id: UUID | None = None) -> HttpResponse:
        """What a dialog sent."""
        return self.answer_post()

    def scope(self) -> Scope:
        """That of the address, or the whole organisation."""
        known: Scope | None = getattr(self, "_scope", None)
        if known is None:
            known = self._scope = selectors.scope_here(self.actor, self.kwargs.get("scope_id"))
        return known

    def here(self) -> str:
        """The address of the page."""
        if self.kwargs.get("scope_id"):
            return reverse("rbac:scope_access", args=[self.kwargs["slug"], self.kwargs["scope_id"]])
        return reverse("rbac:access", args=[self.kwargs["slug"]])

    def values(self) -> dict[str, Any]:
        """Bindings on the very place, the latest first, and rights on it."""
        slug, scope = self.kwargs["slug"], self.scope()
        whole = scope.kind == Scope.Kind.ORGANISATION
        kind = self.request.GET.get("held", "given")
        if kind not in {"given", "members"}:
            raise errors.NotFound
        rows = selectors.bindings_here(self.actor).filter(scope=scope)
        if whole:
            rows = selectors.members_own(rows, kind == "members")
        grants = [
            row for found in selectors.grants_here(self.actor) for row in found.filter(object_id=scope.pk)[:SHOWN]
        ]
        place = selectors.place_names([scope]).get(scope.pk, "")
        parts = [("given", _("Given")), ("members", _("Roles of members"))] if whole else []
        return {
            "title": _("Access") if whole else _("Access to %(place)s") % {"place": place},
            "lead": _("Who holds which role in the whole organisation; it counts on everything below.")
            if whole
            else _("Roles held on this very part. Those of the whole organisation count here, too."),
            "crumbs": [] if whole else [(_("Access"), reverse("rbac:access", args=[slug]))],
            "parts": [{"label": text, "url": f"?held={key}", "current": key == kind} for key, text in parts],
            "holdings": holding_rows(
                self.actor, list(rows.order_by("-created_at", "pk")[:SHOWN]), slug=slug, by_holder=True, place=not whole
            ),
            "empty_text": _("Give one to a person, a team or everybody: for a while, on conditions, or for good.")
            if whole
            else _("Give one to a person, a team or everybody."),
            "grants": grant_rows(self.actor, grants, may=self.may()) if kind == "given" else [],
            "compare_url": reverse("rbac:access_compare", args=[slug]) if whole else "",
            "what_if_url": reverse("rbac:what_if", args=[slug]) if can(self.actor, "role:assign") else "",
        }


class PersonAccessView(AccessBase):
    """What one member holds: by itself, by its teams, and as everybody does."""

    access = "member:read"

    def get(self, request: HttpRequest, slug: str, person_id: UUID) -> HttpResponse:
        """All of it, with what that lets the person do."""
        return self.answer_get()

    def post(self, request: HttpRequest, slug: str, person_id: UUID) -> HttpResponse:
        """What a dialog sent."""
        return self.answer_post()

    def scope(self) -> Scope:
        """The whole organisation."""
        return selectors.scope_here(self.actor)

    def person_id(self) -> UUID | None:
        """That of the address."""
        return UUID(str(self.kwargs["person_id"]))

    def here(self) -> str:
        """The address of the page."""
        return reverse("rbac:person_access", args=[self.kwargs["slug"], self.kwargs["person_id"]])

    def grant(self) -> Any:
        """A grant of this person."""
        found = super().grant()
        if getattr(found, "user_id", None) != self.person_id():
            raise errors.NotFound
        return found

    def values(self) -> dict[str, Any]:
        """What the person holds, the latest first, its single rights, and what all of it lets the person do."""
        slug, key = self.kwargs["slug"], self.kwargs["person_id"]
        person = selectors.person_here(self.actor, key)
        rows = selectors.bindings_of_person(self.actor, key).order_by("-created_at", "pk")[:SHOWN]
        grants = selectors.grants_here(self.actor)[0].filter(user_id=key)[:SHOWN]
        compare = f"{reverse('rbac:access_compare', args=[slug])}?first={key}"
        return {
            "title": _("Access of %(name)s") % {"name": person},
            "lead": _("Every role that this person holds here, and how."),
            "crumbs": [(_("Access"), reverse("rbac:access", args=[slug]))],
            "holdings": holding_rows(self.actor, list(rows), slug=slug, by_holder=False),
            "grants": grant_rows(self.actor, list(grants), may=self.may(), by_object=True),
            "rights": held_rights(key, self.actor.organisation_id),
            "compare_url": compare,
        }


class HoldersView(PageView):
    """Whom something can be given to, as one types."""

    access = "member:read"
    somewhere = True

    def get(self, request: HttpRequest, slug: str) -> HttpResponse:
        """Options for what was typed; nobody for whom may not choose."""
        circle = Circle(self.actor, self.actor.organisation_id, teams="people" not in request.GET)
        return holders_reply(request, self, circle)


class AccessCompareView(PageView):
    """What two people may do in the organisation, side by side."""

    access = "member:read"
    template_name = "rbac/compare.html"

    def get(self, request: HttpRequest, slug: str) -> HttpResponse:
        """The choice, and the rights of both; who is not named is the first there is."""
        circle = Circle(self.actor, self.actor.organisation_id, teams=False)
        people = circle.searched("", 2)
        chosen = [self._one(circle, request.GET.get(name, "")) for name in ("first", "second")]
        first, second = (one or people[min(place, len(people) - 1)] for place, one in enumerate(chosen))
        values = {
            "title": _("Compare two people"),
            "crumb": (_("Access"), reverse("rbac:access", args=[slug])),
            "holders_id": HOLDERS,
            "holders_url": f"{reverse('rbac:holders', args=[slug])}?people=1",
            "suggested": holders_found(circle),
            "chosen": (person_text(first), person_text(second)),
            "names": (str(first), str(second)),
            "groups": compared(self._rights(first.pk), self._rights(second.pk)),
        }
        return self.page(values)

    @staticmethod
    def _one(circle: Circle, text: str) -> Any:
        """The person that the address names by id or by name; None for none."""
        if not text:
            return None
        try:
            holder = holder_named(circle, f"person:{UUID(text)}")
        except ValueError:
            try:
                holder = holder_named(circle, text)
            except errors.Invalid as error:
                raise errors.NotFound from error
        except errors.Invalid as error:
            raise errors.NotFound from error
        return circle.among(circle.same("pk", holder.person_id))[0]

    def _rights(self, key: UUID) -> dict[str, str]:
        here: Sequence[UUID] = [self.actor.organisation_id] if self.actor.organisation_id else []
        known = selectors.codes_in(self.actor.organisation_id)
        found = {held.code: held for held in effective_permissions(key, here)}
        return {code: "allow" for code in known if code in found and found[code].allowed_on(here[0])}
