"""Conditions in words, as everybody reads them: "weekdays 9-17 Europe/Berlin, from 10.0.0.0/8"."""

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from rbac.conditions import WEEK, Conditions

WEEKDAYS, WEEKEND = WEEK[:5], WEEK[5:]
DAYS = (
    (1, gettext_lazy("Monday")),
    (2, gettext_lazy("Tuesday")),
    (3, gettext_lazy("Wednesday")),
    (4, gettext_lazy("Thursday")),
    (5, gettext_lazy("Friday")),
    (6, gettext_lazy("Saturday")),
    (7, gettext_lazy("Sunday")),
)
SHOWN = 3  # Address ranges that are named; of more, the number of the others.


def conditions_text(conditions: Conditions | None) -> str:
    """When it counts, in words; empty where it always does."""
    stored = conditions or {}  # The database keeps no order of names; here they have one.
    return ", ".join(words(stored[name]) for name, words in _WORDS.items() if name in stored)


def _time(wanted: Mapping[str, Any]) -> str:
    days, begin, end = wanted["weekdays"], wanted["from"], wanted["to"]
    whole = (begin, end) == ("00:00", "24:00")
    hours = "" if whole else f"{_hour(begin)}–{_hour(end)}"
    return " ".join(part for part in (_days(days, whole=whole), hours, wanted["zone"].replace("_", " ")) if part)


def _days(days: list[int], *, whole: bool) -> str:
    if days == WEEK:
        return _("all day") if whole else _("daily")
    if days == WEEKDAYS:
        return _("weekdays")
    if days == WEEKEND:
        return _("weekends")
    return _(" and ").join(str(label) for number, label in DAYS if number in days)


def _hour(written: str) -> str:
    hour, _colon, minute = written.partition(":")
    return str(int(hour)) if minute == "00" else f"{int(hour)}:{minute}"


def _addresses(wanted: list[str]) -> str:
    named = _(" or ").join(wanted[:SHOWN])
    others = len(wanted) - SHOWN
    if others > 0:
        more = ngettext("%(n)d more", "%(n)d more", others) % {"n": others}
        named = f"{named}{_(' or ')}{more}"
    return _("from %(ranges)s") % {"ranges": named}


def _factor(wanted: Mapping[str, int]) -> str:
    minutes = wanted["within_minutes"]
    told = ngettext("second factor proved within %(n)d minute", "second factor proved within %(n)d minutes", minutes)
    return told % {"n": minutes}


def _attributes(wanted: Mapping[str, Mapping[str, Any]]) -> str:
    return ", ".join(f"{name} = {plain(value)}" for kind in wanted.values() for name, value in sorted(kind.items()))


def plain(value: object) -> str:
    """The value of an attribute as it is written."""
    return str(value).lower() if isinstance(value, bool) else str(value)


_WORDS: dict[str, Callable[[Any], str]] = {
    "time": _time,
    "addresses": _addresses,
    "second_factor": _factor,
    "attributes": _attributes,
}
