"""Signed-in browsers as people recognise them."""

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _

from accounts.models import Session
from portal.kit import context

# The first that fits; the order matters, since most browsers claim to be others, too.
_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
    ("curl/", "curl"),
)
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


def device(agent: str) -> str:
    """The browser and system that an agent string claims to be, in two words; what is unknown is said so."""
    browser = next((name for mark, name in _BROWSERS if mark in agent), "")
    system = next((name for mark, name in _SYSTEMS if mark in agent), "")
    if browser and system:
        return _("%(browser)s on %(system)s") % {"browser": browser, "system": system}
    return browser or system or _("Unknown device")


def session_rows(sessions: Iterable[Session]) -> list[dict[str, Any]]:
    """Rows of the sessions of a person; the one that asks is marked."""
    current = context.current()
    here = current.session_id if current else None
    return [
        {
            "id": str(session.pk),
            "device": device(session.agent),
            "agent": session.agent,
            "address": session.address,
            "started_at": session.created_at,
            "seen_at": session.seen_at,
            "ends_at": session.expires_at,
            "current": session.pk == here,
        }
        for session in sessions
    ]
