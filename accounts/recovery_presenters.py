"""Recoveries as pages show them, and what one actor may do with each."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.errors import Outranked, RootProtected
from accounts.forms import ReasonForm
from accounts.models import Recovery, User
from accounts.recovery_selectors import recovery_open
from accounts.services.guards import guard
from accounts.services.recoveries import LIFE, has_factor
from portal.kit.context import Actor
from portal.kit.decision import can

HUES = 5
HOURS = int(LIFE.total_seconds() // 3600)
TONES = {"waiting": "warn", "approved": "ok"}


@dataclass(frozen=True)
class RecoveryRow:
    """One recovery in a list or head."""

    recovery: Recovery

    @property
    def id(self) -> str:
        """Its id."""
        return str(self.recovery.pk)

    @property
    def label(self) -> str:
        """Whom it is about."""
        return str(self.recovery.user)

    @property
    def email(self) -> str:
        """Where the person gets mail."""
        return self.recovery.user.email

    @property
    def url(self) -> str:
        """Its page."""
        return reverse("accounts:recovery", args=[self.recovery.pk])

    @property
    def hue(self) -> int:
        """Colour of the avatar: the same person, the same colour."""
        return self.recovery.user_id.int % HUES

    @property
    def state(self) -> str:
        """What became of it, as it is told."""
        late = self.recovery.state == Recovery.State.WAITING and not self.recovery.is_open
        return Recovery.State.EXPIRED.value if late else self.recovery.state

    @property
    def state_tone(self) -> str:
        """Tone of the chip."""
        return TONES.get(self.state, "")

    @property
    def state_label(self) -> str:
        """Word of the chip."""
        return str(Recovery.State(self.state).label)

    @property
    def asked_by(self) -> str:
        """Who asked."""
        return str(self.recovery.asked_by)

    @property
    def approved_by(self) -> str:
        """Who approved; empty when nobody did."""
        return str(self.recovery.approved_by) if self.recovery.approved_by_id else ""

    @property
    def reason(self) -> str:
        """Why it was asked for."""
        return self.recovery.reason

    @property
    def asked_at(self) -> datetime:
        """When."""
        return self.recovery.asked_at

    @property
    def expires_at(self) -> datetime:
        """Until when it can be approved."""
        return self.recovery.expires_at

    @property
    def facts(self) -> list[dict[str, Any]]:
        """What a page says of it."""
        found: list[dict[str, Any]] = [
            {
                "label": _("Person"),
                "value": self.label,
                "url": reverse("accounts:person", args=[self.recovery.user_id]),
            },
            {"label": _("Status"), "status": {"tone": self.state_tone, "label": self.state_label}},
            {"label": _("Reason"), "value": self.reason},
            {"label": _("Asked by"), "value": self.asked_by},
            {"label": _("Asked"), "when": self.asked_at, "style": "exact"},
        ]
        if self.approved_by:
            found.append({"label": _("Approved by"), "value": self.approved_by})
        if self.recovery.ended_at is not None:
            found.append({"label": _("Decided"), "when": self.recovery.ended_at, "style": "exact"})
        else:
            found.append({"label": _("Can be approved until"), "when": self.expires_at, "style": "exact"})
        return found


def rows(who: Actor, recoveries: Sequence[Recovery]) -> list[RecoveryRow]:
    """Rows of a list; it costs no query of its own."""
    return [RecoveryRow(recovery) for recovery in recoveries]


def why_not_approved(actor: Actor, recovery: Recovery) -> str:
    """Why the actor may not approve; empty when it may."""
    if actor.id == recovery.asked_by_id:
        return _("You asked for it. Another administrator has to approve it.")
    if actor.id == recovery.user_id:
        return _("It is about you. Another administrator has to approve it.")
    return _protected(actor, recovery.user)


def why_not_asked(actor: Actor, user: User) -> str:
    """Why the actor may not ask for a recovery of a person; empty when it may."""
    if actor.id == user.pk:
        return _("You cannot recover yourself. Ask two other administrators.")
    if why := _protected(actor, user):
        return why
    if not user.is_active:
        return _("Activate the account first.")
    return "" if has_factor(user=user) else _("This person has no second factor to remove.")


def _protected(actor: Actor, user: User) -> str:
    try:
        guard(actor, user)
    except (RootProtected, Outranked) as error:
        return str(error.default_detail)
    return ""


def recovery_section(actor: Actor, user: User) -> dict[str, Any]:
    """What accounts/_recovery.html shows on a person's page: the recovery that waits, or the way to ask for one."""
    found = recovery_open(actor, user)
    may = bool(can(actor, "user:admin", user))
    return {
        "recovery": RecoveryRow(found) if found else None,
        "recovery_url": reverse("accounts:person_recovery", args=[user.pk]),
        "recovery_refused": why_not_asked(actor, user) if may else _("Only administrators of people may ask for one."),
        "recovery_hours": HOURS,
    }


def recovery_dialogs(recovery: Recovery) -> list[dict[str, Any]]:
    """The confirmations of a recovery's page, each naming the consequence."""
    name, where = {"name": str(recovery.user)}, reverse("accounts:recovery", args=[recovery.pk])
    return [
        {
            "id": "approve",
            "title": _("Approve the recovery of %(name)s?") % name,
            "text": _(
                "Every second factor and passkey is removed, the password stops working, every session ends, and a link "
                "for a new password is mailed. Make sure by voice or in person that it is them who asked."
            ),
            "url": f"{where}/approve",
            "confirm_label": _("Approve recovery"),
            "glyph": "shield",
        },
        {
            "id": "refuse",
            "title": _("Refuse the recovery of %(name)s?") % name,
            "text": _("Nothing changes for them; they are told by mail. It can be asked for again."),
            "url": f"{where}/refuse",
            "confirm_label": _("Refuse recovery"),
            "glyph": "x-circle",
            "form": ReasonForm(auto_id="refuse_%s"),
        },
    ]
