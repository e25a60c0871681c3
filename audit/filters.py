"""What the trail is narrowed to, as it stands in an address."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime, time, timedelta
from ipaddress import ip_address
from typing import Any
from uuid import UUID

from django.http import QueryDict
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from audit.errors import FilterMalformed
from audit.models import Event
from portal.kit import clock, ids

DEFAULT_DAYS = 30
WIDER_DAYS = (90, 365, 3650)  # What "further back" offers, step by step; ten years are beyond any retention.
TEXT_LIMIT = 254  # The longest e-mail address; longer texts name nobody.
_FIRST_YEAR, _LAST_YEAR = 2000, 2199  # Dates that have a UUIDv7 and a day after them.

CATEGORIES: Mapping[str, str | Promise] = {
    "authentication": _("Sign-in"),
    "authorisation": _("Permissions"),
    "data": _("Data"),
    "system": _("System"),
    "security": _("Security"),
    "administration": _("Administration"),
    "billing": _("Billing"),
    "API": _("API"),
}
SEVERITIES: Mapping[str, str | Promise] = {
    "info": _("Information"),
    "notice": _("Notice"),
    "warning": _("Warning"),
    "critical": _("Critical"),
}
OUTCOMES: Mapping[str, str | Promise] = {
    Event.Outcome.OK: _("Done"),
    Event.Outcome.DENIED: _("Refused"),
    Event.Outcome.FAILED: _("Failed"),
}
# Each of these, like each category, severity and outcome, is one that the database's own constraint allows.
ACTOR_KINDS = ("anonymous", "person", "service", "key", "job", "system")
# Values of these may be several, in one parameter with commas or in several of the same name.
SEVERAL = ("category", "outcome", "severity")


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Empty fields do not narrow. Without `date_from` the last `days` days (before `date_to` or now) are looked at."""

    actor: str = ""
    code: str = ""
    category: tuple[str, ...] = ()
    outcome: tuple[str, ...] = ()
    severity: tuple[str, ...] = ()
    target: str = ""
    organisation: UUID | None = None
    request_id: str = ""
    address: str = ""
    date_from: date | None = None
    date_to: date | None = None
    days: int = DEFAULT_DAYS

    def bounds(self) -> tuple[UUID, UUID | None]:
        """The lowest id looked at and the first one beyond (None: up to now). Days are of the current time zone."""
        end = _midnight(self.date_to + timedelta(days=1)) if self.date_to else None
        start = _midnight(self.date_from) if self.date_from else (end or clock.now()) - timedelta(days=self.days)
        return ids.first_of(start), ids.first_of(end) if end else None

    def wider(self) -> int | None:
        """The next longer default window in days; None when dates were chosen or there is none."""
        return None if self.date_from else next((days for days in WIDER_DAYS if days > self.days), None)

    def query(self) -> dict[str, str]:
        """The parameters that `parse` reads as this filter; without those that do not narrow."""
        told = {item.name: _written(getattr(self, item.name)) for item in fields(self)}
        if self.days == DEFAULT_DAYS:
            del told["days"]
        return {name: text for name, text in told.items() if text}


def parse(values: Mapping[str, str]) -> EventFilter:
    """The filter in the query of an address; `FilterMalformed` names every value that cannot be one."""
    chosen: dict[str, Any] = {}
    wrong: dict[str, list[str]] = {}
    for name, read in READERS.items():
        text = _given(values, name)
        if not text:
            continue
        try:
            chosen[name] = read(text)
        except ValueError as error:
            wrong[name] = [str(error)]
    start, end = chosen.get("date_from"), chosen.get("date_to")
    if start and end and start > end:
        wrong["date_from"] = [str(_("The first day is after the last one."))]
    if wrong:
        raise FilterMalformed(fields=wrong)
    return EventFilter(**chosen)


def _given(values: Mapping[str, str], name: str) -> str:
    """The text of a parameter; of one that may stand several times, all of them with commas."""
    if name in SEVERAL and isinstance(values, QueryDict):
        return ",".join(values.getlist(name)).replace("\0", "").strip(", ")
    return (values.get(name) or "").replace("\0", "").strip()


def _written(value: Any) -> str:
    if isinstance(value, tuple):
        return ",".join(value)
    return "" if value is None else str(value)


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


def _text(text: str) -> str:
    if len(text) > TEXT_LIMIT:
        raise ValueError(_("Write at most %(limit)s characters.") % {"limit": TEXT_LIMIT})
    return text


def _some_of(choices: Iterable[str]) -> Callable[[str], tuple[str, ...]]:
    """Reads one value or several with commas; in the order of `choices`, so that equal filters are equal."""
    allowed = tuple(choices)

    def read(text: str) -> tuple[str, ...]:
        given = {part.strip() for part in text.split(",")} - {""}
        if not given <= set(allowed):
            raise ValueError(_("Choose one of: %(choices)s.") % {"choices": ", ".join(allowed)})
        return tuple(value for value in allowed if value in given)

    return read


def _organisation(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise ValueError(_("Write the id of one organisation.")) from None


def _address(text: str) -> str:
    try:
        address = ip_address(text)
    except ValueError:
        address = None
    if address is None or "%" in text:  # The database knows no interface zones.
        raise ValueError(_("Write one IPv4 or IPv6 address."))
    return str(address)


def _date(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = date.min
    if not _FIRST_YEAR <= day.year <= _LAST_YEAR:
        raise ValueError(_("Write a day as year-month-day, such as 2026-03-31."))
    return day


def _days(text: str) -> int:
    allowed = (DEFAULT_DAYS, *WIDER_DAYS)
    if text not in {str(days) for days in allowed}:
        raise ValueError(_("Choose one of: %(choices)s.") % {"choices": ", ".join(map(str, allowed))})
    return int(text)


READERS: Mapping[str, Callable[[str], Any]] = {
    "actor": _text,
    "code": _text,
    "category": _some_of(CATEGORIES),
    "outcome": _some_of(OUTCOMES),
    "severity": _some_of(SEVERITIES),
    "target": _text,
    "organisation": _organisation,
    "request_id": _text,
    "address": _address,
    "date_from": _date,
    "date_to": _date,
    "days": _days,
}
