"""Filters of lists: one choice, several, a range of days, a text. Each reads the address, narrows rows and names itself."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.utils import formats, timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.kit import clock, context
from portal.kit.lists.search import LIMIT, cleaned

Text = str | Promise
Given = tuple[tuple[str, str], ...]  # What was chosen, as parameters of the address in one spelling.
Values = Mapping[str, Sequence[str]]
Rows = QuerySet[Any]
ALL_LABEL = gettext_lazy("All")
_YEARS = range(1970, 3000)  # Beyond them arithmetic with days overflows.
_MOST_VALUES = 50


class Malformed(Exception):
    """A parameter whose value the filter does not know; `text` tells what would be right."""

    def __init__(self, parameter: str, text: str) -> None:
        super().__init__(text)
        self.parameter, self.text = parameter, text


@dataclass(frozen=True)
class Option:
    """A value that a filter offers."""

    value: str
    label: Text


Options = Sequence[Option] | Callable[[], Sequence[Option]]


@dataclass(frozen=True, kw_only=True)
class Filter:
    """Base of all filters. `name` is the parameter in the address."""

    name: str
    label: Text
    widget: ClassVar[str] = ""

    @property
    def parameters(self) -> tuple[str, ...]:
        """The parameters of the address that belong to it."""
        return (self.name,)

    def read(self, values: Values) -> Given:
        """What the address chooses, () for nothing; `Malformed` for what there is not."""
        raise NotImplementedError

    def narrow(self, rows: Rows, given: Given) -> Rows:
        """The rows that are left."""
        raise NotImplementedError

    def words(self, given: Given) -> str:
        """What was chosen, as its chip says it."""
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True)
class _Offering(Filter):
    """What the filters with options share. `counted` shows how many rows each option has, as tabs do."""

    options: Options
    counted: bool = False

    def offered(self) -> Sequence[Option]:
        """The options; a function is asked once per request."""
        if not callable(self.options):
            return self.options
        now = context.current()
        if now is None:
            return self.options()
        key = (self.options, "options of a filter")
        if key not in now.cache:
            now.cache[key] = self.options()
        found: Sequence[Option] = now.cache[key]  # type: ignore[assignment]
        return found

    def _checked(self, value: str) -> str:
        if value not in {option.value for option in self.offered()}:
            known = ", ".join(option.value for option in self.offered())
            raise Malformed(self.name, _("Choose one of: %(values)s.") % {"values": known})
        return value

    def _label(self, value: str) -> str:
        return next((str(option.label) for option in self.offered() if option.value == value), value)


@dataclass(frozen=True, kw_only=True)
class Choice(_Offering):
    """One of a few. `apply` narrows the rows to the value. With `tabs` it stands above the list, all first."""

    widget: ClassVar[str] = "choice"
    apply: Callable[[Rows, str], Rows]
    tabs: bool = False
    all_label: Text = ALL_LABEL

    def read(self, values: Values) -> Given:
        """One value."""
        sent = [value for value in values.get(self.name, ()) if value]
        if len(sent) > 1:
            raise Malformed(self.name, _("Choose one value."))
        return tuple((self.name, self._checked(value)) for value in sent)

    def narrow(self, rows: Rows, given: Given) -> Rows:
        """As `apply` does."""
        return self.apply(rows, given[0][1])

    def words(self, given: Given) -> str:
        """The option's label."""
        return f"{self.label}: {self._label(given[0][1])}"


@dataclass(frozen=True, kw_only=True)
class Many(_Offering):
    """Any of several; the parameter is repeated.

    `apply` narrows the rows to those that have one of the values; where another table knows, `ids` gives the ids that
    it holds for them instead (a queryset of one column, compared with the row's `on`).
    """

    widget: ClassVar[str] = "many"
    apply: Callable[[Rows, list[str]], Rows] | None = None
    ids: Callable[[list[str]], Rows] | None = None
    on: str = "id"

    def read(self, values: Values) -> Given:
        """Each value once, in the order in which they are offered."""
        sent = {value for value in values.get(self.name, ()) if value}
        if len(sent) > _MOST_VALUES:
            raise Malformed(self.name, _("Choose fewer values."))
        for value in sorted(sent):
            self._checked(value)
        return tuple((self.name, option.value) for option in self.offered() if option.value in sent)

    def narrow(self, rows: Rows, given: Given) -> Rows:
        """As `apply` does."""
        values = [value for _name, value in given]
        if self.apply is not None:
            return self.apply(rows, values)
        if self.ids is None:
            raise TypeError(f"The filter {self.name} has neither `apply` nor `ids`.")
        return rows.filter(**{f"{self.on}__in": self.ids(values)})

    def words(self, given: Given) -> str:
        """The labels, joined by or."""
        labels = [self._label(value) for _name, value in given]
        return f"{self.label}: " + _(" or ").join(labels)


PRESETS: dict[str, tuple[int, Text]] = {
    "1d": (1, gettext_lazy("in the last 24 hours")),
    "7d": (7, gettext_lazy("in the last 7 days")),
    "30d": (30, gettext_lazy("in the last 30 days")),
    "90d": (90, gettext_lazy("in the last 90 days")),
}
NEVER = "never"
ANY_TIME = gettext_lazy("Any time")


