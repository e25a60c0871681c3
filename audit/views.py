"""Pages of the trail. Reading them is not itself recorded: secrets are not in them."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import reverse
from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext

from audit import filters, selectors
from audit.filters import EventFilter
from audit.presenters import Told, readable
from audit.selectors import Page
from portal.kit import clock, paging
from portal.kit.views import PageView

LABELS = {
    "actor": gettext_lazy("Actor"),
    "code": gettext_lazy("Event"),
    "category": gettext_lazy("Category"),
    "outcome": gettext_lazy("Outcome"),
    "severity": gettext_lazy("Severity"),
    "target": gettext_lazy("Target"),
    "request_id": gettext_lazy("Request"),
    "address": gettext_lazy("Address"),
    "date_from": gettext_lazy("From"),
    "date_to": gettext_lazy("To"),
}
KEPT = ("code", "request_id", "address")
NOTHING = "\N{EN DASH}"
CHOICES: Mapping[str, Mapping[str, Any]] = {
    "category": filters.CATEGORIES,
    "outcome": filters.OUTCOMES,
    "severity": filters.SEVERITIES,
}


class TimelineView(PageView):
    """The trail, newest first, by day; the filter stands in the address, and a changed one replaces only the rows."""

    access = "audit:read"
    template_name = "audit/timeline.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        """The page, or its rows for htmx."""
        chosen = filters.parse(request.GET)
        page = selectors.events(self.actor, chosen, paging.parse(request.GET.get("cursor", "")))
        # Going back in the browser asks for the address of a fragment and needs the whole page.
        part = "HX-Request" in request.headers and "HX-History-Restore-Request" not in request.headers
        template = "audit/_timeline_rows.html" if part else self.template_name
        reply = self.page(_timeline(request, chosen, page) | {"fragment": part}, template=template)
        reply["Vary"] = "HX-Request"
        return reply


class EventView(PageView):
    """One event with its diff, and the others of the same request."""

    access = "audit:read"
    template_name = "audit/event_detail.html"

    def get(self, request: HttpRequest, event_id: UUID) -> HttpResponse:
        """The page; `NotFound` for an event that is not there or not to be seen."""
        event = selectors.event(self.actor, event_id)
        return self.page(
            {
                "event": event,
                "changes": event.changes,
                "facts": _facts(event),
                "technical": _technical(event),
                "related": selectors.related(self.actor, event.row),
                "list_url": reverse("audit:timeline"),
            }
        )


@dataclass(frozen=True)
class Chip:
    """A filter in force."""

    label: str
    remove_url: str


@dataclass(frozen=True)
class Choice:
    """One option of a filter."""

    value: str
    label: str
    selected: bool


@dataclass(frozen=True)
class Day:
    """The events of one day."""

    label: str
    rows: list[Told]


def _timeline(request: HttpRequest, chosen: EventFilter, page: Page) -> dict[str, Any]:
    query = request.GET
    older = None
    if page.older is not None:
        older = _url(query, cursor=str(page.older))
    elif page.wider is not None:
        # The window is at its end, the trail is not: the next page starts where this one ends, in a wider window.
        after = paging.Cursor(page.items[-1].id) if page.items else query.get("cursor", "")
        older = _url(query, cursor=str(after), days=str(page.wider))
    return {
        "days": days(page.items),
        "page": {
            "previous_url": _url(query, cursor=str(page.newer)) if page.newer else None,
            "next_url": older,
            "wider": page.wider,
            "shown_text": _shown_text(chosen, len(page.items)),
        },
        "filters": {
            "url": reverse("audit:timeline"),
            "clear_url": reverse("audit:timeline"),
            "chips": _chips(query, chosen),
            "target": chosen.target,
            "actor": chosen.actor,
            "date_from": chosen.date_from.isoformat() if chosen.date_from else "",
            "date_to": chosen.date_to.isoformat() if chosen.date_to else "",
            **{name: _choices(name, getattr(chosen, name)) for name in CHOICES},
            # What has no field in the form must survive the form's next use.
            "kept": {name: getattr(chosen, name) for name in KEPT if getattr(chosen, name)},
        },
    }


def days(events: list[Told]) -> list[Day]:
    """Events, in their order, by the day of the current time zone on which they happened."""
    today = timezone.localdate(clock.now())
    return [
        Day(_day_label(day, (today - day).days), list(rows))
        for day, rows in groupby(events, key=lambda event: timezone.localdate(event.when))
    ]


def _day_label(day: Any, ago: int) -> str:
    text = formats.date_format(day, pgettext("date format, weekday day month year", "l, j F Y"))
    if ago in {0, 1}:
        return f"{_('Today') if ago == 0 else _('Yesterday')}, {formats.date_format(day, 'j F')}"
    return text


def _url(query: QueryDict, **values: str) -> str:
    changed = query.copy()
    for name, value in values.items():
        changed[name] = value
    for name in [name for name in changed if not changed[name]]:
        del changed[name]
    return f"{reverse('audit:timeline')}?{changed.urlencode()}" if changed else reverse("audit:timeline")


def _shown_text(chosen: EventFilter, count: int) -> str:
    shown = ngettext("%(count)s event", "%(count)s events", count) % {"count": count}
    if chosen.date_from or chosen.date_to:
        return shown
    return _("%(events)s in the last %(days)s days") % {"events": shown, "days": chosen.days}


def _chips(query: QueryDict, chosen: EventFilter) -> list[Chip]:
    chips = []
    for name, label in LABELS.items():
        value = getattr(chosen, name)
        if value:
            shown = CHOICES[name][value] if name in CHOICES else _shown_value(value)
            chips.append(Chip(f"{label}: {shown}", _url(query, **{name: "", "cursor": ""})))
    return chips


def _shown_value(value: Any) -> str:
    if isinstance(value, str):
        return value
    return formats.date_format(value, pgettext("date format, day month year", "j M Y"))


def _choices(name: str, chosen: str) -> list[Choice]:
    anything = Choice("", _("Any"), not chosen)
    return [anything, *(Choice(value, str(label), value == chosen) for value, label in CHOICES[name].items())]


def _filtered(**values: str) -> str:
    query = QueryDict(mutable=True)
    query.update(values)
    return f"{reverse('audit:timeline')}?{query.urlencode()}"


def _facts(event: Told) -> list[dict[str, Any]]:
    row = event.row
    facts: list[dict[str, Any]] = [{"label": _("Actor"), "value": event.actor_label, "url": event.actor_url}]
    if event.behalf_label:
        facts.append({"label": _("On behalf of"), "value": event.behalf_label})
    if event.target_label:
        facts.append({"label": _("Target"), "value": event.target_label, "url": event.target_url})
    facts += [
        {"label": _("Category"), "value": str(filters.CATEGORIES.get(row.category, row.category))},
        {"label": _("Severity"), "value": str(filters.SEVERITIES[row.severity])},
        {"label": _("Outcome"), "value": str(filters.OUTCOMES[row.outcome])},
    ]
    facts += [{"label": _data_label(name), "value": readable(value) or NOTHING} for name, value in row.data.items()]
    return facts


def _data_label(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _technical(event: Told) -> list[dict[str, Any]]:
    row = event.row
    facts: list[dict[str, Any]] = [{"label": _("Event id"), "value": str(row.id), "mono": True}]
    if row.request_id:
        url = _filtered(request_id=row.request_id)
        facts.append({"label": _("Request id"), "value": row.request_id, "mono": True, "url": url})
    if row.correlation_id and row.correlation_id != row.request_id:
        facts.append({"label": _("Correlation id"), "value": row.correlation_id, "mono": True})
    if row.session_id:
        facts.append({"label": _("Session"), "value": str(row.session_id), "mono": True})
    if row.address:
        facts.append({"label": _("Address"), "value": row.address, "url": _filtered(address=row.address)})
    if row.agent:
        facts.append({"label": _("Agent"), "value": row.agent})
    return [*facts, {"label": _("Source"), "value": row.source or NOTHING}]
