"""Template tags of what an installation looks like: name, mark, colour, icon, support. `{% load kit_brand %}`.

They need neither a request nor a person, so error pages and maintenance show them as well.
"""

from collections.abc import Mapping

from django import template
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from portal.kit import brand
from portal.kit.runtime.kinds import is_mail
from portal.kit.settings import BRAND_ACCENT, BRAND_LOGO, BRAND_NAME, SUPPORT

register = template.Library()
# An S on a square of the accent, in the page itself: one request less for every page.
_ICON = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'%3E%3Crect width='32' height='32' rx='8' "
    "fill='%23{}'/%3E%3Cpath d='M20.6 11.8c-.7-1.7-2.4-2.6-4.5-2.6-2.7 0-4.7 1.3-4.7 3.4 0 4.6 9.6 2.1 9.6 6.9 0 2.1-2 "
    "3.4-4.9 3.4-2.5 0-4.4-1.1-5-3' fill='none' stroke='%23fff' stroke-width='2.6' stroke-linecap='round'/%3E%3C/svg%3E"
)
_LETTER = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'%3E%3Crect width='32' height='32' rx='8' "
    "fill='%23{}'/%3E%3Ctext x='16' y='22.5' text-anchor='middle' font-family='sans-serif' font-weight='700' font-size='19' "
    "fill='%23fff'%3E{}%3C/text%3E%3C/svg%3E"
)
_SUPPORT = '<p class="support">{} <a href="{}">{}</a></p>'


@register.simple_tag
def product() -> str:
    """The name of the product."""
    return BRAND_NAME.value()


@register.simple_tag
def mark(organisation: Mapping[str, str] | None = None) -> SafeString:
    """The square before a name: the installation's own, or the first letter of an organisation. Decoration."""
    if organisation and not organisation.get("own"):
        return format_html('<span class="mark" aria-hidden="true">{}</span>', organisation["initial"])
    return own_mark(BRAND_NAME.value(), BRAND_LOGO.value())


def own_mark(name: str, logo: str) -> SafeString:
    """The mark of an installation with that name and picture."""
    if logo:
        return format_html('<span class="mark" aria-hidden="true"><img src="{}" alt=""></span>', logo_url(logo, 64))
    return format_html('<span class="mark" aria-hidden="true">{}</span>', name[:1].upper())


def logo_url(logo: str, side: int) -> str:
    """Where a picture of the brand lies."""
    return f"/brand/logo/{logo}/{side}"


@register.simple_tag
def accent() -> SafeString:
    """The style sheet of the accent; nothing where it is Steward's own."""
    colour = BRAND_ACCENT.value()
    return accent_style(colour) if colour else SafeString("")


def accent_style(colour: str, *, sample: bool = False) -> SafeString:
    """The link to the style sheet of a colour, for the page or for a sample inside it."""
    where = f"/brand/{colour[1:]}{'/sample' if sample else ''}.css"
    return format_html('<link rel="stylesheet" href="{}">', where)


@register.simple_tag
def favicon() -> SafeString:
    """The icon of the browser's tab."""
    logo = BRAND_LOGO.value()
    if logo:
        return format_html('<link rel="icon" type="image/webp" href="{}">', logo_url(logo, 64))
    colour = (BRAND_ACCENT.value() or brand.OWN)[1:]
    first = BRAND_NAME.value()[:1].upper()
    letter = urlencode({"": first})[1:] if first.isalnum() else "S"
    drawn = _ICON.format(colour) if first == "S" else _LETTER.format(colour, letter)
    return format_html('<link rel="icon" type="image/svg+xml" href="{}">', mark_safe(drawn))  # noqa: S308 - made here


@register.simple_tag
def support() -> SafeString:
    """The way to somebody who helps; nothing where the installation names none."""
    where = SUPPORT.value()
    if not where:
        return SafeString("")
    url = f"mailto:{where}" if is_mail(where) else where
    return format_html(_SUPPORT, _("Questions?"), url, where if is_mail(where) else _("Get help"))
