"""Resources of host products: all of them, one list per type, the page of one, and what is done to it."""

from collections.abc import Mapping
from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from audit.selectors import history_page
from portal.kit import errors, paging
from portal.kit.decision import authorise
from portal.kit.detail import DetailPage, Head, Tab, history_tab
from portal.kit.forms import confirm_word
from portal.kit.lists.views import ListView
from rbac import run_selectors as selectors_of_runs
from rbac import tree_selectors as selectors
from rbac.models import Resource
from rbac.run_presenters import RunRow
from rbac.services import resources as services
from rbac.tree_forms import ResourceMoveForm
from rbac.tree_lists import of_type, resources
from rbac.tree_presenters import ResourcePage, more_text, node_url, tree, type_url
from rbac.views.inside import InsideView, who_has_access


class ResourcesView(ListView):
    """All resources of an organisation."""

    access = "resource:read"
    somewhere = True
    declared = resources

    def extra(self) -> dict[str, Any]:
        """What stands in the head."""
        return {"lead": _("What the products beside Steward have registered, and who may do what with it.")}


class ResourcesOfTypeView(ListView):
    """The resources of one type."""

    access = "resource:read"
    somewhere = True
    declared = resources

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        """The page of the type, its part, or its file; `NotFound` for a type that there is not."""
        self._narrow(kwargs)
        return super().get(request, **kwargs)

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        """Arrange it, as any list."""
        self._narrow(kwargs)
        return super().post(request, **kwargs)

    def _narrow(self, kwargs: Mapping[str, Any]) -> None:
        self.kind = selectors.type_named(f"{kwargs['application']}/{kwargs['type']}")
        # One address for many types, so what the list is of is known by its address alone.
        self.declared = of_type(self.kind, kwargs["slug"])  # type: ignore[misc]

    def extra(self) -> dict[str, Any]:
        """What stands in the head."""
        return {"lead": _("Registered by %(product)s.") % {"product": self.kind.application.label}}


def _overview(view: DetailPage[Any], target: Resource) -> Mapping[str, Any]:
    page = cast("ResourceBase", view).shown(target)
    below, total = page.below
    return {
        "facts": page.facts(),
        "attributes": page.attributes(),
        "tree": tree(view.kwargs["slug"], below, target.pk),
        "more": more_text(total),
    }


def _runs(view: DetailPage[Any], target: Resource) -> Mapping[str, Any]:
    page = selectors_of_runs.runs_of(view.actor, target, paging.parse(view.request.GET.get("cursor", "")))
    return {"page": paging.shown(view.request, page, RunRow)}


class ResourceBase(DetailPage[Resource], abstract=True):
    """What the page of a resource and the acts upon it share."""

    tabs = (
        Tab("overview", gettext_lazy("Details"), "rbac/_resource_overview.html", _overview),
        Tab("runs", gettext_lazy("Runs"), "rbac/_resource_runs.html", _runs),
        who_has_access("resource:read"),
        history_tab(history_page),
    )

    def find(self, key: UUID) -> Resource:
        """The resource; `NotFound` for that of another organisation, `Forbidden` on one that it may see and not change."""
        found = selectors.resource(self.actor, key)
        authorise(self.actor, str(self.access), found)
        return found

    def shown(self, target: Resource) -> ResourcePage:
        """The presenter, one for the whole page."""
        known: ResourcePage | None = getattr(self, "_shown", None)
        if known is None or known.resource is not target:
            known = self._shown = ResourcePage(self.actor, target)
        return known

    def address(self, target: Resource) -> str:
        """Its page."""
        return node_url(self.kwargs["slug"], target)

    def head(self, target: Resource) -> Head:
        """Mark, name, where it stands, actions."""
        slug = self.kwargs["slug"]
        page = self.shown(target)
        way = selectors.way_to(self.actor, target)
        return Head(
            title=target.name,
            subtitle=f"{target.type.label} · {target.external_id}",
            states=[("info", _("Read by every member"))] if target.is_public else [],
            actions=page.actions(),
            dialogs=page.dialogs(),
            crumbs=[
                (target.type.label_plural, type_url(slug, target.type)),
                *((node.name, node_url(slug, node)) for node in way),
            ],
            glyph=target.type.icon,
        )


class ResourceView(ResourceBase, InsideView[Resource]):
    """The page of a resource."""

    access = "resource:read"
    somewhere = True


class ResourceMoveView(ResourceBase):
    """Put a resource elsewhere in the tree."""

    access = "resource:update"
    somewhere = True

    def post(self, request: HttpRequest, slug: str, key: UUID) -> HttpResponse:
        """Move it, with all that is below it."""
        target = self.find(key)
        form = ResourceMoveForm(request.POST, places=selectors.places_for(self.actor, target))
        if not form.is_valid():
            raise errors.Invalid(_("Choose a place that is not below this resource."))
        place = form.cleaned_data["place"]
        try:
            services.resource_move(actor=self.actor, resource=target, place=place.pk if place else None)
        except (errors.Invalid, errors.Conflict) as error:
            return self.conflict(target, error)
        messages.success(request, _("%(name)s is moved.") % {"name": target})
        return redirect(self.address(target))


class ResourcePublishView(ResourceBase):
    """Open a resource to every member."""

    access = "resource:update"
    somewhere = True

    def post(self, request: HttpRequest, slug: str, key: UUID) -> HttpResponse:
        """Open it."""
        target = self.find(key)
        services.resource_publish(actor=self.actor, resource=target)
        messages.success(request, _("Every member may read %(name)s.") % {"name": target})
        return redirect(self.address(target))


class ResourceUnpublishView(ResourceBase):
    """Close a resource again."""

    access = "resource:update"
    somewhere = True

    def post(self, request: HttpRequest, slug: str, key: UUID) -> HttpResponse:
        """Close it."""
        target = self.find(key)
        services.resource_unpublish(actor=self.actor, resource=target)
        messages.success(request, _("%(name)s is read by role and grant only.") % {"name": target})
        return redirect(self.address(target))


class ResourceDeleteView(ResourceBase):
    """Delete a resource."""

    access = "resource:delete"
    somewhere = True

    def post(self, request: HttpRequest, slug: str, key: UUID) -> HttpResponse:
        """Delete it, when its id was typed; checked here, not only in the browser."""
        target = self.find(key)
        try:
            confirm_word(request.POST.get("confirm_word", ""), target.external_id)
            services.resource_delete(actor=self.actor, resource=target)
        except (errors.Invalid, errors.Conflict) as error:
            return self.conflict(target, error)
        messages.success(request, _("%(name)s is deleted.") % {"name": target})
        return redirect(reverse("rbac:resources", args=[slug]))
