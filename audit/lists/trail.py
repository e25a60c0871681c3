"""The events of the trail as a table: a list like any other, with columns, saved views of its own and files.

Its question is translated into the filter of the timeline. So each filter means the same on both pages and in exports,
is answered by the same index, and without dates only the last 30 days are looked at, however old the trail is.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cached_property
from operator import attrgetter
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from audit import filters
from audit.filters import EventFilter
from audit.models import Event
from audit.presenters import Told, address
from audit.selectors import EXPORT, READ, narrowing, table, told
from portal.kit import clock, paging
from portal.kit.context import Actor
from portal.kit.lists import Chosen, Column, Dates, Empty, List, Many, Option, Sort, Words, cells, register
from portal.kit.lists.filters import Given, Malformed, Values
from portal.kit.lists.search import Found
from portal.kit.paging import Order
from portal.kit.templatetags import kit

# What the dates offer beside the last 30 days, which are looked at when none are chosen.
SPANS: Mapping[str, tuple[int, str | Promise]] = {
    "1d": (1, _("in the last 24 hours")),
    "7d": (7, _("in the last 7 days")),
    "90d": (90, _("in the last 90 days")),
    "365d": (365, _("in the last year")),
    "3650d": (3650, _("in the last ten years")),
}
RECENT = _("in the last 30 days")
DATE = "date"


@dataclass(frozen=True, kw_only=True)
class Named(Words):
    """A text that the filter of the timeline reads: what is none there is none here, in the same words."""

    def read(self, values: Values) -> Given:
        """One text, in its one spelling."""
        return tuple((name, _read(name, text)) for name, text in super().read(values))


@dataclass(frozen=True, kw_only=True)
class Window(Dates):
    """The days that are looked at. They bound the ids, which hold the time: no index on a moment is needed."""

    unset: str | Promise = RECENT

    def presets(self) -> list[Option]:
        """The windows other than the one that nothing chosen means."""
        return [Option(name, label) for name, (_days, label) in SPANS.items()]

    def read(self, values: Values) -> Given:
        """A window, or days that an id can have."""
        given = super().read(values)
        for name, text in given:
            if name != self.name:
                _read(name, text)
        return given

    def narrow(self, rows: QuerySet[Event], given: Given) -> QuerySet[Event]:
        """By the ids of these days."""
        return narrowing.within(rows, _asked([given]))


@dataclass(frozen=True, eq=False)
class Trail(List):
    """The list of events: narrowed, paged and counted as the trail can be. Files of it need a right of their own."""

    @cached_property
    def orders(self) -> Mapping[str, Sort]:
        """By time, which is the order of the ids."""
        return {"time": Sort(_("Time"), Order())}

    def found(self, actor: Actor, chosen: Chosen) -> Found:
        """As `selectors.table.found`."""
        return table.found(actor, asked(chosen))

    def page(self, actor: Actor, chosen: Chosen, rows: QuerySet[Any] | None = None) -> paging.Page[Any]:
        """As `selectors.table.page`."""
        found = self.rows(actor, chosen) if rows is None else rows
        size, order = chosen.size or paging.PAGE, self.order(chosen)
        return table.page(actor, asked(chosen), found, chosen.cursor, order=order, size=size)


def asked(chosen: Chosen) -> EventFilter:
    """The question of the table as the filter of the timeline."""
    return _asked(chosen.filters.values())


def _asked(given: Any) -> EventFilter:
    values: dict[str, str] = {}
    for name, value in (pair for each in given for pair in each):
        values[name] = f"{values[name]},{value}" if name in values else value
    days = SPANS[values.pop(DATE)][0] if DATE in values else filters.DEFAULT_DAYS
    return replace(filters.parse(values), days=days)


def question(chosen: EventFilter) -> list[tuple[str, str]]:
    """The parameters with which the table asks what the timeline shows."""
    told = chosen.query()
    days = told.pop("days", "")
    pairs = [
        (name, value)
        for name, text in told.items()
        for value in (text.split(",") if name in filters.SEVERAL else [text])
    ]
    return [*pairs, (DATE, f"{days}d")] if f"{days}d" in SPANS and not chosen.date_from else pairs


def for_timeline(chosen: EventFilter) -> EventFilter:
    """The same in a window that the timeline has: where it knows no such number of days, from that day on."""
    if chosen.days in {filters.DEFAULT_DAYS, *filters.WIDER_DAYS}:
        return chosen
    end = chosen.date_to or timezone.localdate(clock.now())
    return replace(chosen, days=filters.DEFAULT_DAYS, date_from=end - timedelta(days=chosen.days))


def _read(name: str, text: str) -> str:
    try:
        return str(filters.READERS[name](text))
    except ValueError as error:
        raise Malformed(name, str(error)) from None


def _only(name: str) -> Callable[[QuerySet[Event], Any], QuerySet[Event]]:
    """What narrows rows by one field of the timeline's filter."""

    def apply(rows: QuerySet[Event], value: str | list[str]) -> QuerySet[Event]:
        return narrowing.matching(rows, filters.parse({name: value if isinstance(value, str) else ",".join(value)}))

    return apply


