"""The activity as a list: newest first, of the last 30 days, whatever is asked answered by an index."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from operator import attrgetter
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from audit.activity_presenters import CHANNELS, FAMILIES, Request
from audit.lists.trail import RECENT, SPANS
from audit.models import Activity
from audit.presenters import address, here
from audit.selectors import EXPORT, READ, narrowing
from audit.selectors import activity as selectors
from portal.kit import clock, ids, paging
from portal.kit.context import Actor
from portal.kit.lists import Choice, Chosen, Column, Dates, Empty, List, Many, Option, Sort, Words, cells, register
from portal.kit.lists.filters import Given, start_of
from portal.kit.lists.search import Found
from portal.kit.paging import Order
from portal.kit.templatetags import kit

Rows = QuerySet[Activity]
DATE, CHANNEL, ANSWER, ROUTE, PERSON = "date", "channel", "answer", "route", "person"
_SHORTER = ("1d", "7d")


@dataclass(frozen=True, kw_only=True)
class Days(Dates):
    """The days that are looked at. They bound the ids, so only their partitions are read."""

    unset: Any = RECENT

    def presets(self) -> list[Option]:
        """Windows shorter than what is kept."""
        return [Option(name, SPANS[name][1]) for name in _SHORTER]

    def narrow(self, rows: Rows, given: Given) -> Rows:
        """By the ids of these days."""
        low, high = self.span(given)
        return rows.filter(id__gte=low) if high is None else rows.filter(id__gte=low, id__lt=high)

    def span(self, given: Given) -> tuple[UUID, UUID | None]:
        """The lowest id of the days and the first one beyond them (None: up to now)."""
        chosen, low = dict(given), ids.first_of(clock.now() - timedelta(days=selectors.DAYS))
        if preset := chosen.get(self.name):
            return ids.first_of(clock.now() - timedelta(days=SPANS[preset][0])), None
        first, last = (chosen.get(name) for name in self.parameters[1:])
        if first:
            low = max(low, ids.first_of(start_of(date.fromisoformat(first))))
        return low, ids.first_of(start_of(date.fromisoformat(last) + timedelta(days=1))) if last else None


@dataclass(frozen=True, eq=False)
class ActivityList(List):
    """The list of requests. Channel and answer alone are a walk over their ranges, on the platform; see the selectors."""

    @cached_property
    def orders(self) -> Mapping[str, Sort]:
        """By time, which is the order of the ids."""
        return {"time": Sort(_("Time"), Order())}

    def found(self, actor: Actor, chosen: Chosen) -> Found:
        """The rows; where they are walked to, some of them as a sample to count."""
        found = super().found(actor, chosen)
        facets = _facets(actor, chosen)
        if facets is None:
            return found
        some = selectors.walk(facets, None, selectors.COUNTED)
        sample = found.rows.filter(id__in=some)
        return Found(sample) if len(some) < selectors.COUNTED else Found(found.rows, sample)

    def page(self, actor: Actor, chosen: Chosen, rows: QuerySet[Any] | None = None) -> paging.Page[Any]:
        """One page; two queries where it is walked to."""
        found = self.rows(actor, chosen) if rows is None else rows
        size, order = chosen.size or paging.PAGE, self.order(chosen)
        if facets := _facets(actor, chosen):
            up = not order.descending
            found = found.filter(id__in=selectors.walk(facets, chosen.cursor, size + 1, ascending=up))
        return paging.keyset(found, chosen.cursor, by=order, size=size)


def _facets(actor: Actor, chosen: Chosen) -> selectors.Facets | None:
    """The question as a walk, None where something narrower is named or an organisation's index serves."""
    channels = [value for _name, value in chosen.given(CHANNEL)]
    families = [int(value) for _name, value in chosen.given(ANSWER)]
    named = chosen.given(ROUTE) or chosen.given(PERSON)
    if actor.organisation_id is not None or named or not (channels or families):
        return None
    low, beyond = _DAYS.span(chosen.given(DATE))
    bounds = (low,) if beyond is None else (low, UUID(int=beyond.int - 1))
    return selectors.Facets(channels or selectors.CHANNELS, families or selectors.FAMILIES, *bounds)


def _by_route(rows: Rows, text: str) -> Rows:
    """One route, with or without the slash that addresses begin with."""
    return rows.filter(route=text.removeprefix("/"))


def _by_person(rows: Rows, text: str) -> Rows:
    return rows.filter(actor_id__in=narrowing.named(text))


