"""What the pages below one organisation share."""

from collections.abc import Mapping
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from portal.kit import errors
from portal.kit.detail import DetailPage, DetailView, Tab, access_tab, access_values

T = TypeVar("T", bound=Model)


class InsideView(DetailView[T], Generic[T], abstract=True):
    """The page of a thing of an organisation."""

    def get(self, request: HttpRequest, key: UUID, **named: Any) -> HttpResponse:
        """The page with the tab of the address; the organisation's part of the address was read before."""
        return super().get(request, key)

    def post(self, request: HttpRequest, key: UUID, **named: Any) -> HttpResponse:
        """Nothing: its acts have addresses of their own."""
        return super().post(request, key)


def organisation_id(view: DetailPage[Any]) -> UUID:
    """The organisation that the actor stands in."""
    found = view.actor.organisation_id
    if found is None:
        raise errors.NotFound
    return found


def who_has_access(code: str, *, managed: bool = True) -> Tab:
    """Who holds `code` on the object, each with a link to what the person holds; shown to whom may see members. `managed`:
    roles and rights are held on the object itself, and given on a page of its own."""

    def values(view: DetailPage[Any], target: Model) -> Mapping[str, Any]:
        slug = view.kwargs["slug"]
        manage = reverse("rbac:scope_access", args=[slug, target.pk]) if managed else ""

        def where(person_id: UUID) -> str:
            return reverse("rbac:person_access", args=[slug, person_id])

        return access_values(code, target, view.request, where, manage_url=manage)

    tab = access_tab(code, str, demands="member:read")
    return Tab(tab.key, tab.label, tab.template, values, tab.code)
