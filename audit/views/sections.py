"""Events under headings: days, requests within a day, actors and codes."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import groupby

from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from audit.filters import EventFilter
from audit.presenters import Told
from audit.selectors import Group
from audit.views.base import with_query
from portal.kit import clock, registry


@dataclass(frozen=True)
class Bundle:
    """Events of one request: the newest of them, and the others."""

    lead: Told
    others: list[Told] = field(default_factory=list)


@dataclass(frozen=True)
class Day:
    """The events of one day, each alone or the ones of a request together; `count` of them are on this page."""

    label: str
    rows: list[Bundle]
    count: int


@dataclass(frozen=True)
class GroupRow:
    """A group as the page shows it: `url` leads to its events, `rows_url` answers with the newest of them."""

    label: str
    note: str
    icon: str
    count: int
    first_at: datetime
    last_at: datetime
    url: str
    rows_url: str


def days(events: Iterable[Told], *, bundled: bool = False) -> list[Day]:
    """Events, in their order, by the day of the current time zone on which they happened."""
    found = []
    for day, rows in groupby(events, key=lambda event: timezone.localdate(event.when)):
        listed = list(rows)
        found.append(
            Day(_day_label(day), _bundles(listed) if bundled else [Bundle(row) for row in listed], len(listed))
        )
    return found


def _bundles(rows: list[Told]) -> list[Bundle]:
    """The events of each request at the place of its newest; what belongs to no request stands alone."""
    bundles: list[Bundle] = []
    known: dict[str, Bundle] = {}
    for row in rows:
        request_id = row.row.request_id
        if request_id in known:
            known[request_id].others.append(row)
            continue
        bundles.append(Bundle(row))
        if request_id:
            known[request_id] = bundles[-1]
    return bundles


def _day_label(day: date) -> str:
    ago = (timezone.localdate(clock.now()) - day).days
    if ago in {0, 1}:
        return f"{_('Today') if ago == 0 else _('Yesterday')}, {formats.date_format(day, 'j F')}"
    return formats.date_format(day, pgettext("date format, weekday day month year", "l, j F Y"))


def group(found: Group, by: str, url: str, chosen: EventFilter) -> GroupRow:
    """A group of the newest events, with the addresses of its own part of the timeline at `url`."""
    newest = found.newest
    row = newest.row
    if by == "code":
        only = {"code": row.code}
        label = _words(row.code)
        note = row.code
    else:
        only = {
            "actor": str(
                row.actor_id or (row.actor_kind if row.actor_label in {"", row.actor_kind} else row.actor_label)
            )
        }
        label = newest.actor_label
        note = newest.sentence
    query = chosen.query() | only
    return GroupRow(
        label=label,
        note=note,
        icon=newest.icon if by == "code" else "user" if row.actor_kind == "person" else "settings",
        count=found.count,
        first_at=found.first_at,
        last_at=newest.when,
        url=with_query(url, query),
        rows_url=with_query(url, query | {"part": "group"}),
    )


def _words(code: str) -> str:
    """What an event of that code says, without its target; the code itself where no room declares it."""
    if code not in registry.events:
        return code
    sentence = str(registry.events.get(code).sentence)
    return re.sub(r"\{\w+\}", "\N{HORIZONTAL ELLIPSIS}", sentence)
