"""What the value of a setting may be: how it is read from JSON, kept as JSON, and said in words."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar, Generic, Literal, TypeVar
from urllib.parse import urlsplit
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.kit import brand

T = TypeVar("T")
Choices = Sequence[tuple[str, str | Promise]]
MOST_ENTRIES = 100
_DOMAIN = re.compile(r"(?=.{4,253}\Z)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}\Z")


class Refused(ValueError):
    """The value is not one that the setting can have; the text says what would be."""


class Kind(Generic[T]):
    """A type of values. `read` takes what JSON gives and raises `Refused`; `kept` is its way back."""

    name: ClassVar[str]

    def read(self, sent: object) -> T:
        """The value that `sent` stands for."""
        raise NotImplementedError

    def kept(self, value: T) -> object:
        """The value as JSON."""
        return value

    def shown(self, value: T) -> str:
        """The value in words."""
        return str(value)

    def installed(self, value: Any) -> T:
        """The value that the settings of Django hold."""
        found: T = value
        return found

    def written(self, text: str) -> T:
        """The value that a variable of the environment means by `text`."""
        return self.read(text)

    def bounds(self) -> str:
        """What is allowed, in words; empty where any value is."""
        return ""


def whole(sent: object) -> int:
    """A whole number out of JSON; a truth value is none."""
    if isinstance(sent, bool) or not isinstance(sent, int):
        raise Refused(_("Write a whole number."))
    return sent


def _text(sent: object) -> str:
    if not isinstance(sent, str):
        raise Refused(_("Write a text."))
    return sent.strip()


class Flag(Kind[bool]):
    """On or off."""

    name = "flag"

    def read(self, sent: object) -> bool:
        """True or false, nothing that merely counts as one."""
        if not isinstance(sent, bool):
            raise Refused(_("Write true or false."))
        return sent

    def written(self, text: str) -> bool:
        """As the environment's own default is written."""
        return text == "1"

    def shown(self, value: bool) -> str:
        """In a word."""
        return _("On") if value else _("Off")


@dataclass(frozen=True)
class Number(Kind[int]):
    """A whole number from `low` to `high`; `unit` stands behind it, `zero` in place of a 0."""

    low: int
    high: int
    unit: str | Promise = ""
    zero: str | Promise = ""
    name: ClassVar[str] = "number"

    def read(self, sent: object) -> int:
        """Within the bounds."""
        number = whole(sent)
        if not self.low <= number <= self.high:
            raise Refused(_("Write a whole number from %(low)d to %(high)d.") % {"low": self.low, "high": self.high})
        return number

    def written(self, text: str) -> int:
        """In digits."""
        return self.read(int(text))

    def shown(self, value: int) -> str:
        """With its unit."""
        return str(self.zero) if self.zero and not value else f"{value:,} {self.unit}".strip()

    def bounds(self) -> str:
        """From the lowest to the highest."""
        return _("%(low)s to %(high)s") % {"low": f"{self.low:,}", "high": f"{self.high:,}"}


Unit = Literal["seconds", "minutes", "hours", "days"]


_LARGER: dict[str, tuple[int, Unit]] = {"seconds": (60, "minutes"), "minutes": (60, "hours"), "hours": (24, "days")}


def _amount(number: int, unit: Unit) -> str:
    """In the largest unit of which it is two or more whole ones."""
    while unit in _LARGER and number >= 2 * _LARGER[unit][0] and number % _LARGER[unit][0] == 0:
        number, unit = number // _LARGER[unit][0], _LARGER[unit][1]
    if unit == "seconds":
        return ngettext("%(n)d second", "%(n)d seconds", number) % {"n": number}
    if unit == "minutes":
        return ngettext("%(n)d minute", "%(n)d minutes", number) % {"n": number}
    if unit == "hours":
        return ngettext("%(n)d hour", "%(n)d hours", number) % {"n": number}
    return ngettext("%(n)d day", "%(n)d days", number) % {"n": number}


@dataclass(frozen=True)
class Duration(Kind[timedelta]):
    """A time, counted in whole `unit`s from `low` to `high`; JSON holds the number."""

    unit: Unit
    low: int
    high: int
    name: ClassVar[str] = "duration"

    def read(self, sent: object) -> timedelta:
        """Within the bounds."""
        number = whole(sent)
        if not self.low <= number <= self.high:
            raise Refused(_("Choose from %(bounds)s.") % {"bounds": self.bounds()})
        return timedelta(**{self.unit: number})

    def kept(self, value: timedelta) -> int:
        """The number of units."""
        return value // timedelta(**{self.unit: 1})

    def installed(self, value: Any) -> timedelta:
        """Some settings hold the number of units."""
        return value if isinstance(value, timedelta) else timedelta(**{self.unit: value})

    def written(self, text: str) -> timedelta:
        """In digits."""
        return self.read(int(text))

    def shown(self, value: timedelta) -> str:
        """With its unit."""
        return _amount(self.kept(value), self.unit)

    def bounds(self) -> str:
        """From the shortest to the longest."""
        return _("%(low)s to %(high)s") % {"low": _amount(self.low, self.unit), "high": _amount(self.high, self.unit)}


