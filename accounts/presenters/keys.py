"""Keys and service accounts as pages show them, and what one actor may do with each."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils import formats
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts import key_selectors as selectors
from accounts.forms import ReasonForm
from accounts.models import Key, ServiceAccount, User
from portal.kit import charts, clock
from portal.kit.context import Actor
from portal.kit.decision import can
from portal.kit.preferences import day_text
from portal.kit.templatetags.kit import count
from rbac import selectors as rbac

SOON = timedelta(days=30)  # From when on the end is shown as near.


def key_state(key: Key) -> tuple[str, str]:
    """Tone and word of what matters most about a key now."""
    now = clock.now()
    if key.revoked_at is not None:
        return "", _("Revoked")
    if key.expires_at <= now:
        return "", _("Rotated") if key.replaced_by else _("Expired")
    if not key.owner.is_active:
        return "", _("Owner inactive")
    if key.replaced_by is not None:
        return "warn", _("Replaced, ends soon")
    if key.expires_at <= now + SOON:
        days = max(1, (key.expires_at - now).days)
        return "warn", ngettext("Ends in %(n)d day", "Ends in %(n)d days", days) % {"n": days}
    return "ok", _("Active")


def scopes_text(key: Key) -> str:
    """How much a key may do, in a few words."""
    if key.scopes is None:
        return _("All permissions")
    number = len(key.scopes)
    return ngettext("%(n)d permission", "%(n)d permissions", number) % {"n": number}


@dataclass(frozen=True)
class KeyRow:
    """One key in a list; `url` is its page, empty where it has none."""

    key: Key
    url: str = ""

    @property
    def id(self) -> str:
        """Its id."""
        return str(self.key.pk)

    @property
    def label(self) -> str:
        """Its name."""
        return self.key.name

    @property
    def begins(self) -> str:
        """How its secret begins."""
        return f"{self.key.prefix}\N{HORIZONTAL ELLIPSIS}"

    @property
    def kind(self) -> str:
        """Live or test."""
        return _("Live") if self.key.live else _("Test")

    @property
    def owner(self) -> str:
        """Whose rights it has."""
        return str(self.key.owner)

    @property
    def owner_kind(self) -> str:
        """Person or service account."""
        return str(self.key.owner.get_kind_display())

    @property
    def place(self) -> str:
        """Where it works."""
        return self.key.organisation.name if self.key.organisation is not None else _("Whole installation")

    @property
    def state_tone(self) -> str:
        """Tone of the chip."""
        return key_state(self.key)[0]

    @property
    def state_label(self) -> str:
        """Word of the chip."""
        return key_state(self.key)[1]

    @property
    def scopes(self) -> str:
        """How much it may do."""
        return scopes_text(self.key)

    @property
    def created_at(self) -> datetime:
        """When it was made."""
        return self.key.created_at

    @property
    def expires_at(self) -> datetime:
        """When it lets nobody in any more."""
        return self.key.expires_at

    @property
    def last_used_at(self) -> datetime | None:
        """When it was last used."""
        return self.key.last_used_at

    @property
    def dialog(self) -> str:
        """The id of the dialog that revokes it."""
        return f"revoke-{self.key.pk}"

    @property
    def over(self) -> bool:
        """Whether it has ended."""
        return self.key.is_over


def key_rows(actor: Actor, found: Sequence[Key]) -> list[KeyRow]:
    """Rows of keys of the organisation that `actor` stands in."""
    return [KeyRow(key, key_url(actor, key)) for key in found]


def key_url(actor: Actor, key: Key) -> str:
    """A key's page: inside its organisation, or among one's own."""
    if actor.organisation_id is not None and key.organisation is not None:
        return reverse("accounts:key", args=[key.organisation.slug, key.pk])
    return reverse("accounts:own_key", args=[key.pk])


class KeyPage:
    """What one actor may do with one key."""

    def __init__(self, actor: Actor, key: Key) -> None:
        self.actor, self.key = actor, key
        self.row = KeyRow(key, key_url(actor, key))

    @property
    def mine(self) -> bool:
        """Whether the actor is its owner."""
        return self.actor.id == self.key.owner_id

    @property
    def may_rotate(self) -> bool:
        """Whether the actor may have its new secret."""
        machine = self.key.owner.kind == User.Kind.SERVICE
        return self.mine or (machine and can(self.actor, "apikey:admin").allowed)

    def actions(self) -> list[dict[str, Any]]:
        """The buttons of the head."""
        why = _("It has ended already.") if self.key.is_over else ""
        replaced = _("It was rotated already; the new key is in use.") if self.key.replaced_by else ""
        found = []
        if self.may_rotate:
            found.append({"label": _("Rotate"), "icon": "refresh", "dialog": "rotate", "reason": why or replaced})
        if self.mine or can(self.actor, "apikey:admin"):
            found.append(
                {"label": _("Revoke"), "icon": "x-circle", "dialog": "revoke", "reason": why, "tone": "danger"}
            )
        return found

    def dialogs(self) -> list[dict[str, Any]]:
        """A confirmation for each button that may be pressed."""
        name = {"name": self.key.name}
        made: dict[str, dict[str, Any]] = {
            "rotate": {
                "title": _("Rotate %(name)s?") % name,
                "text": _("You get a new secret, shown once. The present one goes on for 24 hours, so nothing stops."),
                "confirm_label": _("Rotate"),
                "tone": "primary",
                "glyph": "refresh",
            },
            "revoke": {
                "title": _("Revoke %(name)s?") % name,
                "text": _("Whatever uses it stops with its next call. This cannot be undone."),
                "confirm_label": _("Revoke"),
                "glyph": "x-circle",
                "form": ReasonForm(auto_id="revoke_%s"),
            },
        }
        pressable = [action["dialog"] for action in self.actions() if not action["reason"]]
        return [{"id": key, "url": f"{self.row.url}/{key}", **made[key]} for key in made if key in pressable]

    def facts(self) -> list[dict[str, Any]]:
        """What is known of it."""
        key, row = self.key, self.row
        used = {"label": _("Last used"), "value": _("never"), "when": key.last_used_at}
        if key.last_address:
            used["note"] = _("from %(address)s") % {"address": key.last_address}
        limit = _("%(n)s calls a minute") % {"n": count(key.rate_limit)} if key.rate_limit else _("as the installation")
        return [
            {"label": _("Begins with"), "value": row.begins, "mono": True},
            {"label": _("Kind"), "value": row.kind},
            {"label": _("Works in"), "value": row.place},
            {"label": _("Owner"), "value": row.owner, "note": row.owner_kind},
            {"label": _("Networks"), "value": ", ".join(key.addresses) or _("any"), "mono": bool(key.addresses)},
            {"label": _("Limit"), "value": limit},
            used,
            {"label": _("Created"), "when": key.created_at},
            {"label": _("Ends") if not key.is_over else _("Ended"), "when": key.expires_at, "style": "exact"},
        ]

    def scopes(self) -> list[tuple[str, str]]:
        """Its permissions with their labels; none when it has all of its owner's."""
        return selectors.labels_of(self.key.scopes or [])

    def usage(self) -> dict[str, Any]:
        """Chart and sums of the last thirty days."""
        days = selectors.uses_of(self.key)
        calls = sum(day.calls for day in days)
        return {
            "calls": calls,
            "refused": sum(day.refused for day in days),
            "failed": sum(day.failed for day in days),
            "chart": _chart(days) if calls else "",
        }


