"""Changing the names of what an organisation has: its workspaces and teams."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Generic, TypeVar
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from portal.kit import errors
from portal.kit.detail import DetailPage
from portal.kit.forms import refused
from rbac.models import Team, Workspace
from rbac.tree_forms import NamedForm

T = TypeVar("T", Team, Workspace)


class NamedEditView(DetailPage[T], Generic[T], abstract=True):
    """The form with a thing's names; sent, it saves what differs. `kind` names its template and its place in that,
    `list_page` the address of the list it stands in."""

    kind: ClassVar[str]
    list_page: ClassVar[str]

    @abstractmethod
    def save(self, target: T, values: Mapping[str, Any]) -> None:
        """Write the names."""

    def get(self, request: HttpRequest, slug: str, key: UUID) -> HttpResponse:
        """The form."""
        target = self.find(key)
        return self._form(target, NamedForm({name: getattr(target, name) for name in ("name", "slug", "description")}))

    def post(self, request: HttpRequest, slug: str, key: UUID) -> HttpResponse:
        """Save what differs."""
        target = self.find(key)
        form = NamedForm(request.POST)
        if not form.is_valid():
            return self._form(target, form, status=422)
        try:
            self.save(target, form.cleaned_data)
        except (errors.Invalid, errors.Conflict) as error:
            refused(form, error)
            return self._form(target, form, status=error.status)
        messages.success(request, _("Saved."))
        return redirect(self.address(target))

    def _form(self, target: T, form: NamedForm, *, status: int = 200) -> HttpResponse:
        where = self.address(target)
        list_url = reverse(self.list_page, args=[self.kwargs["slug"]])
        shown = {"label": str(target), "url": where}
        values = {"form": form, self.kind: shown, "list_url": list_url, "cancel_url": where}
        return self.page(values, template=f"rbac/{self.kind}_form.html", status=status)
