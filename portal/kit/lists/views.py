"""The page of a list: one route for page, fragment, export, arrangement, saved views and bulk actions."""

from typing import Any, ClassVar
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ImproperlyConfigured
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from portal.kit import errors, limits
from portal.kit.lists import export, services
from portal.kit.lists.acts import Acts
from portal.kit.lists.asked import Asked, ask
from portal.kit.lists.errors import QueryMalformed
from portal.kit.lists.query import values_of
from portal.kit.lists.shown import Shown

ARRANGING = "arrange"  # `?arrange=1` shows the sheet of columns open, for whom moves them without scripts.


class ListView(Acts, abstract=True):
    """A list. A subclass names its declaration and the same `access`; everything else follows."""

    template_name: ClassVar[str] = "kit/list/page.html"
    body_template: ClassVar[str] = "kit/list/_table.html"

    def __init_subclass__(cls, abstract: bool = False, **kwargs: Any) -> None:
        super().__init_subclass__(abstract=abstract, **kwargs)
        if not abstract and cls.access != cls.declared.code:
            raise ImproperlyConfigured(f"{cls.__qualname__} demands {cls.access}, its list {cls.declared.code}.")

    def extra(self) -> dict[str, Any]:
        """What else the page's template needs; `head_actions` are the buttons of the head."""
        return {}

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        """The page, its part for a fragment request, or the file that `?format=` names."""
        values = {name: sent for name, sent in values_of(request.GET).items() if name != ARRANGING}
        asked = ask(self.declared, self.actor, request.path, values)
        if name := request.GET.get("format", ""):
            return self._file(asked, name)
        fragment = self.wants_fragment(request)
        reply = self.shown(asked, fragment=fragment)
        reply["Vary"] = "HX-Request"  # One address, two replies: neither may be taken from a cache for the other.
        return reply

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        """What `do` names; the question that was shown comes along as `query`."""
        todo = {
            "columns": self._columns,
            "sort": self._sort,
            "reset": self._reset,
            "view-save": self._view_save,
            "view-change": self._view_change,
            "view-delete": self._view_delete,
            "view-first": self._view_first,
            "view-role": self._view_role,
            "act": self.act,
            "run": self.run,
            "undo": self.undo,
        }.get(request.POST.get("do", ""))
        if todo is None:
            raise errors.BadRequest
        return todo(request)

    @staticmethod
    def wants_fragment(request: HttpRequest) -> bool:
        """Whether only the part that changes is asked for; a page from the history is whole."""
        return bool(request.headers.get("HX-Request")) and not request.headers.get("HX-History-Restore-Request")

    def shown(self, asked: Asked, *, fragment: bool, **more: Any) -> HttpResponse:
        """The list as a page, or its changing part."""
        shown = Shown(self.actor, asked)
        # What an action changed may stand in other tabs too; a search only needs its own number.
        shown.with_options = not fragment or "told" in more
        values = {"list": shown, "body_template": self.body_template, "fragment": fragment, **more}
        if fragment:
            return self.page(values, template="kit/list/_body.html")
        opened = self.request.GET.get(ARRANGING) == "1"
        return self.page({**values, "arranging": opened, "head_actions": [], **self.extra()})

    def _file(self, asked: Asked, name: str) -> HttpResponseBase:
        if name not in export.TYPES:
            raise QueryMalformed(fields={"format": [_("Choose one of: %(values)s.") % {"values": "csv, xlsx"}]})
        limits.spend(self.request, limits.EXPORT)
        kind: export.Format = "xlsx" if name == "xlsx" else "csv"
        file = export.list_export(actor=self.actor, declared=self.declared, chosen=asked.shown, format=kind)
        return FileResponse(
            file, as_attachment=True, filename=export.filename(self.declared, kind), content_type=export.TYPES[kind]
        )

    # ----- arrangement

    def _columns(self, request: HttpRequest) -> HttpResponse:
        names = request.POST.getlist("order")
        moved, _colon, direction = request.POST.get("move", "").rpartition(":")
        if moved in names:
            place = names.index(moved)
            other = place + (1 if direction == "down" else -1)
            if 0 <= other < len(names):
                names[place], names[other] = names[other], names[place]
        chosen = set(request.POST.getlist("column"))
        values: dict[str, Any] = {
            "columns": [name for name in names if name in chosen],
            "compact": request.POST.get("density") == "compact",
        }
        values |= {
            name: request.POST[key] for name, key in (("sort", "sort"), ("size", "limit")) if key in request.POST
        }
        services.preference_save(actor=self.actor, declared=self.declared, values=values)
        # What the address still says would win over what was just chosen.
        return self.back(without=("sort", "columns", "limit"), arranging=bool(moved))

    def _sort(self, request: HttpRequest) -> HttpResponse:
        services.preference_save(
            actor=self.actor, declared=self.declared, values={"sort": request.POST.get("sort", "")}
        )
        return HttpResponse(status=204)

    def _reset(self, request: HttpRequest) -> HttpResponse:
        services.preference_reset(actor=self.actor, declared=self.declared)
        return self.back(without=("sort", "columns", "limit"))

    # ----- saved views

    def _view_save(self, request: HttpRequest) -> HttpResponse:
        try:
            view = services.view_save(
                actor=self.actor,
                declared=self.declared,
                name=request.POST.get("name", ""),
                query=self._arranged_query(),
                shared=bool(request.POST.get("shared")),
            )
        except errors.Invalid as error:
            return self._refused(error)
        messages.success(request, _("The view “%(name)s” is saved.") % {"name": view.name})
        return redirect(f"{request.path}?view={view.pk}")

    def _view_change(self, request: HttpRequest) -> HttpResponse:
        values: dict[str, Any] = {}
        if "name" in request.POST:
            values = {"name": request.POST["name"], "shared": bool(request.POST.get("shared"))}
        if request.POST.get("keep"):
            values["query"] = self._arranged_query()
        try:
            view = services.view_change(
                actor=self.actor, declared=self.declared, view_id=self._view_id(), values=values
            )
        except (errors.Invalid, errors.Conflict) as error:
            return self._refused(error)
        messages.success(request, _("The view “%(name)s” is saved.") % {"name": view.name})
        return redirect(f"{request.path}?view={view.pk}")

    def _view_delete(self, request: HttpRequest) -> HttpResponse:
        services.view_delete(actor=self.actor, declared=self.declared, view_id=self._view_id())
        messages.success(request, _("The view is deleted."))
        return redirect(request.path)

    def _view_first(self, request: HttpRequest) -> HttpResponse:
        view_id = self._view_id()
        first = view_id if request.POST.get("first") else None
        services.preference_save(actor=self.actor, declared=self.declared, values={"view": first})
        text = _("The list opens with this view from now on.") if first else _("The list opens as a whole again.")
        messages.success(request, text)
        return redirect(f"{request.path}?view={view_id}")

    def _view_role(self, request: HttpRequest) -> HttpResponse:
        role = request.POST.get("role", "")
        try:
            role_id = UUID(role) if role else None
        except ValueError as error:
            raise errors.BadRequest from error
        view = services.view_assign(actor=self.actor, declared=self.declared, view_id=self._view_id(), role_id=role_id)
        messages.success(request, _("The view “%(name)s” is saved.") % {"name": view.name})
        return redirect(f"{request.path}?view={view.pk}")

    def _view_id(self) -> UUID:
        try:
            return UUID(self.request.POST.get("view", ""))
        except ValueError as error:
            raise errors.NotFound from error

    def _arranged_query(self) -> str:
        """The question on the screen with columns and sort as the person sees them, wherever they come from."""
        return self.asked().shown.query(without=("cursor", "limit"))

    def _refused(self, error: errors.Invalid | errors.Conflict) -> HttpResponse:
        texts = [text for sentences in error.fields.values() for text in sentences] or [str(error.detail)]
        messages.error(self.request, " ".join(texts))
        return self.back()
