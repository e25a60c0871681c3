"""What a password may not be, beyond Django's own validators (NIST SP 800-63B-4: length, no composition rules)."""

import secrets

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from accounts.settings import PASSWORD_LENGTH

MAXIMUM_LENGTH = 128  # Bounds the work of one hash.
INPUT_LIMIT = 1000  # More is not even read, let alone hashed; nobody's password comes near.
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # No characters that are read for one another.


def temporary() -> str:
    """A one-time password that can be read out over the phone: five groups of five, about 123 bits."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(5)) for _ in range(5))


class MinimumLengthValidator:
    """Refuses less than the installation asks for."""

    @property
    def min_length(self) -> int:
        """Characters."""
        return PASSWORD_LENGTH.value()

    def validate(self, password: str, user: object | None = None) -> None:
        """Raise `ValidationError` when too short."""
        if len(password) < self.min_length:
            raise ValidationError(
                _("This password is too short: use at least %(limit)d characters.") % {"limit": self.min_length},
                code="password_too_short",
            )

    def get_help_text(self) -> str:
        """The rule in words."""
        return _("Your password must contain at least %(limit)d characters.") % {"limit": self.min_length}


class MaximumLengthValidator:
    """Refuses more than 128 characters."""

    def validate(self, password: str, user: object | None = None) -> None:
        """Raise `ValidationError` when too long."""
        if len(password) > MAXIMUM_LENGTH:
            raise ValidationError(
                _("Use at most %(limit)d characters.") % {"limit": MAXIMUM_LENGTH}, code="password_too_long"
            )

    def get_help_text(self) -> str:
        """The rule in words."""
        return _("At most %(limit)d characters.") % {"limit": MAXIMUM_LENGTH}


class NotAboutThePersonValidator:
    """Refuses a password that contains the person's name, user name or address, or is mostly one of them."""

    def validate(self, password: str, user: object | None = None) -> None:
        """Raise `ValidationError` when a part of four characters or more of the person's own data is in it."""
        lowered = password.lower()
        for part in _parts(user):
            if part in lowered and len(part) * 2 >= len(lowered):
                raise ValidationError(_("Do not build it from your name or address."), code="password_about_person")

    def get_help_text(self) -> str:
        """The rule in words."""
        return _("Not built from your name or address.")


def _parts(user: object | None) -> list[str]:
    words: list[str] = []
    for name in ("username", "email", "name"):
        value = str(getattr(user, name, "") or "").lower()
        words += [value, value.partition("@")[0], *value.split()]
    return [word for word in words if len(word) >= 4]
