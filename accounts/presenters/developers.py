"""The page of the developer role."""

from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.developer_selectors import Allowed, former, holders
from accounts.forms import ReasonForm
from accounts.person_selectors import labels_of
from accounts.presenters.rows import HUES
from portal.kit import clock
from portal.kit.context import Actor
from rbac.counting import bounded_here


def developer_page(actor: Actor, allowed: Allowed | None) -> dict[str, Any]:
    """What the page shows: the state, who holds the role, and for which times it was allowed; three queries."""
    times = former(actor)
    givers = labels_of({one.allowed_by for one in times if one.allowed_by is not None})
    now = clock.now()
    return {
        "production": settings.PRODUCTION,
        "always": settings.PRODUCTION and not bounded_here(),
        "allowed": allowed,
        "holders": [
            {
                "label": str(one.user),
                "hue": one.user.pk.int % HUES,
                "url": reverse("accounts:person", args=[one.user.pk]),
                "note": one.user.username if one.user.is_active else _("inactive"),
                "until": one.binding.expires_at,
            }
            for one in holders(actor)
        ],
        "former": [
            {
                "by": givers.get(one.allowed_by, _("the system")) if one.allowed_by else _("the system"),
                "reason": one.reason,
                "from": one.starts_at,
                "to": min(one.ended_at or one.ends_at, one.ends_at),
                "now": one.ended_at is None and one.ends_at > now,
            }
            for one in times
        ],
        "end_dialog": {
            "id": "refuse",
            "title": _("Refuse the developer role again?"),
            "text": _("Who holds it loses it at once, with the next request."),
            "url": reverse("accounts:developer_refuse"),
            "confirm_label": _("Refuse now"),
            "glyph": "stop",
            "form": ReasonForm(auto_id="refuse_%s"),
        },
        "end_action": {"label": _("Refuse now"), "dialog": "refuse", "icon": "stop", "tone": "danger"},
    }
