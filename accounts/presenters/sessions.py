"""Signed-in browsers and clients as people recognise them, and as the API tells of them."""

from collections.abc import Iterable
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.agents import device
from accounts.models import Session
from accounts.session_warnings import warnings_of
from portal.kit import context
from portal.kit.identity import Identity
from rbac import selectors as rbac
from rbac.models import INSTALLATION

METHODS: dict[str, str | Promise] = {
    "password": gettext_lazy("password"),
    "totp": gettext_lazy("authenticator app"),
    "recovery": gettext_lazy("recovery code"),
    "passkey": gettext_lazy("passkey"),
    "impersonation": gettext_lazy("another person's session"),
}


def method_words(method: str) -> str:
    """What somebody proved itself with (`password+totp`), in words."""
    words = [str(METHODS.get(part, part)) for part in method.split("+") if part]
    return (
        _("%(first)s and %(second)s") % {"first": words[0], "second": words[1]} if len(words) == 2 else ", ".join(words)
    )


def is_here(session: Session) -> bool:
    """Whether the request was made by this very session."""
    current = context.current()
    return current is not None and session.pk == current.session_id


def session_rows(sessions: Iterable[Session]) -> list[dict[str, Any]]:
    """Rows of the sessions of a person; the one that asks is marked."""
    return [
        {
            "id": str(session.pk),
            "client": session.kind == Session.Kind.TOKEN,
            "device": session.label or _device(session),
            "claims": _device(session) if session.label else "",
            "agent": session.agent,
            "address": session.address,
            "method": method_words(session.method),
            "second_factor": session.second_factor_at is not None,
            "looker": str(session.impersonator) if session.impersonator is not None else "",
            "started_at": session.created_at,
            "seen_at": session.seen_at,
            "ends_at": session.expires_at,
            "current": is_here(session),
        }
        for session in sessions
    ]


def _device(session: Session) -> str:
    """Programs say their own name first, and are neither of the browsers nor of the systems that `device` knows."""
    name = session.agent.partition("/")[0][:30]
    return name if session.kind == Session.Kind.TOKEN and name not in {"", "Mozilla"} else device(session.agent)


def session_body(session: Session) -> dict[str, Any]:
    """A session as the API tells of it. Its token is nowhere: the database itself does not have it."""
    names = ("kind", "label", "agent", "address", "method", "created_at", "seen_at", "expires_at", "ends_at")
    return {
        "id": session.pk,
        **{name: getattr(session, name) for name in names},
        "device": device(session.agent),
        "second_factor": session.second_factor_at is not None,
        "current": is_here(session),
        "impersonated": session.impersonator_id is not None,
    }


def session_told(who: Identity) -> dict[str, Any]:
    """What `users/me/session-info` tells of the session itself; one query, for the roles."""
    inside, through = who.organisation, who.through
    held = rbac.roles_of(who.actor.id, inside.id if inside else INSTALLATION) if who.actor.id else []
    names = ("kind", "confirmed_at", "expires_at", "ends_at", "read_only")
    return {
        "organisation": {"id": inside.id, "slug": inside.slug, "name": inside.name} if inside else None,
        "roles": [role.code for role in held],
        "session": {
            "id": who.session_id,
            **{name: getattr(who, name) for name in names},
            "second_factor": who.second_factor_at is not None,
            "second_factor_due_at": who.factor_due_at,
        },
        "impersonator": {"id": through.id, "label": through.label} if through and through.kind == "person" else None,
        "warnings": [
            {"code": warning.code, "text": warning.text, "until": warning.until} for warning in warnings_of(who)
        ],
    }