def _chart(days: Sequence[selectors.Day]) -> SafeString:
    points = [charts.Point(formats.date_format(day.day, "j M"), day.calls, day_text(day.day)) for day in days]
    return charts.bars(points, title=_("Calls in the last 30 days"), unit=_("calls"))


def place_tabs(actor: Actor, slug: str, current: str) -> list[dict[str, Any]]:
    """Keys and service accounts of an organisation, one beside the other."""
    names = (("keys", _("Keys")), ("service_accounts", _("Service accounts")))
    return [
        {"label": label, "url": reverse(f"accounts:{name}", args=[slug]), "current": name == current}
        for name, label in names
    ]


@dataclass(frozen=True)
class ServiceRow:
    """One service account in a list."""

    service: ServiceAccount
    role: str
    keys: int

    @property
    def id(self) -> str:
        """Its id."""
        return str(self.service.pk)

    @property
    def url(self) -> str:
        """Its page."""
        return reverse("accounts:service_account", args=[self.service.organisation.slug, self.service.pk])

    @property
    def label(self) -> str:
        """Its name."""
        return str(self.service.user)

    @property
    def username(self) -> str:
        """Its user name."""
        return self.service.user.username

    @property
    def state_tone(self) -> str:
        """Tone of the chip."""
        return "ok" if self.service.user.is_active else ""

    @property
    def state_label(self) -> str:
        """Word of the chip."""
        return _("Active") if self.service.user.is_active else _("Inactive")

    @property
    def created_at(self) -> datetime:
        """When it was made."""
        return self.service.created_at


def service_rows(actor: Actor, found: Sequence[ServiceAccount]) -> list[ServiceRow]:
    """Rows of service accounts of one organisation; one query for all roles, one for all numbers of keys."""
    roles = selectors.roles_of(found)
    keys = selectors.live_counts(actor, [row.user_id for row in found])
    return [
        ServiceRow(row, roles[row.user_id].label if row.user_id in roles else "", keys.get(row.user_id, 0))
        for row in found
    ]


def service_protected(actor: Actor, service: ServiceAccount) -> str:
    """Why the actor may not touch a service account; empty when it may."""
    above = rbac.roles_in(service.organisation_id, [service.user_id]).get(service.user_id)
    own = rbac.rank_of(actor.id, service.organisation_id) if isinstance(actor.id, UUID) else 0
    return _("This service account ranks above you.") if above is not None and above.rank > own else ""


def person_keys(actor: Actor, person_id: UUID) -> dict[str, Any]:
    """Context of accounts/_person_keys.html: the keys of a person for staff (`key:admin`)."""
    return {"keys": [KeyRow(key) for key in selectors.keys_of(actor, person_id)]}
