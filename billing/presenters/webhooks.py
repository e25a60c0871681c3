"""Webhooks as pages show them, and what one actor may do with each."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from billing.models import WebhookDelivery, WebhookEndpoint
from portal.kit import clock
from portal.kit.context import Actor
from portal.kit.templatetags.kit import count
from portal.kit.webhooks import webhook_types

HUES = 5
_TONES = {"active": "ok", "paused": "", "failing": "bad"}
_DELIVERY_TONES = {"queued": "info", "delivered": "ok", "failed": "bad"}


def webhook_url(endpoint: WebhookEndpoint) -> str:
    """Its page."""
    return reverse("billing:webhook", args=[endpoint.organisation.slug, endpoint.pk])


@dataclass(frozen=True)
class WebhookRow:
    """One webhook in a list."""

    endpoint: WebhookEndpoint

    @property
    def id(self) -> str:
        """Its id."""
        return str(self.endpoint.pk)

    @property
    def label(self) -> str:
        """Its address."""
        return self.endpoint.url

    @property
    def url(self) -> str:
        """Its page."""
        return webhook_url(self.endpoint)

    @property
    def hue(self) -> int:
        """Colour of its mark."""
        return self.endpoint.pk.int % HUES

    @property
    def description(self) -> str:
        """What listens there."""
        return self.endpoint.description

    @property
    def state_tone(self) -> str:
        """Tone of the chip."""
        failing = self.endpoint.state == "active" and self.endpoint.failing_since is not None
        return "warn" if failing else _TONES[self.endpoint.state]

    @property
    def state_label(self) -> str:
        """Word of the chip."""
        failing = self.endpoint.state == "active" and self.endpoint.failing_since is not None
        return _("Failing") if failing else str(self.endpoint.get_state_display())

    @property
    def types(self) -> str:
        """How many types of events it gets."""
        number = len(self.endpoint.types)
        return ngettext("%(n)s type", "%(n)s types", number) % {"n": count(number)}

    @property
    def last_success_at(self) -> datetime | None:
        """When something last reached it."""
        return self.endpoint.last_success_at

    @property
    def created_at(self) -> datetime:
        """When it was made."""
        return self.endpoint.created_at


def webhook_rows(actor: Actor, found: Sequence[WebhookEndpoint]) -> list[WebhookRow]:
    """Rows of a list."""
    return [WebhookRow(row) for row in found]


def delivery_rows(endpoint: WebhookEndpoint, found: Iterable[WebhookDelivery]) -> list[dict[str, Any]]:
    """Deliveries as the page of a webhook lists them."""
    labels = {one.name: one.label for one in webhook_types} | {"webhook.test": _("A test")}
    return [
        {
            "id": str(row.pk),
            "type": row.type,
            "label": labels.get(row.type, row.type),
            "message_id": str(row.message_id),
            "tone": _DELIVERY_TONES[row.state],
            "state": row.get_state_display(),
            "told": _told(row),
            "excerpt": row.excerpt,
            "attempts": row.attempts,
            "created_at": row.created_at,
            "next_at": row.next_at if row.state == "queued" and row.attempts else None,
            "resend_url": f"{webhook_url(endpoint)}/deliveries/{row.pk}/resend"
            if row.state != "queued" and endpoint.state == "active"
            else "",
        }
        for row in found
    ]


def _told(row: WebhookDelivery) -> str:
    """What the last try came to."""
    tries = ngettext("%(n)s try", "%(n)s tries", row.attempts) % {"n": count(row.attempts)}
    if row.error:
        return f"{row.error} {tries}."
    if row.status:
        return _("Answered %(status)s after %(millis)s ms.") % {"status": row.status, "millis": count(row.millis or 0)}
    return _("Not tried yet.")


class WebhookPage:
    """What can be done with one webhook, by who may see it."""

    def __init__(self, endpoint: WebhookEndpoint) -> None:
        self.endpoint, self.row = endpoint, WebhookRow(endpoint)

    def actions(self) -> list[dict[str, Any]]:
        """The buttons of the head."""
        active = self.endpoint.state == "active"
        paused = "" if active else _("Resume it first.")
        turn = (
            {"label": _("Pause"), "icon": "stop", "dialog": "pause", "reason": ""}
            if active
            else {"label": _("Resume"), "icon": "play", "dialog": "resume", "reason": ""}
        )
        return [
            {"label": _("Send a test"), "icon": "activity", "dialog": "test", "reason": paused},
            {"label": _("Edit"), "icon": "edit", "url": f"{self.row.url}/edit"},
            turn,
            {"label": _("New secret"), "icon": "refresh", "dialog": "rotate", "reason": ""},
            {"label": _("Delete"), "icon": "trash", "dialog": "delete", "reason": "", "tone": "danger"},
        ]

    def dialogs(self) -> list[dict[str, Any]]:
        """A confirmation for each button that may be pressed."""
        made = {
            "test": (
                _("Send a test?"),
                _("A harmless event goes there at once; the log tells what came back."),
                "activity",
            ),
            "pause": (
                _("Pause this webhook?"),
                _(
                    "What waits is given up, and what happens meanwhile is not sent later. You can send single events again."
                ),
                "stop",
            ),
            "resume": (_("Resume this webhook?"), _("Events that happen from now on are sent there."), "play"),
            "rotate": (
                _("Make a new secret?"),
                _("You see it once. For 24 hours both secrets sign every message, so that nothing is lost meanwhile."),
                "refresh",
            ),
            "delete": (
                _("Delete this webhook?"),
                _("Nothing is sent there any more, and the log of its deliveries goes too. This cannot be undone."),
                "trash",
            ),
        }
        labels = {
            "test": _("Send a test"),
            "pause": _("Pause"),
            "resume": _("Resume"),
            "rotate": _("Make secret"),
            "delete": _("Delete"),
        }
        pressable = [one["dialog"] for one in self.actions() if one.get("dialog") and not one["reason"]]
        return [
            {
                "id": key,
                "url": f"{self.row.url}/{key}",
                "title": title,
                "text": text,
                "confirm_label": labels[key],
                "glyph": glyph,
                "tone": "destroy" if key == "delete" else "primary",
            }
            for key, (title, text, glyph) in made.items()
            if key in pressable
        ]

    def facts(self) -> list[dict[str, Any]]:
        """What is known of it."""
        endpoint, row = self.endpoint, self.row
        found: list[dict[str, Any]] = [
            {"label": _("Status"), "status": {"tone": row.state_tone, "label": row.state_label}},
            {"label": _("Address"), "value": endpoint.url, "mono": True},
            {"label": _("Last delivered"), "value": _("never"), "when": endpoint.last_success_at},
        ]
        if endpoint.failing_since is not None:
            found.append({"label": _("Failing since"), "when": endpoint.failing_since})
        if endpoint.former_until is not None and endpoint.former_until > clock.now():
            found.append({"label": _("Former secret signs until"), "when": endpoint.former_until, "style": "exact"})
        found.append({"label": _("Created"), "when": endpoint.created_at, "style": "exact"})
        return found

    def types(self) -> list[tuple[str, str]]:
        """Its types of events with their labels."""
        labels = {one.name: str(one.label) for one in webhook_types}
        return [(name, labels.get(name, name)) for name in self.endpoint.types]
