"""Arranging a dashboard. The arrangement travels with the form until it is saved, so every step works without scripts and
nothing half done is stored."""

from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from portal.home import layouts
from portal.home.boards import Address, Shown
from portal.home.layouts import Item, Layout
from portal.home.services import dashboards as services
from portal.home.views.boards import asked
from portal.kit import errors, htmx, toasts
from portal.kit.views import PageView
from portal.kit.widgets import Option, Realm, Widget, open_to, widgets

LONGEST = 60_000  # Characters of an arrangement; more is none of ours.
WAYS = frozenset({"left", "right", "up", "down"})


class Arrange(PageView):
    """Arrange the dashboard that the address names: add, take away, move, widen, set, then save."""

    access = "dashboard:read"
    template_name = "home/board_arrange.html"

    def get(self, request: HttpRequest, slug: str = "") -> HttpResponse:
        """The arrangement as it is."""
        found = asked(request)
        stored = found.layout if found.row is None else layouts.readable(found.row.layout, found.place.realm)
        return self._shown(found, stored)

    def post(self, request: HttpRequest, slug: str = "") -> HttpResponse:
        """One step (`do`), or the end of it: save, save as, reset."""
        found = asked(request)
        act, _colon, number = request.POST.get("do", "").partition(":")
        layout = given_layout(request, found.place.realm)
        if act in {"save", "save_as"}:
            try:
                return self._saved(found, layout, act)
            except errors.Invalid as error:
                return self._shown(found, layout, wrong=error, status=422)
        if act == "reset":
            return self._shown(
                found, found.starter.layout(), told=_("Back to the dashboard of your role. Save to keep it.")
            )
        try:
            after, told = self._step(layout, act, number)
        except errors.Invalid as error:
            return self._shown(found, layout, wrong=error, status=422)
        return self._shown(found, after, told=told, at=int(number) if number.isdigit() else None)

    def _step(self, layout: Layout, act: str, number: str) -> tuple[Layout, str]:
        if act == "add":
            return self._added(layout, number)
        item = next((one for one in layout if str(one["id"]) == number), None)
        if item is None:
            raise errors.NotFound
        name = widgets.get(item["widget"]).named(item["options"])
        if act in WAYS:
            after = layouts.moved(layout, item["id"], act)
            place = next(index for index, one in enumerate(after, 1) if one["id"] == item["id"])
            return after, _("%(name)s: place %(place)s of %(all)s.") % {"name": name, "place": place, "all": len(after)}
        if act in {"wider", "narrower"}:
            after = layouts.widened(layout, item["id"], 1 if act == "wider" else -1)
            width = next(one["width"] for one in after if one["id"] == item["id"])
            return after, _("%(name)s: %(width)s of 12 columns.") % {"name": name, "width": width}
        if act == "remove":
            return layouts.without(layout, item["id"]), _("%(name)s is taken away.") % {"name": name}
        if act == "set":
            return self._set(layout, item), _("%(name)s is set.") % {"name": name}
        raise errors.BadRequest

    def _added(self, layout: Layout, code: str) -> tuple[Layout, str]:
        if code not in widgets or not open_to(self.actor, widgets.get(code)):
            raise errors.NotFound
        declared = widgets.get(code)
        if len(layout) >= layouts.MOST or (not declared.many and any(item["widget"] == code for item in layout)):
            raise errors.Invalid(fields={"layout": [_("%(name)s is on it already.") % {"name": declared.label}]})
        return layouts.added(layout, code), _("%(name)s is added at the end.") % {"name": declared.label}

    def _set(self, layout: Layout, item: Item) -> Layout:
        declared = widgets.get(item["widget"])
        given = {
            option.name: self.request.POST.get(f"{item['id']}-{option.name}", item["options"][option.name])
            for option in declared.options
        }
        options = layouts.options_of(declared, given)
        return [{**one, "options": options} if one["id"] == item["id"] else one for one in layout]

    def _saved(self, found: Shown, layout: Layout, act: str) -> HttpResponse:
        """One's own is changed; of what is not one's own there is then one of one's own, which one begins with."""
        row, slug = found.row, found.place.slug
        name = self.request.POST.get("name", "")
        own = row is not None and row.owner_id == self.actor.id
        if row is not None and own and act == "save":
            saved = services.dashboard_update(actor=self.actor, row=row, values={"layout": layout})
        else:
            wanted = name if act == "save_as" else services.free_name(self.actor, found.label)
            saved = services.dashboard_create(actor=self.actor, name=wanted, layout=layout)
            services.home_choose(actor=self.actor, row=saved)
        toasts.add(self.request, _("%(name)s is saved.") % {"name": saved.name})
        url = Address(slug)("dashboard", saved.pk)
        if htmx.wants_part(self.request):
            reply = HttpResponse(status=204)
            reply["HX-Redirect"] = url
            return reply
        return redirect(url)

    def _shown(
        self,
        found: Shown,
        layout: Layout,
        *,
        told: str = "",
        wrong: errors.Invalid | None = None,
        at: int | None = None,
        status: int = 200,
    ) -> HttpResponse:
        own = found.row is not None and found.row.owner_id == self.actor.id
        taken = {item["widget"] for item in layout}
        address = Address(found.place.slug)
        values = {
            "board": found,
            "own": own,
            "items": [self._row(item) for item in layout],
            "layout": orjson.dumps(layout).decode(),
            "library": [
                {"code": one.code, "label": one.label, "text": one.description, "icon": one.icon}
                for one in widgets
                if open_to(self.actor, one) and (one.many or one.code not in taken)
            ],
            "told": told,
            "at": at,
            "errors": [text for texts in wrong.fields.values() for text in texts] if wrong is not None else [],
            "here": self.request.get_full_path(),
            "back_url": address("dashboard", found.row.pk)
            if found.row
            else f"/o/{found.place.slug}/"
            if found.place.slug
            else "/",
            "name": self.request.POST.get("name", ""),
        }
        return htmx.answer(
            self.request, page=self.template_name, part="home/_board_arrange.html", values=values, status=status
        )

    def _row(self, item: Item) -> dict[str, Any]:
        declared = widgets.get(item["widget"])
        open_ = open_to(self.actor, declared)
        return {
            "id": item["id"],
            "css": f"w{item['width']}",
            "icon": declared.icon,
            "label": declared.named(item["options"]),
            "kind": declared.label,
            "hidden": not open_,
            "width": item["width"],
            "narrowest": item["width"] == declared.widths[0],
            "widest": item["width"] == declared.widths[-1],
            "options": [self._option(item, declared, option) for option in declared.options],
        }

    def _option(self, item: Item, declared: Widget, option: Option) -> dict[str, Any]:
        value = item["options"].get(option.name, option.default)
        choices = option.choices() if option.choices is not None else None
        return {
            "name": f"{item['id']}-{option.name}",
            "label": option.label,
            "value": value,
            "choices": None
            if choices is None
            else [{"value": one, "label": label, "on": one == value} for one, label in choices],
        }


def given_layout(request: HttpRequest, realm: Realm) -> Layout:
    """The arrangement that the form brought; `BadRequest` for what is none."""
    text = request.POST.get("layout", "")
    if len(text) > LONGEST:
        raise errors.BadRequest
    try:
        return layouts.cleaned(orjson.loads(text), realm)
    except (orjson.JSONDecodeError, errors.Invalid):
        raise errors.BadRequest from None
