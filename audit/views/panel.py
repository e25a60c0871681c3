"""The filters of the timeline as its page shows them: fields, chips, presets, and addresses that keep the others."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils import formats, timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from audit import filters
from audit.filters import EventFilter
from audit.views.base import with_query
from portal.kit import clock

LABELS: Mapping[str, str | Promise] = {
    "actor": gettext_lazy("Actor"),
    "code": gettext_lazy("Event"),
    "category": gettext_lazy("Category"),
    "outcome": gettext_lazy("Outcome"),
    "severity": gettext_lazy("Severity"),
    "target": gettext_lazy("Target"),
    "organisation": gettext_lazy("Organisation"),
    "request_id": gettext_lazy("Request"),
    "address": gettext_lazy("Address"),
    "date_from": gettext_lazy("From"),
    "date_to": gettext_lazy("To"),
}
GROUPINGS: Mapping[str, str | Promise] = {
    "day": gettext_lazy("By day"),
    "request": gettext_lazy("By request"),
    "actor": gettext_lazy("By actor"),
    "code": gettext_lazy("By event"),
}
TABLE = "table"
KEPT = ("code", "request_id", "address", "organisation")
CHOICES: Mapping[str, Mapping[str, Any]] = {
    "category": filters.CATEGORIES,
    "outcome": filters.OUTCOMES,
    "severity": filters.SEVERITIES,
}


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
class Preset:
    """Dates that are asked for often."""

    label: str
    url: str
    current: bool


class Panel:
    """The filter of one page of the timeline at `base`."""

    def __init__(self, base: str, chosen: EventFilter, group: str) -> None:
        self.base = base
        self.chosen = chosen
        self.query = chosen.query()
        self._group = "" if group == "day" else group

    def url(self, **values: str) -> str:
        """This address with some values changed; empty ones are left out."""
        return with_query(self.base, self.query | {"group": self._group} | values)

    def values(self) -> dict[str, Any]:
        """What the templates show."""
        chosen = self.chosen
        return {
            "url": self.base,
            "clear_url": with_query(self.base, {"group": self._group}),
            "chips": self._chips(),
            "presets": self._presets(),
            "target": chosen.target,
            "actor": chosen.actor,
            "date_from": chosen.date_from.isoformat() if chosen.date_from else "",
            "date_to": chosen.date_to.isoformat() if chosen.date_to else "",
            **{name: self._choices(name) for name in CHOICES},
            # What has no field in the form must survive the form's next use.
            "kept": {name: self.query[name] for name in KEPT if name in self.query}
            | ({"group": self._group} if self._group else {}),
            "query": self.query,
        }

    def _chips(self) -> list[Chip]:
        chips = []
        for name, label in LABELS.items():
            value = getattr(self.chosen, name)
            if name in CHOICES:
                for one in value:
                    left = ",".join(other for other in value if other != one)
                    chips.append(Chip(f"{label}: {CHOICES[name][one]}", self.url(**{name: left})))
            elif value:
                chips.append(Chip(f"{label}: {_shown(value)}", self.url(**{name: ""})))
        return chips

    def _choices(self, name: str) -> list[Choice]:
        chosen = getattr(self.chosen, name)
        return [Choice(value, str(label), value in chosen) for value, label in CHOICES[name].items()]

    def _presets(self) -> list[Preset]:
        today = timezone.localdate(clock.now())
        yesterday = today - timedelta(days=1)
        spans: tuple[tuple[str, dict[str, str]], ...] = (
            (_("Today"), {"date_from": today.isoformat()}),
            (_("Yesterday"), {"date_from": yesterday.isoformat(), "date_to": yesterday.isoformat()}),
            (_("Last 7 days"), {"date_from": (today - timedelta(days=6)).isoformat()}),
            (_("This month"), {"date_from": today.replace(day=1).isoformat()}),
            (_("Last 30 days"), {}),
            (_("Last 90 days"), {"days": "90"}),
        )
        none = {"date_from": "", "date_to": "", "days": ""}
        now = {name: self.query.get(name, "") for name in none}
        return [Preset(label, self.url(**none | span), none | span == now) for label, span in spans]


def tabs(panel: Panel, table_url: str, current: str) -> list[dict[str, Any]]:
    """The ways to see what is filtered: grouped in the timeline, or as the table at `table_url`."""
    ways = [(name, label, panel.url(group="" if name == "day" else name)) for name, label in GROUPINGS.items()]
    ways.append((TABLE, _("Table"), table_url))
    return [{"label": label, "url": url, "current": name == current} for name, label, url in ways]


def _shown(value: Any) -> str:
    if hasattr(value, "isoformat"):
        return formats.date_format(value, pgettext("date format, day month year", "j M Y"))
    return str(value)
