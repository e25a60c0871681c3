"""Refusing long passwords that are easy all the same: lists of leaked passwords hold few of fifteen characters or more."""

from itertools import pairwise

from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

DISTINCT = 6  # Fewer different characters than this are one key held down, or two in turn.
STEPS = 0.7  # Share of neighbours that follow each other in the alphabet or repeat.
PADDING = "0123456789!?.,;:#*+-_ "


class NotPredictableValidator(CommonPasswordValidator):
    """Django's list of common passwords, and what is only one of them doubled, padded, or two of them in a row."""

    def validate(self, password: str, user: object | None = None) -> None:
        """Raise `ValidationError` when a list of common passwords and a few rules would soon find it."""
        text = password.lower().strip()
        if len(set(text)) < DISTINCT or _steps(text) >= STEPS or self._common(text):
            raise ValidationError(_("This password is too common or too regular."), code="password_too_common")

    def get_help_text(self) -> str:
        """The rule in words."""
        return _("No commonly used password, also not doubled or with digits added, and no run of neighbouring keys.")

    def _common(self, text: str) -> bool:
        core = text.strip(PADDING)
        if text in self.passwords or (core in self.passwords and len(core) * 2 >= len(text)):
            return True
        return any(self._listed(text[:cut]) and self._listed(text[cut:]) for cut in range(4, len(text) - 3))

    def _listed(self, part: str) -> bool:
        return part in self.passwords or part.strip(PADDING) in self.passwords


def _steps(text: str) -> float:
    """The share of characters that equal the one before or stand next to it in the alphabet."""
    pairs = list(pairwise(text))
    return sum(abs(ord(after) - ord(before)) <= 1 for before, after in pairs) / len(pairs) if pairs else 0.0
