"""Settings that the common floor reads: the installation itself, its look, its mails, its rate limits."""

from functools import lru_cache
from zoneinfo import available_timezones

from django.utils.translation import gettext_lazy as _

from portal.kit.runtime.declare import Group, Setting, Words, setting, unlimited
from portal.kit.runtime.kinds import Choice, Choices, Colour, Flag, Mail, Number, Picture, Reach, Text

INSTALLATION = Group(
    "installation", _("Installation"), _("Whom people turn to, and how times and numbers are written."), 0
)
BRAND = Group("brand", _("Branding"), _("Name, mark and colour of every page and mail."), 1)
MAIL = Group("mail", _("Mail"), _("What stands around every mail."), 6)
RATES = Group("rates", _("Rate limits"), _("How much one caller may ask for."), 7)

DATES: Choices = (
    ("text", "31 Dec 2026"),
    ("iso", "2026-12-31"),
    ("dots", "31.12.2026"),
    ("slashes", "31/12/2026"),
    ("us", "12/31/2026"),
)
NUMBERS: Choices = (
    ("comma", "1,234,567.89"),
    ("dot", "1.234.567,89"),
    ("space", "1\N{NARROW NO-BREAK SPACE}234\N{NARROW NO-BREAK SPACE}567,89"),
    ("apostrophe", "1\N{RIGHT SINGLE QUOTATION MARK}234\N{RIGHT SINGLE QUOTATION MARK}567.89"),
)


@lru_cache(maxsize=1)
def zones() -> tuple[tuple[str, str], ...]:
    """Every time zone that somebody may choose."""
    return tuple(
        (name, name.replace("_", " ")) for name in sorted(available_timezones()) if "/" in name or name == "UTC"
    )


CONTACT = setting(
    Setting(
        "installation.contact",
        INSTALLATION,
        _("Administrator contact"),
        _("Whom people with an inactive account, and those that maintenance holds up, are told to turn to."),
        Text(120, blank=False),
        attribute="STEWARD_ADMIN_CONTACT",
        variable="STEWARD_ADMIN_CONTACT",
    )
)
TIME_ZONE = setting(
    Setting(
        "installation.time_zone",
        INSTALLATION,
        _("Time zone"),
        _("Of schedules that name none, and of everybody who chose none."),
        Choice(zones),
        attribute="STEWARD_TIME_ZONE",
        variable="STEWARD_TIME_ZONE",
    )
)
DATE_FORMAT = setting(
    Setting(
        "installation.date_format",
        INSTALLATION,
        _("Dates"),
        _("How dates are written for everybody who chose no format."),
        Choice(lambda: DATES),
        default="text",
    )
)
NUMBER_FORMAT = setting(
    Setting(
        "installation.number_format",
        INSTALLATION,
        _("Numbers"),
        _("How numbers are written for everybody who chose no format."),
        Choice(lambda: NUMBERS),
        default="comma",
    )
)

BRAND_NAME = setting(
    Setting(
        "brand.name",
        BRAND,
        _("Product name"),
        _("Stands in the header, in the title of every page and in every mail."),
        Text(40, blank=False),
        default="Steward",
    )
)
BRAND_LOGO = setting(
    Setting(
        "brand.logo",
        BRAND,
        _("Mark"),
        _("A square picture in place of the first letter, on pages and as the icon of the browser's tab."),
        Picture(),
        default="",
    )
)
BRAND_ACCENT = setting(
    Setting(
        "brand.accent",
        BRAND,
        _("Accent colour"),
        _("Of buttons, links and what is chosen. Its tints, and the one for dark pages, are made from it."),
        Colour(),
        default="",
    )
)
SUPPORT = setting(
    Setting(
        "brand.support",
        BRAND,
        _("Support"),
        _("A mail address or a page, offered at the foot of pages before sign-in, of errors and of mails."),
        Reach(),
        default="",
    )
)
MAIL_FOOTER = setting(
    Setting(
        "mail.footer",
        MAIL,
        _("Footer"),
        _("The last lines of every mail: who sends it, with its address, where the law asks for that."),
        Text(500, lines=True),
        default="",
    )
)
REPLY_TO = setting(
    Setting(
        "mail.reply_to",
        MAIL,
        _("Replies go to"),
        _("The address that answers to our mails are sent to. Empty: to the sender."),
        Mail(),
        attribute="STEWARD_MAIL_REPLY_TO",
        variable="STEWARD_MAIL_REPLY_TO",
    )
)

_EACH_MINUTE = _("a minute")
_ANY = _("Any number")
_FLOOD = _("Whoever runs wild, or guesses, is slowed down less.")


def _rate(code: str, label: Words, text: Words, name: str, most: int = 1_000_000) -> Setting[int]:
    return setting(
        Setting(
            f"rates.{code}",
            RATES,
            label,
            text,
            Number(0, most, _EACH_MINUTE, _ANY),
            attribute=name,
            variable=name,
            weaker=unlimited,
            weakens=_FLOOD,
        )
    )


RATE_LIMITS = setting(
    Setting(
        "rates.limited",
        RATES,
        _("Limit requests"),
        _("Whether requests are limited at all."),
        Flag(),
        attribute="STEWARD_RATE_LIMITS",
        variable="STEWARD_RATE_LIMITS",
        weaker=lambda before, after: before and not after,
        weakens=_FLOOD,
    )
)
# By the name that a limit has for its number (`portal.kit.limits.Limit.number`).
RATES_BY_NAME = {
    one.attribute: one
    for one in (
        _rate("api", _("API calls"), _("Of one key or person."), "STEWARD_RATE_API"),
        _rate("anonymous", _("Requests before sign-in"), _("Of one network address."), "STEWARD_RATE_ANONYMOUS"),
        _rate("console", _("Requests of the console"), _("Of one session."), "STEWARD_RATE_CONSOLE"),
        _rate(
            "sensitive",
            _("Sensitive requests"),
            _("Sign-ins, password links, invitations and exports of one network address."),
            "STEWARD_RATE_SENSITIVE",
        ),
        _rate("authz", _("Authorisation checks"), _("Of one key."), "STEWARD_RATE_AUTHZ", 10_000_000),
    )
}