def _many(name: str, label: Any, choices: Mapping[str, Any]) -> Many:
    options = tuple(Option(value, text) for value, text in choices.items())
    return Many(name=name, label=label, options=options, apply=_only(name))


def _named(name: str, label: Any, placeholder: Any) -> Named:
    return Named(name=name, label=label, placeholder=placeholder, apply=_only(name))


def _linked(label: str, url: Callable[[Told], str], css: str = "link") -> cells.Cell:
    plain, read = cells.text(label), attrgetter(label)

    def cell(row: Told) -> str:
        where = url(row) if read(row) else ""
        return format_html('<a class="{}" href="{}">{}</a>', css, where, read(row)) if where else plain(row)

    return cell


def _chip(tone: str, label: str) -> cells.Cell:
    """A chip for what stands out, a quiet word for everything else."""
    tones, labels = attrgetter(tone), attrgetter(label)
    return lambda row: kit.status(tones(row), labels(row)) if tones(row) else cells.text(label, "quiet")(row)


def _same_request(row: Told) -> str:
    return f"{address('table', row.slug)}?request_id={row.row.request_id}"


def _items(number: int) -> str:
    return ngettext("%(count)s event", "%(count)s events", number) % {"count": kit.count(number)}


def _present(actor: Actor, rows: Sequence[Event]) -> list[Told]:
    return told(rows)


def _event(row: Told) -> str:
    """What happened, as the head of the row."""
    return format_html(
        '<a class="who" href="{}"><span class="glyph {}">{}</span><span><b class="long">{}</b></span></a>',
        row.url,
        row.outcome_tone,
        kit.icon(row.icon),
        row.sentence,
    )


def _time(row: Told) -> str:
    """Day and time of day; the exact moment on hover."""
    parts = (kit.when(row.when, "date"), kit.when(row.when, "clock"))
    return format_html('<span class="nowrap">{}</span> <span class="nowrap">{}</span>', *parts)


_COLUMNS = (
    Column(
        "event",
        _("Event"),
        cell=_event,
        value=attrgetter("sentence"),
        fixed=True,
        card="head",
    ),
    Column(
        "time",
        _("Time"),
        cell=_time,
        value=attrgetter("when"),
        by=("id",),
        newest=True,
        css="quiet",
        card="line",
    ),
    Column(
        "actor",
        _("Actor"),
        cell=_linked("actor_label", attrgetter("actor_url")),
        value=attrgetter("actor_label"),
        css="long",
        card="line",
    ),
    Column(
        "target",
        _("Target"),
        cell=_linked("target_label", attrgetter("target_url")),
        value=attrgetter("target_label"),
        css="long",
    ),
    Column(
        "outcome",
        _("Outcome"),
        cell=_chip("outcome_tone", "outcome_text"),
        value=attrgetter("outcome_text"),
        card="state",
    ),
    # The icon says it already.
    Column("category", _("Category"), cell=cells.text("category_text"), value=attrgetter("category_text"), shown=False),
    Column("severity", _("Severity"), cell=_chip("severity_tone", "severity_text"), value=attrgetter("severity_text")),
    Column("address", _("Address"), cell=cells.text("address", "nowrap"), value=attrgetter("address")),
    Column(
        "request",
        _("Request id"),
        cell=_linked("row.request_id", _same_request, "link mono nowrap"),
        value=attrgetter("row.request_id"),
        shown=False,
    ),
    Column("code", _("Event code"), cell=cells.text("code", "mono nowrap"), value=attrgetter("code"), shown=False),
)

events = Trail(
    name="audit.events",
    label=_("Audit trail"),
    url="/platform/audit/table",
    code=READ,
    export_code=EXPORT,
    source=table.recent,
    present=_present,
    items=_items,
    columns=_COLUMNS,
    sort="-time",
    empty=Empty(
        _("No events in the last 30 days"),
        _("Every sign-in, change and run is written here as it happens. Choose other dates to look further back."),
        "audit",
    ),
    no_match=_("No event matches"),
    filters=(
        Window(name=DATE, label=_("Time"), field="id"),
        _many("category", _("Category"), filters.CATEGORIES),
        _many("outcome", _("Outcome"), filters.OUTCOMES),
        _many("severity", _("Severity"), filters.SEVERITIES),
        _named("actor", _("Actor"), _("User name, e-mail or id")),
        _named("target", _("Target"), _("Exact name, e-mail or id")),
        _named("code", _("Event code"), "accounts.user.created"),
        _named("address", _("Address"), "192.0.2.7"),
        _named("request_id", _("Request id"), ""),
        _named("organisation", _("Organisation"), _("Its id")),
    ),
)
register(events)