def _present(actor: Actor, rows: Sequence[Activity]) -> list[Request]:
    names, slug = selectors.names_of(row.actor_id for row in rows if row.actor_id is not None), here()
    return [Request(row, names.get(row.actor_id, "") if row.actor_id else "", slug) for row in rows]


def _items(number: int) -> str:
    return ngettext("%(count)s request", "%(count)s requests", number) % {"count": kit.count(number)}


def _request(row: Request) -> str:
    """Method and route, as the head of the row."""
    return format_html(
        '<a class="who" href="{}"><span class="glyph {}">{}</span><span><b class="long mono">{}</b><small>{}</small></span></a>',
        row.url,
        row.tone,
        kit.icon(row.icon),
        row.route,
        row.row.method,
    )


def _time(row: Request) -> str:
    """Day and time of day; the exact moment on hover."""
    parts = (kit.when(row.when, "date"), kit.when(row.when, "clock"))
    return format_html('<span class="nowrap">{}</span> <span class="nowrap">{}</span>', *parts)


def _person(row: Request) -> str:
    if not row.person_url:
        return format_html('<span class="quiet">{}</span>', row.person)
    return format_html('<a class="link" href="{}">{}</a>', row.person_url, row.person)


def _same_route(row: Request) -> str:
    return format_html(
        '<a class="link nowrap" href="{}?{}={}">{}</a>',
        address("activity", row.slug),
        ROUTE,
        row.row.route,
        _("Same route"),
    )


_COLUMNS = (
    Column("request", _("Request"), cell=_request, value=attrgetter("label"), fixed=True, card="head"),
    Column("time", _("Time"), cell=_time, value=attrgetter("when"), by=("id",), newest=True, css="quiet", card="line"),
    Column("person", _("Person"), cell=_person, value=attrgetter("person"), css="long", card="line"),
    Column(
        "answer",
        _("Answer"),
        cell=lambda row: kit.status(row.tone, row.status_text) if row.tone else cells.text("status_text", "quiet")(row),
        value=attrgetter("row.status"),
        card="state",
    ),
    Column(
        "duration",
        _("Duration"),
        cell=cells.text("duration_text", "nowrap"),
        value=attrgetter("row.duration_ms"),
        css="num",
        card="line",
    ),
    Column("channel", _("Channel"), cell=cells.text("channel_text"), value=attrgetter("channel_text")),
    Column("address", _("Network"), cell=cells.text("row.address", "nowrap"), value=attrgetter("row.address")),
    Column(
        "bytes",
        _("Bytes"),
        cell=lambda row: kit.count(row.row.bytes) if row.row.bytes is not None else cells.DASH,
        value=attrgetter("row.bytes"),
        css="num",
        shown=False,
    ),
    Column(
        "object",
        _("Object id"),
        cell=cells.text("row.object_id", "mono nowrap"),
        value=attrgetter("row.object_id"),
        shown=False,
    ),
    Column(
        "request_id",
        _("Request id"),
        cell=cells.text("row.request_id", "mono nowrap"),
        value=attrgetter("row.request_id"),
        shown=False,
    ),
    Column("more", _("Further"), cell=_same_route, value=attrgetter("row.route"), shown=False),
)
_DAYS = Days(name=DATE, label=_("Time"), field="id")

activity = ActivityList(
    name="audit.activity",
    label=_("Activity"),
    url="/platform/activity",
    code=READ,
    export_code=EXPORT,
    source=selectors.recent,
    present=_present,
    items=_items,
    columns=_COLUMNS,
    sort="-time",
    empty=Empty(
        _("No activity in the last 30 days"),
        _("What pages and endpoints are asked for stands here a second later, for 30 days."),
        "activity",
    ),
    no_match=_("No request matches"),
    filters=(
        Choice(
            name=CHANNEL,
            label=_("Channel"),
            options=tuple(Option(name, label) for name, label in CHANNELS.items()),
            apply=lambda rows, value: rows.filter(channel=value),
            tabs=True,
        ),
        _DAYS,
        Many(
            name=ANSWER,
            label=_("Answer"),
            options=tuple(Option(name, label) for name, label in FAMILIES.items()),
            apply=lambda rows, values: rows.filter(family__in=values),
        ),
        Words(name=PERSON, label=_("Person"), placeholder=_("User name, e-mail or id"), apply=_by_person),
        Words(name=ROUTE, label=_("Route"), placeholder="platform/people/<uuid:key>", apply=_by_route),
    ),
)
register(activity)
