"""What the trail is narrowed to, as it stands in an address."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from ipaddress import ip_address
from typing import Any
from uuid import UUID

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
ACTOR_KINDS = frozenset({"anonymous", "person", "service", "key", "job", "system"})


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Empty fields do not narrow. Without `date_from` the last `days` days (before `date_to` or now) are looked at."""

    actor: str = ""
    code: str = ""
    category: str = ""
    outcome: str = ""
    severity: str = ""
    target: str = ""
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


def parse(values: Mapping[str, str]) -> EventFilter:
    """The filter in the query of an address; `FilterMalformed` names every value that cannot be one."""
    chosen: dict[str, Any] = {}
    wrong: dict[str, list[str]] = {}
    for name, read in READERS.items():
        text = (values.get(name) or "").replace("\0", "").strip()
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


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


def _text(text: str) -> str:
    if len(text) > TEXT_LIMIT:
        raise ValueError(_("Write at most %(limit)s characters.") % {"limit": TEXT_LIMIT})
    return text


def _one_of(choices: Mapping[str, str | Promise]) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in choices:
            raise ValueError(_("Choose one of: %(choices)s.") % {"choices": ", ".join(choices)})
        return text

    return read


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
    "category": _one_of(CATEGORIES),
    "outcome": _one_of(OUTCOMES),
    "severity": _one_of(SEVERITIES),
    "target": _text,
    "request_id": _text,
    "address": _address,
    "date_from": _date,
    "date_to": _date,
    "days": _days,
}