@dataclass(frozen=True, kw_only=True)
class Dates(Filter):
    """A range of days of the field, whole days in the reader's time zone, both ends included; or a preset that moves
    with the time, for saved views: `?seen=30d`, `?seen_from=2026-01-01&seen_to=2026-01-31`. `never` names empty ones,
    `unset` what is shown when nothing is chosen.
    """

    widget: ClassVar[str] = "dates"
    field: str
    never: Text = ""
    unset: Text = ANY_TIME

    @property
    def parameters(self) -> tuple[str, ...]:
        """Preset, first day, last day."""
        return (self.name, f"{self.name}_from", f"{self.name}_to")

    def presets(self) -> list[Option]:
        """What the first parameter may be."""
        found = [Option(value, label) for value, (_days, label) in PRESETS.items()]
        return [*found, Option(NEVER, self.never)] if self.never else found

    def read(self, values: Values) -> Given:
        """A preset, or days; the first not after the last."""
        preset, first, last = (self._one(values, parameter) for parameter in self.parameters)
        known = {option.value for option in self.presets()}
        if preset and preset not in known:
            raise Malformed(self.name, _("Choose one of: %(values)s.") % {"values": ", ".join(sorted(known))})
        if preset and (first or last):
            raise Malformed(self.name, _("Choose either a range of days or one of the ready-made ones."))
        days = [_day(parameter, text) for parameter, text in zip(self.parameters[1:], (first, last), strict=True)]
        if days[0] and days[1] and days[0] > days[1]:
            raise Malformed(self.parameters[1], _("The first day is after the last."))
        pairs = zip(self.parameters, (preset, first, last), strict=True)
        return tuple((parameter, text) for parameter, text in pairs if text)

    def narrow(self, rows: Rows, given: Given) -> Rows:
        """By the moments at which the days begin and end."""
        chosen = dict(given)
        preset = chosen.get(self.name, "")
        if preset == NEVER:
            return rows.filter(**{f"{self.field}__isnull": True})
        if preset:
            return rows.filter(**{f"{self.field}__gte": clock.now() - timedelta(days=PRESETS[preset][0])})
        if first := chosen.get(self.parameters[1]):
            rows = rows.filter(**{f"{self.field}__gte": start_of(date.fromisoformat(first))})
        if last := chosen.get(self.parameters[2]):
            rows = rows.filter(**{f"{self.field}__lt": start_of(date.fromisoformat(last) + timedelta(days=1))})
        return rows

    def words(self, given: Given) -> str:
        """The preset, or the days."""
        chosen = dict(given)
        preset = chosen.get(self.name, "")
        if preset:
            return next(
                str(option.label) if preset == NEVER else f"{self.label} {option.label}"
                for option in self.presets()
                if option.value == preset
            )
        first, last = (_shown(chosen.get(parameter, "")) for parameter in self.parameters[1:])
        if first and last:
            return _("%(label)s %(first)s to %(last)s") % {"label": self.label, "first": first, "last": last}
        template = _("%(label)s since %(day)s") if first else _("%(label)s until %(day)s")
        return template % {"label": self.label, "day": first or last}

    def _one(self, values: Values, parameter: str) -> str:
        sent = [value for value in values.get(parameter, ()) if value]
        if len(sent) > 1:
            raise Malformed(parameter, _("Choose one value."))
        return sent[0] if sent else ""


@dataclass(frozen=True, kw_only=True)
class Words(Filter):
    """A text that `apply` compares as the list sees fit: exactly, or by its beginning."""

    widget: ClassVar[str] = "words"
    apply: Callable[[Rows, str], Rows]
    placeholder: Text = ""

    def read(self, values: Values) -> Given:
        """One text of at most `LIMIT` characters."""
        sent = [text for value in values.get(self.name, ()) if (text := cleaned(value))]
        if len(sent) > 1:
            raise Malformed(self.name, _("Choose one value."))
        if sent and len(values[self.name][0]) > LIMIT:
            raise Malformed(self.name, _("Write at most %(limit)s characters.") % {"limit": LIMIT})
        return tuple((self.name, text) for text in sent)

    def narrow(self, rows: Rows, given: Given) -> Rows:
        """As `apply` does."""
        return self.apply(rows, given[0][1])

    def words(self, given: Given) -> str:
        """The text."""
        return f"{self.label}: {given[0][1]}"


def _day(parameter: str, text: str) -> date | None:
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = date.min
    if day.year not in _YEARS or day.isoformat() != text:
        raise Malformed(parameter, _("Write a day as YYYY-MM-DD."))
    return day


def start_of(day: date) -> datetime:
    """The moment at which a day begins for the reader."""
    return datetime(day.year, day.month, day.day, tzinfo=timezone.get_current_timezone())


def _shown(text: str) -> str:
    return formats.date_format(date.fromisoformat(text), "j M Y") if text else ""
