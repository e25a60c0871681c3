"""What a person's name, user name and e-mail address may look like: one set of rules for all doors."""

import re

from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts import addresses
from accounts.models import User, username_validator

FIELDS = ("name", "username", "email")
LIMITS = {field: int(getattr(User._meta.get_field(field), "max_length", 0)) for field in FIELDS}
# Control characters, line and paragraph separators, and the marks that turn the direction of what follows: none belongs
# in a name, and each can make a list, a mail header or a log say something else than it holds.
INVISIBLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_email_validator = EmailValidator()

# By code, since an import keeps the code and says it in the reader's language. %(limit)s and %(line)s are filled in.
REASONS: dict[str, str | Promise] = {
    "missing": _("It is missing."),
    "too_long": _("It is longer than %(limit)s characters."),
    "invisible": _("It contains line breaks or invisible control characters."),
    "username": _(
        "A user name has lower-case letters, digits, dots, hyphens or underscores, "
        "and starts and ends with a letter or digit."
    ),
    "email": _("It is not an e-mail address."),
    "formula": _("It starts like a formula (=, +, -, @ or a tab); a spreadsheet would run it."),
    "columns": _("The row has not as many values as the header has columns."),
    "quotes": _("A quotation mark is not closed, or stands in the middle of a value."),
    "row_too_long": _("The row is too long to be a person."),
    "duplicate": _("Line %(line)s of this file has it already."),
    "taken": _("Somebody has this already."),
    "look_alike": _("It could be taken for another address. Write it in plain letters (a to z), or in one script."),
    "ignored": _("This column is not imported."),
}


def normalised(field: str, value: str) -> str:
    """The value as it is stored: no blanks around it, user names in lower case, addresses in their one form."""
    if field == "email":
        return addresses.canonical(value)
    text = value.strip()
    return text.lower() if field == "username" else text


def problem(field: str, value: str) -> str:
    """The code of what is wrong with a normalised value of `field`; empty when nothing is."""
    if not value:
        return "missing"
    if INVISIBLE.search(value):
        return "invisible"
    if len(value) > LIMITS[field]:
        return "too_long"
    if field == "username" and not _passes(username_validator, value):
        return "username"
    if field == "email" and addresses.looks_like_another(value):
        return "look_alike"
    if field == "email" and not _passes(_email_validator, value):
        return "email"
    return ""


def _passes(validator: EmailValidator | object, value: str) -> bool:
    try:
        validator(value)  # type: ignore[operator]
    except ValidationError:
        return False
    return True


def reason_text(code: str, field: str = "") -> str:
    """The sentence of a reason; `code` may carry a number after a colon, the line that it points to."""
    name, _colon, line = code.partition(":")
    return str(REASONS[name]) % {"limit": LIMITS.get(field, ""), "line": line}