@dataclass(frozen=True)
class Choice(Kind[str]):
    """One of several words; `choices` gives them with their labels."""

    choices: Callable[[], Choices]
    name: ClassVar[str] = "choice"

    def read(self, sent: object) -> str:
        """One that is offered."""
        text = _text(sent)
        if text not in {value for value, _label in self.choices()}:
            raise Refused(_("Choose one of the offered values."))
        return text

    def shown(self, value: str) -> str:
        """Its label."""
        return next((str(label) for known, label in self.choices() if known == value), value)


@dataclass(frozen=True)
class Text(Kind[str]):
    """A text of one line, or of several; at most `limit` characters."""

    limit: int
    blank: bool = True
    lines: bool = False
    name: ClassVar[str] = "text"

    def read(self, sent: object) -> str:
        """Without control characters; line breaks only where there may be several lines."""
        text = _text(sent).replace("\r\n", "\n")
        if not text and not self.blank:
            raise Refused(_("Write something."))
        if len(text) > self.limit:
            raise Refused(_("Write at most %(limit)d characters.") % {"limit": self.limit})
        if any(not (sign.isprintable() or (self.lines and sign == "\n")) for sign in text):
            raise Refused(_("Write it without control characters, on one line."))
        return text

    def bounds(self) -> str:
        """How long it may be."""
        return _("at most %(limit)d characters") % {"limit": self.limit}


class Url(Kind[str]):
    """The address of a page, by https; empty for none."""

    name = "url"

    def read(self, sent: object) -> str:
        """An address that a browser can open."""
        text = _text(sent)
        if text and not is_page(text):
            raise Refused(_("Write an address that begins with https://, or nothing."))
        return text


def is_page(text: str) -> bool:
    """Whether `text` is the https address of a page."""
    try:
        parts = urlsplit(text)
        host = parts.hostname
    except ValueError:
        return False
    return parts.scheme == "https" and bool(host) and len(text) <= 300 and text.isprintable() and " " not in text


class Reach(Kind[str]):
    """Where people turn to: a mail address or the https address of a page; empty for none."""

    name = "reach"

    def read(self, sent: object) -> str:
        """A mail address or a page."""
        text = _text(sent)
        if text and not is_page(text) and not is_mail(text):
            raise Refused(_("Write a mail address, or an address that begins with https://, or nothing."))
        return text


class Mail(Kind[str]):
    """A mail address; empty for none."""

    name = "mail"

    def read(self, sent: object) -> str:
        """An address that mails can be sent to."""
        text = _text(sent)
        if text and not is_mail(text):
            raise Refused(_("Write a mail address, or nothing."))
        return text


def is_mail(text: str) -> bool:
    """Whether `text` is a mail address."""
    try:
        validate_email(text)
    except ValidationError:
        return False
    return True


class Domains(Kind[tuple[str, ...]]):
    """Names of mail domains, one a line; none for any."""

    name = "domains"

    def read(self, sent: object) -> tuple[str, ...]:
        """Lower case, each once, in order."""
        if not isinstance(sent, list | tuple) or not all(isinstance(one, str) for one in sent):
            raise Refused(_("Write a list of names."))
        found = sorted({one.strip().lower().removeprefix("@").rstrip(".") for one in sent if one.strip()})
        if len(found) > MOST_ENTRIES:
            raise Refused(_("Write at most %(n)d names.") % {"n": MOST_ENTRIES})
        wrong = [one for one in found if not _DOMAIN.match(one)]
        if wrong:
            raise Refused(_("%(name)s is no domain. Write names like example.com.") % {"name": wrong[0][:80]})
        return tuple(found)

    def kept(self, value: tuple[str, ...]) -> list[str]:
        """A list."""
        return list(value)

    def shown(self, value: tuple[str, ...]) -> str:
        """One after the other."""
        return ", ".join(value) or _("Any")


class Colour(Kind[str]):
    """A colour as #rrggbb that can be read on our surfaces; empty for our own."""

    name = "colour"

    def read(self, sent: object) -> str:
        """Refused when words in it, or white words on it, would fall below the contrast of WCAG AA (4.5 to 1)."""
        text = _text(sent).lower()
        if not text:
            return text
        if not brand.is_colour(text):
            raise Refused(_("Write a colour like #1d57a5, or nothing."))
        ratio = brand.readability(text)
        if ratio < brand.AA:
            raise Refused(
                _("Text in this colour has a contrast of %(ratio)s to 1; it takes 4.5. Choose a darker one.")
                % {"ratio": f"{int(ratio * 10) / 10:.1f}"}
            )
        return text

    def shown(self, value: str) -> str:
        """As it is written."""
        return value or _("Steward's own")

    def bounds(self) -> str:
        """How a colour is written."""
        return _("As #rrggbb, such as %(own)s. Empty: Steward's own.") % {"own": brand.OWN}


class Picture(Kind[str]):
    """The name of a picture among the uploads; empty for none. Its files are made by the page that takes it."""

    name = "picture"

    def read(self, sent: object) -> str:
        """A name that we have given."""
        text = _text(sent)
        if not text:
            return text
        try:
            return str(UUID(text))
        except ValueError:
            raise Refused(_("Upload a picture on the page of this setting.")) from None

    def shown(self, value: str) -> str:
        """Whether there is one."""
        return _("Uploaded") if value else _("None")

    def bounds(self) -> str:
        """What may be uploaded."""
        return _("JPEG, PNG or WebP, up to 5 MB. It is cut to a square.")
