"""A list as its templates show it: tabs, chips, filters, columns, rows, pager."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from portal.kit import paging
from portal.kit.context import Actor
from portal.kit.decision import can
from portal.kit.lists import counts, rows, services
from portal.kit.lists.asked import Asked
from portal.kit.lists.declare import Action, Column
from portal.kit.lists.filters import Choice, Dates, Filter, Many, Words
from portal.kit.lists.query import SIZES
from portal.kit.paging import Page


class Shown:
    """What the templates of a list read. Rows and counts are fetched once, when the first of them is asked for."""

    def __init__(self, actor: Actor, asked: Asked) -> None:
        self.actor, self.asked, self.path = actor, asked, asked.path
        self.declared = asked.declared
        self.label = asked.declared.label
        self._found = asked.declared.found(actor, asked.shown)

    @cached_property
    def _page(self) -> Page[Any]:
        return self.declared.page(self.actor, self.asked.shown, self._found.rows)

    @cached_property
    def columns(self) -> list[Column]:
        """The columns that are shown, in order."""
        return self.declared.shown(self.asked.shown.columns)

    @cached_property
    def items(self) -> list[SafeString]:
        """The rows of the page, as HTML."""
        presented = self.declared.present(self.actor, self._page.items)
        return rows.drawn(presented, self.columns, picked=bool(self.actions))

    @cached_property
    def heads(self) -> list[dict[str, Any]]:
        """The heads of the columns: label, classes, and where a press leads."""
        now = self.asked.shown.sort or self.declared.sort
        found = []
        for column in self.columns:
            head: dict[str, Any] = {"name": column.name, "label": column.label, "css": _head_css(column)}
            if column.by:
                current = now.removeprefix("-") == column.name
                down = not now.startswith("-") if current else column.newest
                sort = f"-{column.name}" if down else column.name
                head |= {
                    "sort": sort,
                    "url": self.asked.url(replace(self.asked.chosen, sort=sort, cursor=None)),
                    "aria": ("descending" if now.startswith("-") else "ascending") if current else "",
                }
            found.append(head)
        return found

    @cached_property
    def page(self) -> dict[str, Any]:
        """The pager, as `kit/_pager.html` reads it."""
        return {
            "previous_url": self._at(self._page.previous) if self._page.previous else "",
            "next_url": self._at(self._page.next) if self._page.next else "",
            "shown_text": self.count_text,
        }

    def _at(self, cursor: paging.Cursor) -> str:
        return self.asked.url(replace(self.asked.chosen, cursor=cursor))

    # ----- counts: one statement for all of them

    @cached_property
    def matching(self) -> int:
        """How many rows there are, at most one more than `counts.BOUND`."""
        if self._page.previous is None and self._page.next is None:
            return len(self._page.items)
        return self._counts[0]

    @cached_property
    def at_least(self) -> bool:
        """Whether there may be more than `matching`, which could not be counted in reasonable time."""
        return self._found.sample is not None and not self.whole

    @property
    def whole(self) -> bool:
        """Whether the page is all there is."""
        return self._page.previous is None and self._page.next is None

    @cached_property
    def matching_text(self) -> str:
        """`matching` as it is written: 1,000+ beyond the bound."""
        return counts.text(self.matching, at_least=self.at_least)

    @cached_property
    def count_text(self) -> str:
        """How many rows are shown of how many."""
        if self.whole:
            return self.declared.items(self.matching) if self.matching else ""
        return _("%(shown)s of %(all)s") % {"shown": len(self._page.items), "all": self.matching_text}

    with_options = True  # A fragment shows no heads of tabs and filters, so it does not count them.

    @cached_property
    def _counted_filters(self) -> list[Choice | Many]:
        return [each for each in self.declared.filters if isinstance(each, Choice | Many) and each.counted]

    @cached_property
    def _counts(self) -> list[int]:
        parts = [self._found.sample if self._found.sample is not None else self._found.rows]
        if not self.with_options:
            return counts.capped(parts)
        everything = self.declared.source(self.actor)
        if not self.asked.chosen.narrowing:
            parts.clear()  # What is shown is everything: counted once.
        parts.append(everything)
        for each in self._counted_filters:
            ids = each.ids if isinstance(each, Many) else None
            parts += [
                each.narrow(everything, ((each.name, option.value),)) if ids is None else ids([option.value])
                for option in each.offered()
            ]
        found = counts.capped(parts)
        return found if self.asked.chosen.narrowing else [found[0], *found]

    def _count(self, each: Filter, value: str) -> str:
        place = 2
        for other in self._counted_filters:
            for option in other.offered():
                if other is each and option.value == value:
                    return counts.text(self._counts[place])
                place += 1
        return ""

    # ----- tabs, chips, filters

    @cached_property
    def tabs(self) -> list[dict[str, Any]]:
        """The states, where a filter has tabs, and the saved views."""
        found = []
        for each in self.declared.filters:
            if isinstance(each, Choice) and each.tabs:
                found += self._state_tabs(each)
        if not found:
            found.append(self._all_tab(_("All")))
        return [*found, *(self._view_tab(view) for view in self.asked.arrangement.views)]

    def _state_tabs(self, each: Choice) -> list[dict[str, Any]]:
        chosen, open_view = self.asked.chosen, self.asked.view is not None
        given = chosen.given(each.name)
        tabs = [self._all_tab(str(each.all_label), selected=not given and not open_view, each=each)]
        for option in each.offered():
            pair = ((each.name, option.value),)
            tabs.append(
                {
                    "label": option.label,
                    "url": self.asked.url(chosen.where(each.name, pair), keep_view=False),
                    "current": given == pair and not open_view,
                    "count": self._count(each, option.value),
                }
            )
        return tabs

    def _all_tab(self, label: str, *, selected: bool | None = None, each: Choice | None = None) -> dict[str, Any]:
        chosen = self.asked.chosen.where(each.name, ()) if each is not None else replace(self.asked.chosen, cursor=None)
        url = self.asked.url(chosen, keep_view=False) if self.asked.view is None else self.asked.whole_url
        current = self.asked.view is None if selected is None else selected
        return {"label": label, "url": url, "current": current, "count": counts.text(self._counts[1])}

    def _view_tab(self, view: Any) -> dict[str, Any]:
        current = self.asked.view is not None and self.asked.view.pk == view.pk
        return {"label": view.name, "url": f"{self.path}?view={view.pk}", "current": current, "count": None}

    @cached_property
    def chips(self) -> list[dict[str, str]]:
        """What narrows the list, each with the address that takes it away; tabs say their own."""
        chosen = replace(self.asked.chosen, cursor=None)
        found = []
        for each in self.declared.filters:
            given = chosen.given(each.name)
            if given and not (isinstance(each, Choice) and each.tabs and self.asked.view is None):
                found.append({"label": each.words(given), "remove_url": self.asked.url(chosen.where(each.name, ()))})
        return found

    @property
    def clear_url(self) -> str:
        """The list without filters and search, arranged as now."""
        bare = replace(self.asked.chosen, text="", filters={}, cursor=None)
        return self.asked.url(bare, keep_view=False)

    @property
    def narrowing(self) -> bool:
        """Whether any rows are left out."""
        return self.asked.chosen.narrowing

    @cached_property
    def filters(self) -> list[dict[str, Any]]:
        """The filters of the sheet."""
        return [self._filter(each) for each in self.declared.filters if not (isinstance(each, Choice) and each.tabs)]

    def _filter(self, each: Filter) -> dict[str, Any]:
        given = self.asked.chosen.given(each.name)
        chosen = {value for _name, value in given}
        told: dict[str, Any] = {"name": each.name, "label": each.label, "widget": each.widget}
        if isinstance(each, Choice | Many):
            told["options"] = [
                {
                    "value": option.value,
                    "label": option.label,
                    "selected": option.value in chosen,
                    "count": self._count(each, option.value) if each.counted else "",
                }
                for option in each.offered()
            ]
        elif isinstance(each, Dates):
            values = dict(given)
            told["unset"] = each.unset
            told["presets"] = [(option, option.value == values.get(each.name)) for option in each.presets()]
            told["first"], told["last"] = (
                {"name": parameter, "value": values.get(parameter, "")} for parameter in each.parameters[1:]
            )
        elif isinstance(each, Words):
            told |= {"value": given[0][1] if given else "", "placeholder": each.placeholder}
        return told

    def _kept(self, *left: str) -> list[tuple[str, str]]:
        view = [("view", str(self.asked.view.pk))] if self.asked.view else []
        return [*self.asked.chosen.pairs(without=("cursor", *left)), *view]

    @property
    def search_kept(self) -> list[tuple[str, str]]:
        """What the search form carries along."""
        return self._kept("q")

    @property
    def filter_kept(self) -> list[tuple[str, str]]:
        """What the form of the filters carries along."""
        own = [
            name
            for each in self.declared.filters
            if not (isinstance(each, Choice) and each.tabs)
            for name in each.parameters
        ]
        return self._kept(*own)

    @property
    def query(self) -> str:
        """The question as posted forms carry it."""
        return self.asked.url(self.asked.chosen).partition("?")[2]

    # ----- actions, arrangement, views, exports

    @cached_property
    def actions(self) -> list[Action]:
        """What may be done to selected rows."""
        return [action for action in self.declared.actions if can(self.actor, action.code)]

    @property
    def density(self) -> str:
        """Class of the table."""
        return "compact" if self.asked.compact else ""

    @cached_property
    def arrange(self) -> dict[str, Any]:
        """The sheet of columns: first the shown ones in their order, then the others."""
        names = [column.name for column in self.columns]
        others = [column for column in self.declared.columns if column.name not in names]
        sort = self.asked.shown.sort or self.declared.sort
        return {
            "columns": [
                *({"column": column, "shown": True} for column in self.columns),
                *({"column": column, "shown": False} for column in others),
            ],
            "sorts": [
                (f"{sign}{name}", label, f"{sign}{name}" == sort) for name, label, sign in _orders(self.declared.orders)
            ],
            "sizes": [(size, size == (self.asked.shown.size or paging.PAGE)) for size in SIZES],
        }

    @property
    def mine(self) -> bool:
        """Whether the open view is the person's own."""
        return self.asked.view is not None and self.asked.view.owner_id == self.actor.id

    @property
    def is_first(self) -> bool:
        """Whether the list opens with the open view for this person, by its own choice."""
        preference = self.asked.arrangement.preference
        return self.asked.view is not None and preference is not None and preference.view_id == self.asked.view.pk

    @cached_property
    def may_assign(self) -> bool:
        """Whether the person may give roles their first view."""
        return services.may_assign(self.actor)

    @cached_property
    def roles(self) -> Sequence[Any]:
        """The roles that a view can be the first of; asked for when the sheet of an open view is drawn."""
        from portal.kit.lists import ports

        return ports.roles_offered() if self.may_assign else ()

    @property
    def exports(self) -> list[tuple[str, str]]:
        """Formats and where they are; none for whom may not take the rows out."""
        if self.declared.export_code and not can(self.actor, self.declared.export_code):
            return []
        query = self.asked.chosen.query(without=("cursor", "limit"))
        view = f"&view={self.asked.view.pk}" if self.asked.view else ""
        kept = f"&{query}" if query else ""
        return [(name.upper(), f"{self.path}?format={name}{kept}{view}") for name in ("csv", "xlsx")]


def _head_css(column: Column) -> str:
    """Of the alignment only: a head is no value."""
    return "num" if "num" in column.css.split() else ""


def _orders(orders: Any) -> list[tuple[str, Any, str]]:
    return [(name, sort.label, sign) for name, sort in orders.items() for sign in ("", "-")]
