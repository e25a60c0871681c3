"""How a person likes the console: its look, language, time zone, formats, first page. Worn by each request.

What a person set comes with the identity, so no page asks the database for it. Before sign-in two cookies of the
browser say how it should look. The middleware puts it on before the view and takes it off afterwards: pages, fragments
and error pages are right from their first byte. What nobody set, and what an older version had set and this one does
not know, is the default.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import asdict, dataclass, fields, replace
from datetime import date
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import formats, numberformat, timezone, translation
from django.utils.functional import Promise, lazy
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext

from portal.kit import pseudo, registry
from portal.kit.runtime.declare import Setting
from portal.kit.runtime.kinds import Choices
from portal.kit.settings import DATE_FORMAT, NUMBER_FORMAT, TIME_ZONE
from portal.kit.settings import DATES as DATES_OFFERED
from portal.kit.settings import NUMBERS as NUMBERS_OFFERED
from portal.kit.settings import zones as zones_offered

THEME_COOKIE = "theme"  # Written by the page's own script too, when the theme button is pressed.
LOOK_COOKIE = "look"
COOKIE_SECONDS = 31_536_000
# What a browser keeps for pages before sign-in, besides the theme.
LOOK = ("density", "font_size", "contrast", "motion", "language")
_PAIRS, _BETWEEN = "|", ":"
_GROUP = 3


@dataclass(frozen=True, slots=True)
class Preferences:
    """One value for each preference; as here, for whoever set nothing."""

    theme: str = "system"
    density: str = "comfortable"
    font_size: str = "normal"
    contrast: str = "system"
    motion: str = "system"
    language: str = "en"
    time_zone: str = ""
    date_format: str = ""
    number_format: str = ""
    start_page: str = ""
    shortcuts: bool = True


DEFAULT = Preferences()
NAMES = tuple(field.name for field in fields(Preferences))
# Day formats in the letters of Django's dates; "text" is translated.
DATES = {"iso": "Y-m-d", "dots": "d.m.Y", "slashes": "d/m/Y", "us": "m/d/Y"}
# What stands between thousands, and before the fraction.
NUMBERS = {
    "comma": (",", "."),
    "dot": (".", ","),
    "space": ("\N{NARROW NO-BREAK SPACE}", ","),
    "apostrophe": ("\N{RIGHT SINGLE QUOTATION MARK}", "."),
}
_worn: ContextVar[Preferences] = ContextVar("steward_preferences", default=DEFAULT)


def _left(setting: Setting[str]) -> str:
    """The choice of whoever leaves it to the installation, with what that is now."""
    return _now("That of the installation (%(example)s)") % {"example": setting.kind.shown(setting.value())}


_of_installation = lazy(_left, str)


def _languages() -> Choices:
    known: list[tuple[str, str | Promise]] = [("en", "English")]
    return known if settings.PRODUCTION else [*known, (pseudo.CODE, _("Pseudo-locale, for testers"))]


def _start_pages() -> Choices:
    own = [("", _("Home")), ("organisation", _("My organisation")), ("notifications", _("Notifications"))]
    return [*own, *((item.name, item.label) for item in registry.menu if item.realm == "platform" and item.url != "/")]


CHOICES: dict[str, Callable[[], Choices]] = {
    "theme": lambda: (("system", _("System")), ("light", _("Light")), ("dark", _("Dark"))),
    "density": lambda: (("comfortable", _("Comfortable")), ("compact", _("Compact"))),
    "font_size": lambda: (
        ("small", _("Small")),
        ("normal", _("Normal")),
        ("large", _("Large")),
        ("larger", _("Larger")),
    ),
    "contrast": lambda: (("system", _("System")), ("normal", _("Normal")), ("more", _("More"))),
    "motion": lambda: (("system", _("System")), ("reduce", _("Reduced"))),
    "language": _languages,
    "time_zone": lambda: (("", _("That of the installation")), *zones_offered()),
    "date_format": lambda: (("", _of_installation(DATE_FORMAT)), *DATES_OFFERED),
    "number_format": lambda: (("", _of_installation(NUMBER_FORMAT)), *NUMBERS_OFFERED),
    "start_page": _start_pages,
}


def is_offered(name: str, value: object) -> bool:
    """Whether `value` is one that the preference `name` can have here; False for names that there are not."""
    if name == "shortcuts":
        return isinstance(value, bool)
    return name in CHOICES and isinstance(value, str) and value in _offered(name, settings.PRODUCTION)


@lru_cache(maxsize=32)
def _offered(name: str, production: bool) -> frozenset[str]:
    """Asked with every request of somebody who set anything; `production` offers other languages."""
    return frozenset(value for value, _label in CHOICES[name]())


def of(stored: Mapping[str, Any]) -> Preferences:
    """The preferences of what is stored; what is not offered (any more) is left out."""
    known = {name: value for name, value in stored.items() if is_offered(name, value)}
    return replace(DEFAULT, **known) if known else DEFAULT


def current() -> Preferences:
    """What this request wears; the defaults in a job or command."""
    return _worn.get()


def wear(stored: Mapping[str, Any] | None, cookies: Mapping[str, str]) -> None:
    """Put on what a person stored (None: nobody is signed in), where nothing is stored what the cookies say."""
    if not stored and THEME_COOKIE not in cookies and LOOK_COOKIE not in cookies and TIME_ZONE.value() == "UTC":
        return  # Nearly every call of the API.
    _put_on(of({**_told(cookies), **(stored or {})}))


def _put_on(worn: Preferences) -> None:
    zone = worn.time_zone or TIME_ZONE.value()
    if worn is DEFAULT and zone == "UTC":
        return
    # A copy even where nothing differs from the defaults: `take_off` knows by it that there is something to take off.
    _worn.set(replace(worn))
    if worn.language != settings.LANGUAGE_CODE:
        translation.activate(worn.language)
    if zone != "UTC":
        timezone.activate(ZoneInfo(zone))


def take_off() -> None:
    """Back to the defaults: the next request of this thread is somebody else's."""
    if _worn.get() is not DEFAULT:
        _worn.set(DEFAULT)
        translation.deactivate()
        timezone.deactivate()


