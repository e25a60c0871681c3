"""Who was given rights on a single thing that stands in no tree: a run of a job, a backup, an organisation as staff sees it."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar
from uuid import UUID

from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.kit.decision import authorise, can
from portal.kit.detail import parsed_id
from portal.kit.errors import NotFound
from portal.kit.views import PageView
from rbac import thing_selectors as things
from rbac.access_presenters import grant_rows
from rbac.decision import organisation_of
from rbac.holder_selectors import Circle
from rbac.views.access_acts import AccessBase, Act, holders_reply

SHOWN = 200
# The page of a thing belongs to its own room, which is not known here; its address is.
WHERE = {
    "job": (gettext_lazy("Jobs"), "/platform/jobs"),
    "backup": (gettext_lazy("Backups"), "/platform/backups"),
    "organisation": (gettext_lazy("Organisations"), "/platform/organisations"),
}


class GrantedBase(AccessBase, abstract=True):
    """Rights on one thing. The dialogs are those of any page of access; roles cannot be held on it."""

    gives_roles = False
    kind: ClassVar[str] = ""

    def get(self, request: HttpRequest, key: UUID, **named: Any) -> HttpResponse:
        """Who was given what."""
        return self.answer_get()

    def post(self, request: HttpRequest, key: UUID, **named: Any) -> HttpResponse:
        """What a dialog sent."""
        return self.answer_post()

    def named(self) -> str:
        """What kind of thing the address names."""
        return self.kind or str(self.kwargs["kind"])

    def target(self) -> Model:
        """The thing of the address; `NotFound` for none."""
        known: Model | None = getattr(self, "_target", None)
        if known is None:
            key = UUID(str(self.kwargs["key"]))
            known = self._target = things.thing_here(self.actor, self.named(), key, str(self.access))
        return known

    def may(self) -> bool:
        """Whoever sees the page gives rights; the service says how far."""
        return can(self.actor, str(self.access)).allowed

    def authorise_act(self) -> None:
        """The right of the page, before anything that was sent is read."""
        authorise(self.actor, str(self.access))
        self.target()

    def acts(self) -> Mapping[str, Callable[[], Act]]:
        """Single rights alone."""
        return {name: act for name, act in super().acts().items() if name.endswith("-right")}

    def circle(self, *, teams: bool = True) -> Circle:
        """The people of the installation; of what belongs to an organisation, its members."""
        return Circle(self.actor, organisation_of(self.target()), teams=False)

    def grant(self) -> Any:
        """A grant on this very thing."""
        key = parsed_id(self.request.POST.get("grant", ""))
        for rows in things.grants_on(self.actor, self.target(), str(self.access)):
            found = rows.filter(pk=key).first()
            if found is not None:
                return found
        raise NotFound

    def values(self) -> dict[str, Any]:
        """The grants on it, the latest first."""
        target, (label, where) = self.target(), WHERE[self.named()]
        found = [
            row
            for rows in things.grants_on(self.actor, target, str(self.access))
            for row in rows.order_by("-created_at", "pk")[:SHOWN]
        ]
        return {
            "title": _("Access to %(place)s") % {"place": target},
            "lead": _("Rights that were given on this very thing. Who has them by a role is on its own page."),
            "crumbs": [(label, where), (str(target), f"{where}/{target.pk}")],
            "holdings": [],
            "single": True,
            "grants": grant_rows(self.actor, found, may=True),
        }


class GrantedView(GrantedBase):
    """Rights on a run or a backup."""

    access = "role:admin"

    def target(self) -> Model:
        """The thing of the address; organisations have an address of their own."""
        if self.named() == "organisation":
            raise NotFound
        return super().target()

    def here(self) -> str:
        """The address of the page."""
        return reverse("rbac:granted", args=[self.named(), self.kwargs["key"]])

    def holders_url(self) -> str:
        """The address that suggests people; of what belongs to an organisation, its members."""
        inside = organisation_of(self.target())
        if inside is not None:
            return reverse("rbac:organisation_granted_people", args=[inside])
        return reverse("rbac:granted_people")


class OrganisationGrantedView(GrantedBase):
    """Rights on an organisation, as staff gives them."""

    access = "organisation:admin"
    kind = "organisation"

    def here(self) -> str:
        """The address of the page."""
        return reverse("rbac:organisation_granted", args=[self.kwargs["key"]])

    def holders_url(self) -> str:
        """The address that suggests its members."""
        return reverse("rbac:organisation_granted_people", args=[self.kwargs["key"]])


class PeopleView(PageView):
    """People of the installation, as one types."""

    access = "role:admin"

    def get(self, request: HttpRequest) -> HttpResponse:
        """Options for what was typed."""
        return holders_reply(request, self, Circle(self.actor, None, teams=False))


class OrganisationPeopleView(PageView):
    """Members of an organisation, as one types."""

    access = "organisation:admin"

    def get(self, request: HttpRequest, key: UUID) -> HttpResponse:
        """Options for what was typed."""
        found = things.thing_here(self.actor, "organisation", key, self.access)
        return holders_reply(request, self, Circle(self.actor, found.pk, teams=False))
