"""A cron line in words: the common forms as one would say them, any other one put together from its fields."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from cronsim import CronSim
from django.utils.dates import MONTHS, WEEKDAYS
from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from maintenance import cron
from maintenance.cron import CronInvalid

TIMES = 4  # So many times of a day are named one by one; more are told by minutes and hours.
NIGHT_ENDS = 6  # Hour; a daily time before it is said to be at night.
WORKDAYS, WEEKEND = {1, 2, 3, 4, 5}, {0, 6}
_NTH = (
    gettext_lazy("the first %(day)s of the month"),
    gettext_lazy("the second %(day)s of the month"),
    gettext_lazy("the third %(day)s of the month"),
    gettext_lazy("the fourth %(day)s of the month"),
    gettext_lazy("the fifth %(day)s of the month"),
)


def cron_words(line: str) -> str:
    """The line in words, without its zone; one that cannot be read stands as it is."""
    try:
        cron.parse(line)
    except CronInvalid:
        return line
    found = CronSim(line, datetime(2024, 1, 1))  # noqa: DTZ001 - only its fields are asked
    day, months = _days(found), _months(found.months)
    when = _times(sorted(found.minutes), sorted(found.hours), daily=not day and not months)
    return ", ".join(part for part in (when, day, months) if part)


def _times(minutes: Sequence[int], hours: Sequence[int], *, daily: bool) -> str:
    if len(minutes) * len(hours) <= TIMES:
        clock = _listed(f"{hour:02}:{minute:02}" for hour in hours for minute in minutes)
        if not daily:
            return _("At %(times)s") % {"times": clock}
        if max(hours) < NIGHT_ENDS:
            return _("Every night at %(time)s") % {"time": clock}
        return _("Every day at %(times)s") % {"times": clock}
    step, pace = _step(minutes, 60), _step(hours, 24)
    if len(hours) == 24:
        return _every_hour(minutes, step)
    if len(minutes) == 1 and pace:
        text = ngettext("Every %(n)s hour at :%(minute)s", "Every %(n)s hours at :%(minute)s", pace)
        return text % {"n": pace, "minute": f"{minutes[0]:02}"}
    if _is_range(hours):
        span = {"from": f"{hours[0]:02}:{minutes[0]:02}", "to": f"{hours[-1]:02}:{minutes[-1]:02}"}
        if len(minutes) == 1:
            return _("Every hour from %(from)s to %(to)s") % span
        if step == 1:
            return _("Every minute from %(from)s to %(to)s") % span
        if step:
            return _("Every %(n)s minutes from %(from)s to %(to)s") % {"n": step, **span}
    return _("At minute %(minutes)s of the hours %(hours)s") % {
        "minutes": _numbers(minutes),
        "hours": _numbers(hours),
    }


def _every_hour(minutes: Sequence[int], step: int) -> str:
    if step == 1:
        return _("Every minute")
    if step:
        return _("Every %(n)s minutes") % {"n": step}
    if len(minutes) <= TIMES:
        return _("Every hour at %(minutes)s") % {"minutes": _listed(f":{minute:02}" for minute in minutes)}
    return _("Every hour, at minute %(minutes)s") % {"minutes": _numbers(minutes)}


def _days(found: CronSim) -> str:
    every = {value for value in found.weekdays if isinstance(value, int)}
    weekdays = {value % 7 for value in every}
    named = [value for value in found.weekdays if isinstance(value, tuple)]
    month_days = sorted(found.days)
    any_weekday, any_day = len(weekdays) == 7, len([day for day in month_days if day > 0]) == 31
    days = "" if any_day else _month_days(month_days)
    week = "" if any_weekday else _weekdays(weekdays, named)
    if found.day_and:
        return _("%(days)s if that is %(week)s") % {"days": days, "week": week} if days and week else days or week
    # Cron's own rule: where both are named, either will do. So a field that takes every day takes the other's along.
    return _("%(days)s or %(week)s") % {"days": days, "week": week} if days and week else ""


def _month_days(days: Sequence[int]) -> str:
    special = {CronSim.LAST: _("the last day of the month"), CronSim.LAST_WEEKDAY: _("the last workday of the month")}
    parts = [words for code, words in special.items() if code in days]
    plain = [day for day in days if day > 0]
    if plain:
        text = ngettext("day %(days)s of the month", "days %(days)s of the month", len(plain))
        parts.insert(0, text % {"days": _numbers(plain)})
    return _("on %(days)s") % {"days": _listed(parts)}


def _weekdays(weekdays: set[int], named: Iterable[tuple[int, int]]) -> str:
    parts: list[str] = []
    if weekdays == WORKDAYS:
        parts.append(_("weekdays"))
    elif weekdays == WEEKEND:
        parts.append(_("Saturday and Sunday"))
    else:
        # Monday first, as weeks are read.
        parts += [_day(day) for day in sorted(weekdays, key=lambda day: (day - 1) % 7)]
    for day, place in sorted(named, key=lambda pair: (pair[1] if pair[1] > 0 else 9, pair[0])):
        words = _("the last %(day)s of the month") if place == CronSim.LAST else str(_NTH[place - 1])
        parts.append(words % {"day": _day(day % 7)})
    return _("on %(days)s") % {"days": _listed(parts)}


def _day(cron_day: int) -> str:
    return str(WEEKDAYS[(cron_day - 1) % 7])


def _months(months: Iterable[int]) -> str:
    found = sorted(months)
    if len(found) == 12:
        return ""
    if len(found) > 2 and _is_range(found):
        return _("from %(first)s to %(last)s") % {"first": MONTHS[found[0]], "last": MONTHS[found[-1]]}
    return _("in %(months)s") % {"months": _listed(str(MONTHS[month]) for month in found)}


def _step(values: Sequence[int], whole: int) -> int:
    """The distance of values that fill the whole evenly from zero on; 0 where they do not."""
    if len(values) < 2 or whole % len(values):
        return 0
    step = whole // len(values)
    return step if list(values) == list(range(0, whole, step)) else 0


def _is_range(values: Sequence[int]) -> bool:
    return len(values) > 1 and list(values) == list(range(values[0], values[-1] + 1))


def _numbers(values: Sequence[int]) -> str:
    """Numbers, three and more in a row as a range."""
    parts: list[list[int]] = []
    for value in values:
        if parts and parts[-1][-1] == value - 1:
            parts[-1].append(value)
        else:
            parts.append([value])
    words: list[str] = []
    for part in parts:
        words += [f"{part[0]}–{part[-1]}"] if len(part) > 2 else [str(value) for value in part]
    return _listed(words)


def _listed(words: Iterable[str]) -> str:
    return str(get_text_list(list(words), _("and")))
