"""Reading a CSV of customers and what they take: what each row says, or why it cannot be read. Without a database."""

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from accounts.models.organisations import slug_validator
from billing.errors.customers import ImportUnreadable
from billing.places import place_checked, zone_checked
from portal.kit.errors import Invalid
from portal.kit.money import CurrencyUnknown, exponent

MOST_BYTES, MOST_ROWS, SHOWN = 2_000_000, 5_000, 60
REQUIRED = ("external_id", "organisation")
COLUMNS = (
    *REQUIRED, "name", "email", "line1", "line2", "postal_code", "city", "region", "country", "currency", "time_zone",
    "plan", "quantity", "started_at", "billed_until",
)  # fmt: skip
LIMITS = {"external_id": 80, "organisation": 40, "name": 120, "line1": 120, "line2": 120, "postal_code": 20, "city": 80}
SAMPLE = (
    "external_id,organisation,name,email,country,currency,time_zone,plan,quantity,started_at,billed_until\r\n"
    "old-1001,meadow,Meadow Dairy,billing@example.org,DE,EUR,Europe/Berlin,pro-monthly,5,2024-03-15,2026-12-15\r\n"
    "old-1002,harbour,Harbour Crafts,,FR,EUR,Europe/Paris,,,,\r\n"
)
Values = dict[str, str]
Refused = tuple[int, str, str, str]  # line, column, shortened value, reason


@dataclass
class Parsed:
    """The rows of a file that can be read, what is wrong with the others, and columns that nothing is taken from."""

    rows: list[tuple[int, Values]] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)


def parse(content: bytes) -> Parsed:
    """Read a whole file. `ImportUnreadable` when it is no CSV of customers at all."""
    reader = _reader(content)
    parsed = Parsed(ignored=[name[:SHOWN] for name in reader.fieldnames or () if name and name not in COLUMNS])
    seen: dict[str, int] = {}
    for number, (line, row) in enumerate(_rows(reader)):
        if number >= MOST_ROWS:
            raise ImportUnreadable(_("The file has more than %(n)d rows. Split it.") % {"n": MOST_ROWS})
        values = {name: str(row.get(name) or "").strip() for name in COLUMNS}
        wrong = problems(values)
        first = seen.setdefault(values["external_id"], line)
        if first != line:
            wrong["external_id"] = _("Line %(line)d has the same one; keep one of them.") % {"line": first}
        if row.get(None) is not None:  # type: ignore[call-overload] # where the csv module puts cells without a heading
            wrong[""] = _("The row has more cells than the header. Put cells with a comma in quotation marks.")
        parsed.refused += [(line, name, shortened(values.get(name, "")), why) for name, why in wrong.items()]
        if not wrong:
            parsed.rows.append((line, values))
    return parsed


def _reader(content: bytes) -> "csv.DictReader[str]":
    if len(content) > MOST_BYTES:
        raise ImportUnreadable(_("The file is larger than 2 MB. Split it and import the parts."))
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ImportUnreadable(_("The file is not UTF-8. Save it as “CSV UTF-8” and upload it again.")) from None
    if "\0" in text:
        raise ImportUnreadable(_("This is no text. Save it as “CSV UTF-8” and upload that."))
    head = text.lstrip("\r\n").split("\n", 1)[0]
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=head.count), strict=True)
    try:
        names = [name.strip().lower() for name in reader.fieldnames or ()]
    except csv.Error:
        names = []
    if missing := [name for name in REQUIRED if name not in names]:
        named = {"missing": ", ".join(missing)}
        raise ImportUnreadable(_("The first line must name the columns; missing there: %(missing)s.") % named)
    if twice := [name for name in COLUMNS if names.count(name) > 1]:
        raise ImportUnreadable(_("The column %(name)s stands twice; remove one.") % {"name": twice[0]})
    reader.fieldnames = names
    return reader


def _rows(reader: "csv.DictReader[str]") -> Iterator[tuple[int, Mapping[str, str | None]]]:
    try:
        for row in reader:
            yield reader.line_num, row
    except csv.Error as error:
        named = {"line": reader.line_num, "why": str(error)}
        raise ImportUnreadable(_("Line %(line)d cannot be read: %(why)s.") % named) from None


def shortened(value: str) -> str:
    """A refused value as it may be kept and shown."""
    text = "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in value[: SHOWN + 1])
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "\N{HORIZONTAL ELLIPSIS}"


def problems(values: Values) -> dict[str, str]:
    """What is wrong with the values of a row by themselves: the reason by the column."""
    wrong: dict[str, str] = {name: _("Fill this in.") for name in REQUIRED if not values[name]}
    for name, limit in LIMITS.items():
        if len(values[name]) > limit:
            wrong[name] = _("Shorten it to %(limit)d characters.") % {"limit": limit}
        elif not values[name].isprintable():
            wrong[name] = _("Take out what cannot be printed.")
    for name, check in (("organisation", slug_validator), ("email", validate_email)):
        if values[name] and name not in wrong:
            try:
                check(values[name])
            except ValidationError as error:
                wrong[name] = " ".join(error.messages)
    return wrong | _places(values) | _agreed(values)


def _places(values: Values) -> dict[str, str]:
    wrong = {}
    try:
        place_checked(values["country"], values["region"])
        zone_checked(values["time_zone"] or "UTC")
    except Invalid as error:
        wrong = {name: str(texts[0]) for name, texts in error.fields.items()}
    if values["currency"]:
        try:
            exponent(values["currency"])
        except CurrencyUnknown as error:
            wrong["currency"] = str(error.detail)
    return wrong


def _agreed(values: Values) -> dict[str, str]:
    """What is wrong with plan, quantity and dates; they come together or not at all."""
    wrong = {}
    dates = ("started_at", "billed_until")
    if not values["plan"]:
        given = [name for name in ("quantity", *dates) if values[name]]
        return {name: _("Name the plan as well, or leave this empty.") for name in given}
    if values["quantity"] and not (values["quantity"].isdecimal() and 1 <= int(values["quantity"][:9]) <= 1_000_000):
        wrong["quantity"] = _("Write a whole number from 1 to 1,000,000.")
    for name in dates:
        if not values[name]:
            wrong[name] = _("Say when: it decides what was billed already.")
        elif moment(values[name], "UTC") is None:
            wrong[name] = _("Write a day such as 2026-01-31, or a moment such as 2026-01-31T08:30:00Z.")
    return wrong


def moment(text: str, zone: str) -> datetime | None:
    """A day (its midnight) or a moment; without a zone of its own in the customer's. None for anything else."""
    try:
        found = datetime.fromisoformat(text)
        return (found if found.tzinfo else found.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
