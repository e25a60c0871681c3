"""What a host product reports, read item by item: a wrong one is refused by itself, since the others have happened too."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext as _

from billing.errors.usage import MeterUnknown, UsageItemRefused, UsageKeyTaken, UsageTooEarly, UsageTooLate
from billing.models import Meter
from billing.models.usage import DIGITS, KEY_LIMIT, PLACES, VALUE_LIMIT
from portal.kit.errors import StewardError

EARLY = timedelta(minutes=5)  # Clocks of machines differ.
# Shorter than events are kept by key (90 days): what is sent again after that is refused as too old, never counted twice.
LATE = timedelta(days=28)
_NUMBER = re.compile(rf"[0-9]{{1,{DIGITS - PLACES}}}(\.[0-9]{{1,{PLACES}}})?")
_FIELDS = frozenset({"key", "meter", "quantity", "occurred_at", "properties"})


@dataclass(frozen=True, slots=True)
class Report:
    """One event as it was sent; nothing of it is trusted. `occurred_at`: RFC 3339, None for just now."""

    key: Any
    meter: Any
    quantity: Any = 1
    occurred_at: Any = None
    properties: Any = None
    unknown: tuple[str, ...] = ()

    @classmethod
    def of(cls, sent: Mapping[str, Any]) -> "Report":
        """A report from a JSON object."""
        known = {name: sent[name] for name in _FIELDS & sent.keys()}
        unknown = tuple(sorted(str(name) for name in sent.keys() - _FIELDS))
        return cls(**{"key": None, "meter": None, **known}, unknown=unknown)


class Verdict(StrEnum):
    """What became of a report."""

    COUNTED = "counted"
    DUPLICATE = "duplicate"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one report, with the code and sentence of its error when it was refused."""

    key: str
    verdict: Verdict
    code: str = ""
    detail: str = ""

    @classmethod
    def refused(cls, key: Any, error: StewardError) -> "Result":
        """One that cannot be counted."""
        return cls(key if isinstance(key, str) else "", Verdict.REFUSED, error.code, str(error.detail))

    @classmethod
    def taken(cls, key: str) -> "Result":
        """One under the key of another event."""
        return cls.refused(key, UsageKeyTaken())


@dataclass(frozen=True, slots=True)
class Read:
    """A report that can be counted. `digest` is of what was sent, so that sending it again is told from another event."""

    key: str
    meter: str
    quantity: Decimal
    value: str
    occurred_at: datetime
    distinct: bool
    digest: bytes


def read_reports(reports: Sequence[Report], meters: Mapping[str, Meter], now: datetime) -> list[Read | Result]:
    """Each report, read or refused, in their order. `now` is the present of who reports."""
    found: list[Read | Result] = []
    for one in reports:
        try:
            found.append(_read(one, meters, now))
        except StewardError as error:
            found.append(Result.refused(one.key, error))
    return found


def _read(one: Report, meters: Mapping[str, Meter], now: datetime) -> Read:
    if one.unknown:
        raise UsageItemRefused(_("There is no field %(name)s here.") % {"name": one.unknown[0][:60]})
    key = _text(one.key, "key", KEY_LIMIT)
    meter = meters.get(one.meter) if isinstance(one.meter, str) else None
    if meter is None:
        raise MeterUnknown
    quantity = _quantity(one.quantity)
    occurred_at = now if one.occurred_at is None else _moment(one.occurred_at)
    if occurred_at > now + EARLY:
        raise UsageTooEarly
    if occurred_at < now - LATE:
        raise UsageTooLate
    distinct = meter.aggregation == Meter.Aggregation.UNIQUE
    value = _value(one.properties, meter.property) if distinct else ""
    sent_at = "" if one.occurred_at is None else occurred_at.isoformat()
    body = f"{meter.code}\0{quantity.normalize():f}\0{value}\0{sent_at}"
    return Read(key, meter.code, quantity, value, occurred_at, distinct, hashlib.sha256(body.encode()).digest())


def _text(given: Any, field: str, limit: int) -> str:
    if not isinstance(given, str) or not given.strip() or len(given) > limit or not given.isprintable():
        raise UsageItemRefused(
            _("Write %(field)s as a text of 1 to %(limit)s characters.") % {"field": field, "limit": limit}
        )
    return given


def _quantity(given: Any) -> Decimal:
    """An exact number: a JSON integer, or a text of digits. A float has lost digits before it was sent."""
    text = str(given) if isinstance(given, int) and not isinstance(given, bool) else given
    if not isinstance(text, str) or not _NUMBER.fullmatch(text):
        raise UsageItemRefused(
            _("Write quantity as a whole number, or as a text such as 1.25: from 0 up, with at most nine decimals.")
        )
    return Decimal(text)


def _moment(given: Any) -> datetime:
    try:
        moment = datetime.fromisoformat(given)
        if moment.tzinfo is None:
            raise ValueError
        return moment.astimezone(UTC)
    except (TypeError, ValueError, OverflowError) as error:
        raise UsageItemRefused(_("Write occurred_at with a time zone, such as 2026-01-31T08:30:00Z.")) from error


def _value(properties: Any, name: str) -> str:
    """The value of the property that a meter of distinct things counts."""
    given = properties.get(name) if isinstance(properties, Mapping) else None
    if isinstance(given, int) and not isinstance(given, bool):
        given = str(given)
    return _text(given, f"properties.{name}", VALUE_LIMIT)
