"""Typed errors. A room subclasses these in its own `errors.py`; the edge turns them into a page or problem+json.

Every class has a stable `code` (`room.reason_snake`), an HTTP status and a sentence that tells the person what to do.
The registry of codes feeds the error reference; two classes with one code stop the start.
"""

from collections.abc import Mapping
from typing import ClassVar

from django.core.exceptions import ImproperlyConfigured
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

type_text = str | Promise
CODES: dict[str, type["StewardError"]] = {}


class StewardError(Exception):
    """Base of every error that a person or client may see. `detail` says what to do; never put a secret into it."""

    code: ClassVar[str] = "kit.error"
    status: ClassVar[int] = 500
    title: ClassVar[type_text] = _("Something went wrong")
    default_detail: ClassVar[type_text] = _("Try again; if it stays, tell your administrator the error id.")

    def __init_subclass__(cls) -> None:
        if "code" in cls.__dict__:
            if cls.code in CODES:
                raise ImproperlyConfigured(
                    f"Error code {cls.code} is declared twice; give {cls.__name__} one of its own."
                )
            CODES[cls.code] = cls

    def __init__(self, detail: type_text | None = None, *, fields: Mapping[str, list[str]] | None = None) -> None:
        self.detail: type_text = detail if detail is not None else self.default_detail
        self.fields: Mapping[str, list[str]] = fields or {}
        super().__init__(str(self.detail))


CODES[StewardError.code] = StewardError


class BadRequest(StewardError):
    """The request itself cannot be understood."""

    code = "kit.bad_request"
    status = 400
    title = _("That request could not be understood")
    default_detail = _("Go back, check what you entered and send it again.")


class CursorMalformed(BadRequest):
    """The place in a list was not made by us."""

    code = "kit.cursor_malformed"
    title = _("That page does not exist")
    default_detail = _("The address of this page is damaged. Go back to the first page of the list.")


class Unauthenticated(StewardError):
    """Nobody is signed in."""

    code = "kit.unauthenticated"
    status = 401
    title = _("Sign in first")
    default_detail = _("Sign in, or send an API key in the Authorization header.")


class Forbidden(StewardError):
    """Own tenant, missing right."""

    code = "kit.forbidden"
    status = 403
    title = _("You may not do that")
    default_detail = _("Your roles do not include this right. Ask an administrator for it.")


class StaleForm(StewardError):
    """The CSRF token is missing or old."""

    code = "kit.stale_form"
    status = 403
    title = _("This page was open for too long")
    default_detail = _("Go back, load the page again and repeat what you did. Nothing was changed.")


class NotFound(StewardError):
    """No such thing, or a thing of another tenant: the two are told alike."""

    code = "kit.not_found"
    status = 404
    title = _("Not found")
    default_detail = _(
        "There is nothing at this address, or it belongs to an organisation that you are not a member of."
    )


class MethodNotAllowed(StewardError):
    """The address exists, the method does not."""

    code = "kit.method_not_allowed"
    status = 405
    title = _("That cannot be done here")
    default_detail = _("This address does not answer to that kind of request.")


class Conflict(StewardError):
    """The state of things does not allow it now."""

    code = "kit.conflict"
    status = 409
    title = _("That is not possible now")
    default_detail = _("Somebody changed this meanwhile. Load the page again and look at its present state.")


class TooLarge(StewardError):
    """More bytes than the door lets in."""

    code = "kit.too_large"
    status = 413
    title = _("That is too large")
    default_detail = _("Send less at once.")


class Invalid(StewardError):
    """A value is not acceptable; `fields` names each with its reasons."""

    code = "kit.invalid"
    status = 422
    title = _("Some values need another look")
    default_detail = _("Correct the named fields and send it again. Nothing was changed.")


class TooMany(StewardError):
    """A rate limit."""

    code = "kit.too_many"
    status = 429
    title = _("Too many requests")
    default_detail = _("Wait a moment and try again.")


class Unavailable(StewardError):
    """A dependency is away."""

    code = "kit.unavailable"
    status = 503
    title = _("Steward cannot reach its database")
    default_detail = _("Try again in a minute. Nothing that you sent was kept.")