@contextmanager
def worn(chosen: Preferences) -> Iterator[None]:
    """Wear something else for the block: a sample. Language and look of the page around it stay as they are."""
    token = _worn.set(chosen)
    try:
        with timezone.override(ZoneInfo(chosen.time_zone or TIME_ZONE.value())):
            yield
    finally:
        _worn.reset(token)


def _told(cookies: Mapping[str, str]) -> dict[str, str]:
    found = {"theme": cookies[THEME_COOKIE]} if THEME_COOKIE in cookies else {}
    for pair in cookies.get(LOOK_COOKIE, "").split(_PAIRS)[: len(LOOK)]:
        name, _sign, value = pair.partition(_BETWEEN)
        if name in LOOK:
            found[name] = value
    return found


def look_cookie(worn: Preferences) -> str:
    """What the cookie of the look says; empty when it is the default."""
    said = ((name, getattr(worn, name)) for name in LOOK)
    return _PAIRS.join(f"{name}{_BETWEEN}{value}" for name, value in said if value != getattr(DEFAULT, name))


@lru_cache(maxsize=256)
def attributes(worn: Preferences, whole: bool = False) -> SafeString:
    """The attributes of <html> that the style sheets and scripts go by; `whole`: also where it is the default, for a
    sample, which would inherit what the page around it wears."""
    said = [("theme", worn.theme)]
    for short, name in (("density", "density"), ("size", "font_size"), ("contrast", "contrast"), ("motion", "motion")):
        value = getattr(worn, name)
        if whole or value != getattr(DEFAULT, name):
            said.append((short, value))
    said += [] if worn.shortcuts else [("shortcuts", "off")]
    return format_html_join(" ", 'data-{}="{}"', said)


def day_text(day: date) -> str:
    """A day as the person writes dates; the day itself is not moved into any time zone."""
    return _day_in(day, current().date_format or DATE_FORMAT.value(), translation.get_language() or "")


@lru_cache(maxsize=4096)
def _day_in(day: date, form: str, language: str) -> str:
    """A list shows the same few days a hundred times."""
    return formats.date_format(day, DATES.get(form) or pgettext("date format, day month year", "j M Y"))


def number_text(number: float, places: int | None = None) -> str:
    """A number with its thousands apart, as the person writes numbers; `places` after the point, None as many as it has."""
    thousands, point = NUMBERS[current().number_format or NUMBER_FORMAT.value()]
    return numberformat.format(
        number, point, decimal_pos=places, grouping=_GROUP, thousand_sep=thousands, force_grouping=True, use_l10n=False
    )


def as_stored(worn: Preferences) -> dict[str, Any]:
    """What has to be stored of preferences: what differs from the defaults."""
    return {name: value for name, value in asdict(worn).items() if value != getattr(DEFAULT, name)}


def zones() -> list[str]:
    """The names of all time zones that somebody may choose."""
    return [name for name, _label in zones_offered()]
