"""When a role or grant counts: at some hours, from some addresses, with a fresh second factor, for some attributes.

Conditions are evaluated at every check and never become part of what is remembered. There are three answers: they are
met, they are not, or the context does not say; then what allows does not count, and what denies does. The database
knows the same rules for lists (`rbac_met`).

    {"time": {"zone": "Europe/Berlin", "weekdays": [1, 2, 3, 4, 5], "from": "08:00", "to": "18:00"},
     "addresses": ["10.0.0.0/8", "2001:db8::/32"], "second_factor": {"within_minutes": 15},
     "attributes": {"resource": {"region": "eu"}, "context": {"channel": "web"}}}
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo, available_timezones

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from portal.kit import clock
from portal.kit import context as kit_context
from rbac.errors import ConditionsInvalid

MOST = 32  # Address ranges, and attributes of one kind.
LONGEST = 200  # Characters of an attribute's value.
WEEK = [1, 2, 3, 4, 5, 6, 7]  # As ISO counts: Monday is 1.
LONGEST_MINUTES = 60 * 24 * 30
_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
Conditions = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Situation:
    """What conditions ask for. None: the context does not say."""

    now: datetime
    address: str | None = None
    second_factor_at: datetime | None = None
    resource: Mapping[str, Any] | None = None
    context: Mapping[str, Any] = field(default_factory=dict)


def situation(person_id: UUID | None, context: Mapping[str, Any] | Situation | None = None) -> Situation:
    """What is known of a check of this person: address and second factor of the request, if it is that person's own,
    unless `context` says otherwise (`time`, `address`, `second_factor_at`; the rest are attributes). One that is made
    already stays as it is.

    `ConditionsInvalid` when one of the three is no time or no address.
    """
    if isinstance(context, Situation):
        return context
    said = dict(context or {})
    current = kit_context.current()
    if current is None or current.actor.id != person_id:
        address, second_factor_at = None, None
    else:
        address, second_factor_at = current.address, current.second_factor_at
    now = _moment(said.pop("time", None), "time") or clock.now()
    if "second_factor_at" in said:
        second_factor_at = _moment(said.pop("second_factor_at"), "second_factor_at")
    if "address" in said:
        address = said.pop("address")
        if address is not None and plain_address(address) is None:
            raise ConditionsInvalid(fields={"address": [str(_("Give one address, such as 192.0.2.7."))]})
    return Situation(now, None if address is None else plain_address(address), second_factor_at, None, said)


def at_object(here: Situation, attributes: Mapping[str, Any] | None) -> Situation:
    """The same situation for an object with these attributes."""
    return replace(here, resource=attributes)


def _moment(value: Any, name: str) -> datetime | None:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            value = ""
    if value is None or (isinstance(value, datetime) and value.tzinfo is not None):
        return value
    raise ConditionsInvalid(fields={name: [str(_("Give a time with its zone, such as 2026-01-31T09:00:00+00:00."))]})


@lru_cache(maxsize=4096)
def plain_address(written: str) -> str | None:
    """An address as the ranges are written: IPv4 also where it came wrapped in IPv6. None for what is no address."""
    try:
        found = ip_address(written)
    except ValueError:
        return None
    if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    return str(found).partition("%")[0]


def met(conditions: Conditions | None, here: Situation) -> bool | None:
    """Whether conditions are met; None when the context does not say."""
    answers = [_CHECKS[name](wanted, here) for name, wanted in (conditions or {}).items()]
    if False in answers:
        return False
    return None if None in answers else True


def _in_time(wanted: Mapping[str, Any], here: Situation) -> bool:
    local = here.now.astimezone(ZoneInfo(wanted["zone"]))
    hour, today = local.strftime("%H:%M"), local.isoweekday()
    begin, end, days = wanted["from"], wanted["to"], wanted["weekdays"]
    if begin < end:
        return begin <= hour < end and today in days
    # Over midnight: the morning belongs to the day before.
    return (hour >= begin and today in days) or (hour < end and (today + 5) % 7 + 1 in days)


def _from_address(wanted: list[str], here: Situation) -> bool | None:
    if here.address is None:
        return None
    address = ip_address(here.address)
    return any(address in _network(one) for one in wanted)


@lru_cache(maxsize=4096)
def _network(written: str) -> Any:
    return ip_network(written)


def _factor_fresh(wanted: Mapping[str, Any], here: Situation) -> bool | None:
    if here.second_factor_at is None:
        return None
    return here.second_factor_at > here.now - timedelta(minutes=wanted["within_minutes"])


def _attributes_equal(wanted: Mapping[str, Mapping[str, Any]], here: Situation) -> bool | None:
    answers: list[bool | None] = []
    for said, values in ((here.resource, wanted.get("resource")), (here.context, wanted.get("context"))):
        for name, value in (values or {}).items():
            answers.append(None if said is None or name not in said else _same(said[name], value))
    if False in answers:
        return False
    return None if None in answers else True


def _same(left: Any, right: Any) -> bool:
    """As JSON compares: true is not 1."""
    return isinstance(left, bool) == isinstance(right, bool) and bool(left == right)


_CHECKS: dict[str, Callable[[Any, Situation], bool | None]] = {
    "time": _in_time,
    "addresses": _from_address,
    "second_factor": _factor_fresh,
    "attributes": _attributes_equal,
}


def conditions_clean(value: object) -> dict[str, Any] | None:
    """Conditions as they are stored, None for none. `ConditionsInvalid` names what is wrong with which part."""
    if value is None or value == {}:
        return None
    if not isinstance(value, dict):
        raise _wrong("conditions", _("Write the conditions as an object."))
    unknown = value.keys() - _CLEANERS.keys()
    if unknown:
        raise _wrong(str(sorted(map(str, unknown))[0]), _("There is no such condition."))
    return {name: _CLEANERS[name](part) for name, part in value.items()}


def _wrong(part: str, why: str | Promise) -> ConditionsInvalid:
    return ConditionsInvalid(fields={part: [str(why)]})


def _clean_time(value: object) -> dict[str, Any]:
    if not isinstance(value, dict) or value.keys() - {"zone", "weekdays", "from", "to"} or "zone" not in value:
        raise _wrong("time", _("Give a zone, and weekdays, a beginning and an end where they matter."))
    zone = value["zone"]
    # Only names that the database knows as well: no file of this machine such as `localtime`.
    if not isinstance(zone, str) or not (zone == "UTC" or "/" in zone) or zone not in available_timezones():
        raise _wrong("time", _("That time zone is not known. Choose one such as Europe/Berlin."))
    days = value.get("weekdays", WEEK)
    if not isinstance(days, list) or not days or any(type(day) is not int or day not in WEEK for day in days):
        raise _wrong("time", _("Weekdays are numbers from 1 for Monday to 7 for Sunday."))
    begin, end = value.get("from", "00:00"), value.get("to", "24:00")
    for hour in (begin, end):
        if not isinstance(hour, str) or not (_TIME.fullmatch(hour) or (hour == "24:00" and hour is end)):
            raise _wrong("time", _("Write hours such as 08:00 or 17:30."))
    if begin == end:
        raise _wrong("time", _("Beginning and end are the same. Leave both out for the whole day."))
    return {"zone": zone, "weekdays": sorted(set(days)), "from": begin, "to": end}


def _clean_addresses(value: object) -> list[str]:
    if not isinstance(value, list) or not 1 <= len(value) <= MOST:
        raise _wrong("addresses", _("Give up to 32 addresses or ranges."))
    try:
        if not all(isinstance(one, str) and "%" not in one for one in value):
            raise ValueError
        return sorted({str(ip_network(one.strip())) for one in value})
    except ValueError:
        raise _wrong("addresses", _("Write addresses or ranges such as 192.0.2.7 or 10.0.0.0/8.")) from None


def _clean_factor(value: object) -> dict[str, int]:
    minutes = value.get("within_minutes") if isinstance(value, dict) and len(value) == 1 else None
    if type(minutes) is not int or not 1 <= minutes <= LONGEST_MINUTES:
        raise _wrong("second_factor", _("Say within how many minutes, from 1 to 43200."))
    return {"within_minutes": minutes}


def _clean_attributes(value: object) -> dict[str, dict[str, Any]]:
    if not isinstance(value, dict) or not value or value.keys() - {"resource", "context"}:
        raise _wrong("attributes", _("Name attributes of the resource or of the context."))
    cleaned: dict[str, dict[str, Any]] = {}
    for kind, wanted in value.items():
        if not isinstance(wanted, dict) or not 1 <= len(wanted) <= MOST:
            raise _wrong("attributes", _("Give up to 32 attributes with the value that each must have."))
        for name, one in wanted.items():
            if not isinstance(name, str) or not _NAME.fullmatch(name):
                raise _wrong("attributes", _("Names are small letters, digits and underscores."))
            if type(one) not in {str, int, bool} or len(str(one)) > LONGEST or "\0" in str(one):
                raise _wrong("attributes", _("Values are texts of up to 200 characters, whole numbers, true or false."))
        cleaned[kind] = dict(wanted)
    return cleaned


_CLEANERS: dict[str, Callable[[object], Any]] = {
    "time": _clean_time,
    "addresses": _clean_addresses,
    "second_factor": _clean_factor,
    "attributes": _clean_attributes,
}
