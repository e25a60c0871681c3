"""One person in a list or a head."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.lockout import locked_people
from accounts.models import User
from portal.kit import clock
from portal.kit.decision import role_labels

HUES = 5
MINUTE = 60


@dataclass(frozen=True)
class PersonRow:
    """One person in a list or head; `locked_until` while its sign-in is locked."""

    user: User
    roles: list[str]
    locked_until: datetime | None = None

    @property
    def id(self) -> str:
        """The person's id."""
        return str(self.user.pk)

    @property
    def url(self) -> str:
        """Its page."""
        return reverse("accounts:person", args=[self.user.pk])

    @property
    def label(self) -> str:
        """Its name; of an erased person what is left."""
        if self.user.erased_at is not None:
            return _("Erased person %(id)s") % {"id": self.user.pk.hex[-8:]}
        return str(self.user)

    @property
    def initials(self) -> str:
        """What the avatar draws its letters from."""
        return "–" if self.user.erased_at is not None else str(self.user)

    @property
    def hue(self) -> int:
        """Colour of the avatar: the same person, the same colour."""
        return self.user.pk.int % HUES

    @property
    def avatar(self) -> UUID | None:
        """Name of its picture; None without one."""
        return self.user.avatar

    @property
    def email(self) -> str:
        """Mail address."""
        return "" if self.user.erased_at is not None else self.user.email

    @property
    def username(self) -> str:
        """User name."""
        return self.user.username

    @property
    def state_tone(self) -> str:
        """Tone of the chip."""
        if self.locked_until is not None and self.user.is_active:
            return "warn"
        return "ok" if self.user.is_active else ""

    @property
    def state_label(self) -> str:
        """Word of the chip: what matters most about the account now."""
        if self.user.erased_at is not None:
            return _("Erased")
        if self.locked_until is not None and self.user.is_active:
            return locked_text(self.locked_until)
        return _("Active") if self.user.is_active else _("Inactive")

    @property
    def last_seen_at(self) -> datetime | None:
        """When it last did anything."""
        return self.user.last_seen_at

    @property
    def created_at(self) -> datetime:
        """When it was created."""
        return self.user.created_at


def rows(users: Iterable[User]) -> list[PersonRow]:
    """Rows of a list; one query for all roles and one for all locks."""
    found = list(users)
    keys = [user.pk for user in found]
    labels, locked = role_labels(keys), locked_people(keys)
    return [PersonRow(user, labels.get(user.pk, []), locked.get(user.pk)) for user in found]


def locked_text(until: datetime) -> str:
    """How long a lock goes on, in whole minutes."""
    minutes = max(1, -int((clock.now() - until).total_seconds() // MINUTE))
    return ngettext("Locked for %(n)d minute", "Locked for %(n)d minutes", minutes) % {"n": minutes}
