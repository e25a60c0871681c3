"""Template tags of the shared design layer: icons, chips, avatars, times, sizes and form fields.

Use `{% load kit %}`. Every tag returns escaped HTML without style attributes or scripts, as the content policy demands.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django import template
from django.contrib.messages.storage.base import Message
from django.forms import BoundField, CheckboxInput, FileInput, PasswordInput, RadioSelect, Select, Textarea
from django.forms.boundfield import BoundWidget
from django.forms.widgets import CheckboxSelectMultiple
from django.http import QueryDict
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils import formats, timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from portal.kit import clock, forms, preferences, toasts
from portal.kit.notices.selectors import COUNT_LIMIT
from portal.kit.preferences import day_text as _day
from portal.kit.preferences import number_text as _count

register = template.Library()

TONES = {"ok": "ok", "good": "ok", "warn": "warn", "bad": "bad", "info": "info"}
HUES = 5
PICTURE_SMALL, PICTURE_LARGE = 64, 256  # Pixels of the side, as avatars are stored.
# Fields of several controls: the template draws each.
SETS = frozenset({"group", "multi", "segmented", "range"})
NO_BREAK = "\N{NO-BREAK SPACE}"
SIZE_STEP = 1000
SIZE_UNITS = ("B", "kB", "MB", "GB", "TB", "PB")
MINUTE, HOUR, DAY = 60, 3_600, 86_400
WEEK_DAYS = 7


@register.simple_tag
def icon(name: str, label: str = "", extra: str = "") -> SafeString:
    """Draw the sprite part `name`; with `label` it is an image for assistive technology, else decoration.

    `extra` adds a class: "s" is the small size, "spin" turns.
    """
    href = f"{static('kit/icons.svg')}#{name}"
    classes = f"ic {extra}".strip()
    if label:
        return format_html(
            '<svg class="{}" width="18" height="18" role="img" aria-label="{}"><use href="{}"/></svg>',
            classes,
            label,
            href,
        )
    return format_html(
        '<svg class="{}" width="18" height="18" aria-hidden="true"><use href="{}"/></svg>', classes, href
    )


@register.simple_tag
def status(tone: str, label: str) -> SafeString:
    """Chip with a dot and a word. Tones: ok, warn, bad, info; anything else is neutral."""
    return format_html('<span class="{}">{}</span>', f"st {TONES.get(str(tone), '')}".strip(), label)


@register.simple_tag
def avatar(label: str, hue: int | None = 0, size: str = "", picture: UUID | str | None = None) -> SafeString:
    """Round initials, under the person's `picture` where there is one; decoration, the name stands beside it.

    `label`: initials or a name; `size`: "", "tiny", "big". A picture that cannot be fetched leaves the initials.
    """
    text = str(label or "?").strip()
    words = text.split()
    initials = text if len(text) <= 2 else "".join(word[0] for word in (words[0], words[-1])[: len(words)])
    classes = f"av av{int(hue or 0) % HUES} {size}".strip()
    if not picture:
        return format_html('<span class="{}" aria-hidden="true">{}</span>', classes, initials.upper())
    # Twice the size that it is shown in, for sharp screens; only what scrolls into sight is fetched.
    return format_html(
        '<span class="{}" aria-hidden="true">{}<img src="/avatars/{}/{}" alt="" loading="lazy"></span>',
        classes,
        initials.upper(),
        picture,
        PICTURE_LARGE if size == "big" else PICTURE_SMALL,
    )


@register.simple_tag
def look() -> SafeString:
    """The attributes of <html> by which the page looks as the person likes it."""
    return preferences.attributes(preferences.current())


def _past(seconds: int, moment: datetime, now: datetime) -> str:
    if seconds < MINUTE:
        return _("just now")
    if seconds < HOUR:
        minutes = seconds // MINUTE
        return ngettext("%(n)s minute ago", "%(n)s minutes ago", minutes) % {"n": minutes}
    days = (now.date() - moment.date()).days
    if seconds < DAY and (days == 0 or seconds < DAY // 2):
        hours = seconds // HOUR
        return ngettext("%(n)s hour ago", "%(n)s hours ago", hours) % {"n": hours}
    if days <= 1:
        return _("yesterday")
    if days < WEEK_DAYS:
        return ngettext("%(n)s day ago", "%(n)s days ago", days) % {"n": days}
    return _day(moment.date())


def _future(seconds: int, moment: datetime, now: datetime) -> str:
    if seconds < MINUTE:
        return _("in a moment")
    if seconds < HOUR:
        minutes = seconds // MINUTE
        return ngettext("in %(n)s minute", "in %(n)s minutes", minutes) % {"n": minutes}
    days = (moment.date() - now.date()).days
    if days == 0 or seconds < DAY // 2:
        hours = seconds // HOUR
        return ngettext("in %(n)s hour", "in %(n)s hours", hours) % {"n": hours}
    if days <= 1:
        return _("tomorrow")
    if days < WEEK_DAYS:
        return ngettext("in %(n)s day", "in %(n)s days", days) % {"n": days}
    return _day(moment.date())


def relative_text(moment: datetime, now: datetime) -> str:
    """Say how long ago or ahead `moment` is, beyond a week its date. Both aware; days follow the current time zone."""
    local, here = timezone.localtime(moment), timezone.localtime(now)
    seconds = int((here - local).total_seconds())
    return _past(seconds, local, here) if seconds >= 0 else _future(-seconds, local, here)


def exact_text(moment: datetime) -> str:
    """The moment to the second with its zone, for tooltips and evidence."""
    local = timezone.localtime(moment)
    when = {"day": _day(local.date()), "time": f"{local:%H:%M:%S}", "zone": local.tzname()}
    return pgettext("exact moment", "%(day)s, %(time)s %(zone)s") % when


@register.simple_tag
def when(moment: datetime | date | None, style: str = "relative", empty: str = "") -> SafeString:
    """`<time>` with the machine value and the exact time on hover.

    Styles: relative ("2 minutes ago"), date ("12 Nov 2026"), time ("03:30"), clock ("03:30:02"), exact.
    Without a moment: `empty`, else "never", in quiet ink.
    """
    if not moment:
        return format_html('<span class="quiet">{}</span>', empty or _("never"))
    if not isinstance(moment, datetime):
        return format_html('<time datetime="{}">{}</time>', moment.isoformat(), _day(moment))
    machine, exact = moment.isoformat(timespec="seconds"), exact_text(moment)
    return format_html('<time datetime="{}" title="{}">{}</time>', machine, exact, _styled(moment, style))


def _styled(moment: datetime, style: str) -> str:
    local = timezone.localtime(moment)
    if style == "date":
        return _day(local.date())
    if style in {"time", "clock"}:
        return formats.date_format(local, "H:i" if style == "time" else "H:i:s")
    return exact_text(moment) if style == "exact" else relative_text(moment, clock.now())


@register.simple_tag(name="bytes")
def size(number: float | None) -> str:
    """Bytes as a decimal size with three digits at most: 0 B, 9.4 kB, 238 MB."""
    if number is None:
        return "\N{EN DASH}"
    value = float(number)
    power = 0
    while abs(value) >= SIZE_STEP - 0.5 and power < len(SIZE_UNITS) - 1:
        value /= SIZE_STEP
        power += 1
    places = 1 if power and abs(value) < 10 else 0
    return f"{_count(round(value, places), places)}{NO_BREAK}{SIZE_UNITS[power]}"


@register.simple_tag
def duration(seconds: float | None) -> str:
    """Seconds in the two largest units that matter: 850 ms, 41 s, 1 min 54 s, 2 h 5 min, 3 d 4 h."""
    if seconds is None:
        return "\N{EN DASH}"
    if 0 < seconds < 1:
        return f"{max(1, round(seconds * 1000))}{NO_BREAK}ms"
    left = round(seconds)
    parts: list[str] = []
    for unit, length in (("d", DAY), ("h", HOUR), ("min", MINUTE), ("s", 1)):
        amount, left = divmod(left, length)
        if amount:
            parts.append(f"{amount}{NO_BREAK}{unit}")
        elif parts:
            break
        if len(parts) == 2:
            break
    return " ".join(parts) or f"0{NO_BREAK}s"


@register.simple_tag
def cell(value: Any) -> str:
    """A value of unknown sort, as rows of a sample hold them: moments exact, numbers grouped, yes or no, nothing a dash."""
    if isinstance(value, datetime | date):
        return when(value, "exact")
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return count(value)


@register.filter
def count(number: int | str | None) -> str:
    """A whole number with its thousands apart as the person likes it: 8,112. Text passes unchanged, None is a dash."""
    if number is None or number == "":
        return "\N{EN DASH}"
    return _count(number) if isinstance(number, int) and not isinstance(number, bool) else str(number)


@dataclass(frozen=True)
class _Kind:
    """How one sort of widget is drawn: its name in the template and its extra HTML attributes."""

    name: str
    attrs: dict[str, str]


def _kind(bound: BoundField) -> _Kind:
    widget = bound.field.widget
    for widget_class, name in (
        (forms.DateRangeInput, "range"),
        (forms.MultiSelect, "multi"),
        (forms.GroupedChecks, "groups"),
        (forms.Segmented, "segmented"),
        (forms.Switch, "switch"),
        (CheckboxSelectMultiple, "group"),
        (RadioSelect, "group"),
        (CheckboxInput, "checkbox"),
        (PasswordInput, "password"),
        (FileInput, "file"),
        (Select, "select"),
        (Textarea, "textarea"),
    ):
        if isinstance(widget, widget_class):
            return _Kind(name, {"data-file": ""} if name == "file" else {})
    return _Kind("text", {})


@register.simple_tag
def field(bound: BoundField, help_text: str = "", optional: bool = True, **attrs: Any) -> SafeString:
    """Draw a form field: label, control, help and error, tied together by aria-describedby.

    `help_text` replaces the field's own; `optional=False` hides the word "optional"; other keywords become attributes
    of the control, underscores as hyphens: `{% field form.identifier autofocus=True autocomplete="username" %}`.
    """
    kind = _kind(bound)
    control = {name.replace("_", "-"): value for name, value in attrs.items()} | kind.attrs
    if help_text:
        bound.help_text = help_text
    values: dict[str, Any] = {
        "bound": bound,
        "kind": kind.name,
        "control": bound.as_widget(attrs=control) if kind.name not in SETS else "",
        "half": bound.name in getattr(bound.form, "halves", ()),
        "show_optional": optional
        and not bound.field.required
        and kind.name not in {"checkbox", "switch", "group", "groups"},
    }
    if kind.name == "groups":
        values["groups"] = _groups(bound)
    if kind.name == "multi":
        values["chosen"] = len(bound.value() or ())
        values["search"] = len(bound.field.choices) >= forms.MultiSelect.SEARCH_FROM  # type: ignore[attr-defined]
    return render_to_string("kit/_field.html", values)


def _groups(bound: BoundField) -> list[tuple[str, list[BoundWidget]]]:
    """The boxes of a field of `GroupedChecks`, by their groups."""
    boxes = iter(bound)
    return [(str(label), [next(boxes) for _choice in within]) for label, within in bound.field.choices]  # type: ignore[attr-defined]


@register.filter
def toast(message: Message) -> toasts.Toast:
    """A message as a toast: text, tone and perhaps an action."""
    return toasts.of(message)


@register.simple_tag(takes_context=True)
def confirm_url(context: template.Context, dialog: str) -> str:
    """The present address with the dialog of that id open: for who has no scripts, and for links to it."""
    request = context.get("request")
    query = request.GET.copy() if request is not None else QueryDict(mutable=True)
    query["confirm"] = dialog
    return f"?{query.urlencode()}"


@register.filter
def marked(text: str) -> SafeString:
    """Text of our own docstrings: what stands between backticks as code, everything else escaped."""
    parts = text.split("`")
    if len(parts) % 2 == 0:  # One backtick without its other: it means itself.
        return format_html("{}", text)
    pairs = (("<code>{}</code>" if place % 2 else "{}", part) for place, part in enumerate(parts))
    return SafeString("".join(format_html(form, part) for form, part in pairs))


@register.filter
def unread_text(number: int) -> str:
    """A number for a badge: 3, or 99+ where nobody counts further."""
    return f"{COUNT_LIMIT}+" if number > COUNT_LIMIT else str(number)
