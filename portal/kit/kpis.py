"""Key figures: each declared once, in the room that owns its data (`kpis.py`), and read by pages, API and Prometheus.

A declaration says how the figure is computed and which convention that follows; both stand next to the number wherever it
is shown. Where an input is missing the figure names it instead of showing a number.
"""

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any, Literal, TypeVar
from uuid import UUID

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.kit import preferences
from portal.kit.money import Money, half_up, shown
from portal.kit.registry import Registry, Text

T = TypeVar("T")
Unit = Literal["money", "count", "share", "factor", "days", "months", "score", "seconds", "per_minute"]
Category = Literal["business", "customers", "product", "sales", "finance"]
CATEGORIES: Mapping[Category, Promise] = {
    "business": gettext_lazy("Business"),
    "customers": gettext_lazy("Customers"),
    "product": gettext_lazy("Product and use"),
    "sales": gettext_lazy("Sales and marketing"),
    "finance": gettext_lazy("Finance"),
}


@dataclass(frozen=True, slots=True)
class Span:
    """The time that figures are of: half-open, in UTC. What is a state (MRR, receivable) is taken at `end`.

    Money is of one `currency`; nothing is converted in silence.
    """

    start: datetime
    end: datetime
    currency: str

    def before(self) -> "Span":
        """The span of the same length that ends where this one begins."""
        return Span(self.start - (self.end - self.start), self.start, self.currency)

    @property
    def length(self) -> timedelta:
        """How long it is."""
        return self.end - self.start

    @property
    def days(self) -> tuple[date, date]:
        """The whole days (UTC) that stand for it, the first and the last: the day in which it ends and those before it
        as far as the day in which it starts, without that one. So the days of spans side by side are side by side."""
        moment = timedelta(microseconds=1)
        return (self.start - moment).date() + timedelta(days=1), (self.end - moment).date()


@dataclass(frozen=True, slots=True)
class Figure:
    """A value, exact (minor units for money, 0 to 1 for a share), or the reason why there is none.

    `missing` names the input that is not there; `note` says what the number leaves out or why it has no bounds ("no loss").
    """

    value: Fraction | None
    missing: Text = ""
    note: Text = ""


@dataclass(frozen=True, slots=True)
class Part:
    """What one organisation, or one group, adds to a figure. `note` says what its value is made of."""

    label: str
    value: Fraction
    organisation_id: UUID | None = None
    note: str = ""


@dataclass(frozen=True)
class Kpi:
    """A key figure. `definition` is a sentence with its formula and convention; `read` computes it, `parts` says where it
    comes from (None: it cannot be split). `direction` says which way is good. A `heavy` one looks at every customer: it is
    read for Prometheus every quarter of an hour only."""

    code: str
    label: Text
    unit: Unit
    category: Category
    direction: Literal["up", "down", "none"]
    definition: Text
    read: Callable[[Span], Figure]
    parts: Callable[[Span], Sequence[Part]] | None = None
    heavy: bool = False


kpis: Registry[Kpi] = Registry("Key figure", lambda item: item.code)


_known: ContextVar[dict[Hashable, Any] | None] = ContextVar("steward_kpis", default=None)


@contextmanager
def together() -> Iterator[None]:
    """Figures that are read in this block share what they are made of: one look at the database for each `once`."""
    token = _known.set({})
    try:
        yield
    finally:
        _known.reset(token)


def once(key: Hashable, make: Callable[[], T]) -> T:
    """What `make` gives, asked for once inside `together`."""
    known = _known.get()
    if known is None:
        return make()
    if key not in known:
        known[key] = make()
    found: T = known[key]
    return found


def missing(what: Text) -> Figure:
    """No number: `what` is not known."""
    return Figure(None, missing=what)


def ratio(above: Fraction | int, below: Fraction | int, *, none: Text) -> Figure:
    """A quotient; where the divisor is 0 there is no number, and `none` says so."""
    return Figure(Fraction(above) / Fraction(below)) if below else Figure(None, note=none)


def written(kpi: Kpi, figure: Figure, currency: str) -> str:
    """The value as people read it; a dash where there is none."""
    if figure.value is None:
        return str(figure.note) or "–"
    value = figure.value
    match kpi.unit:
        case "money":
            return shown(Money(half_up(value), currency))
        case "share":
            return _("%(number)s %%") % {"number": _rounded(value * 100, 1)}
        case "factor":
            return _rounded(value, 2)
        case "days":
            return _("%(number)s days") % {"number": _rounded(value, 1)}
        case "months":
            return _("%(number)s months") % {"number": _rounded(value, 1)}
        case "seconds":
            return _("%(number)s s") % {"number": _rounded(value, 3)}
        case "per_minute":
            return _("%(number)s a minute") % {"number": _rounded(value, 1)}
        case _:
            return _rounded(value, 0)


def change(kpi: Kpi, now: Figure, then: Figure) -> tuple[Fraction | None, str]:
    """How much a figure moved since the span before, relatively (a share: in its own points), and whether that is good,
    bad or neither."""
    if now.value is None or then.value is None:
        return None, ""
    if kpi.unit == "share":
        moved = now.value - then.value
    elif then.value:
        moved = (now.value - then.value) / abs(then.value)
    else:
        return None, ""
    if not moved or kpi.direction == "none":
        return moved, ""
    return moved, "good" if (moved > 0) == (kpi.direction == "up") else "bad"


def _rounded(value: Fraction, places: int) -> str:
    scaled = half_up(value * 10**places)
    return preferences.number_text(scaled / 10**places, places)
