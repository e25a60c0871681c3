"""The banners above every page: the state of the installation, maintenance, and announcements.

They come from what the process knows (`kit.mode.state`), so no page pays a query for them, but the pages of money in an
organisation, which say whether it is a sandbox.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.developer_selectors import Allowed, allowed_now, concerns
from accounts.person_selectors import view_of
from billing.selectors.customers import sandbox_here
from portal.kit import clock
from portal.kit.decision import can
from portal.kit.identity import Identity
from portal.kit.mode import state
from portal.kit.mode.state import Told, Window
from portal.kit.templatetags.kit import exact_text
from rbac.elevated import Elevated, elevated_now

PUT_AWAY = "told"  # The cookie with what this browser has put away.
PUT_AWAY_LIMIT = 30
FACTOR_URGENT = timedelta(days=3)
SHOWN = 3  # Announcements at once; more would push the page away.


def banners(request: HttpRequest, who: Identity | None) -> list[dict[str, Any]]:
    """What stands above the page of `who` (None: before sign-in)."""
    found: list[dict[str, Any]] = []
    if settings.STEWARD_ONE_LOGIN and who is not None:
        text = _("Owner and application share it: a weaker wall.")
        found.append({"tone": "warn", "title": _("One database login."), "text": text})
    if who is not None and who.address_unverified and who.active and who.through is None and not _is_about_it(request):
        found.append(_unverified())
    if who is not None and who.factor_due_at is not None and who.second_factor_at is None:
        found.append(_factor_due(who.factor_due_at))
    if who is not None and who.viewing:
        found.insert(0, _view(who))
    if who is not None and who.organisation is not None and _is_of_money(request, who.organisation.slug):
        found += _sandbox(who, who.organisation.slug)
    if who is not None and who.active:
        found += [_elevated(one, who) for one in elevated_now(who.actor)]
    if who is not None and (allowed := allowed_now()) is not None and concerns(who.actor):
        found.append(_developers(allowed, who))
    running, coming = state.in_force(), state.coming()
    if running is not None:
        found.append(_running(running, who))
    if coming is not None:
        found.append(_coming(coming))
    away = put_away(request)
    told = [one for one in state.announced() if _short(one.id) not in away and _is_for(one, who)]
    return [*found, *(_announcement(one, who) for one in told[:SHOWN])]


def _is_about_it(request: HttpRequest) -> bool:
    return request.path.startswith(reverse("accounts:email"))


def _is_of_money(request: HttpRequest, slug: str) -> bool:
    return request.path.startswith(f"/o/{slug}/billing/")


def _sandbox(who: Identity, slug: str) -> list[dict[str, Any]]:
    """That no real money moves here, and what time it is."""
    here = sandbox_here(who.actor) if can(who.actor, "billing:read") else None
    if here is None:
        return []
    text = _("No real money moves here.")
    stopped = here.test_clock
    if stopped is not None:
        said = (
            _("Its clock is on its way to %(moment)s.")
            if stopped.advancing_to
            else _("Its clock stands at %(moment)s.")
        )
        text = f"{text} {said % {'moment': exact_text(stopped.advancing_to or stopped.at)}}"
    shown = {"tone": "warn", "title": _("This is a sandbox."), "text": text}
    return [shown | {"url": reverse("billing:clock", args=[slug]), "label": _("Test clock")}]


def _unverified() -> dict[str, Any]:
    text = _("Links for a new password and other mails go there; confirm that they reach you.")
    url, label = reverse("accounts:email"), _("Verify it")
    return {
        "tone": "info",
        "title": _("Your e-mail address is not verified."),
        "text": text,
        "url": url,
        "label": label,
    }


def _view(who: Identity) -> dict[str, Any]:
    """The banner of who sees the console as somebody else; the one place that pays a query, on these pages alone."""
    view = view_of(who.session_id)
    text = (
        _("You can look, and change nothing.") if who.read_only else _("What you change is recorded with both names.")
    )
    return {
        "tone": "warn" if who.read_only else "bad",
        "title": _("You see the console as %(name)s.") % {"name": who.actor.label},
        "text": text,
        "until": view.expires_at if view is not None else None,
        "post_url": reverse("accounts:leave_view"),
        "post_label": _("Leave view"),
    }


def _elevated(one: Elevated, who: Identity) -> dict[str, Any]:
    """What somebody has for a while, known with the decision; in a view of somebody else's console it is theirs to end."""
    glass = one.origin == "glass"
    where = "rbac:glass_end" if glass else "rbac:elevation_end" if one.organisation else "rbac:platform_elevation_end"
    inside = [who.organisation.slug] if one.organisation and who.organisation and not glass else []
    shown = {
        "tone": "bad" if glass else "warn",
        "title": _("You broke the glass.") if glass else _("You are %(role)s for a while.") % {"role": one.role},
        "text": _("You have every right here, and all of it is recorded.") if glass else "",
        "until": one.until,
    }
    if not who.viewing:
        shown |= {
            "post_url": reverse(where, args=[*inside, one.origin_id]),
            "post_label": _("End it") if glass else _("Give back"),
        }
    return shown


def _developers(allowed: Allowed, who: Identity) -> dict[str, Any]:
    text = "" if allowed.ends_at else _("ALLOW_DEV_ROLE_IN_PRODUCTION is set; it has no end.")
    shown = {"tone": "warn", "title": _("The developer role is allowed in production."), "text": text}
    if can(replace(who.actor, organisation_id=None), "role:admin"):
        shown |= {"url": reverse("accounts:developer_role"), "label": _("Developer role")}
    return shown | {"until": allowed.ends_at}


def put_away(request: HttpRequest) -> list[str]:
    """What this browser has put away, oldest first."""
    return [one for one in request.COOKIES.get(PUT_AWAY, "").split(".") if one][-PUT_AWAY_LIMIT:]


def with_put_away(request: HttpRequest, announcement_id: UUID) -> str:
    """The cookie's next value."""
    short = _short(announcement_id)
    kept = [one for one in put_away(request) if one != short and one.isalnum()]
    return ".".join([*kept[-PUT_AWAY_LIMIT + 1 :], short])


def _factor_due(due_at: datetime) -> dict[str, Any]:
    left = due_at - clock.now()
    days = round(left / timedelta(days=1))
    text = ngettext("%(days)s day left to sign in with one.", "%(days)s days left to sign in with one.", days) % {
        "days": days
    }
    return {
        "tone": "warn" if left < FACTOR_URGENT else "info",
        "title": _("Your roles need a second factor."),
        "text": text if left > timedelta(days=1) else _("Soon nothing else opens without one."),
        "url": "/me/second-factor",
        "label": _("Set it up"),
    }


def _short(announcement_id: UUID) -> str:
    return announcement_id.hex[-12:]


def _is_for(one: Told, who: Identity | None) -> bool:
    if one.audience == "everyone":
        return True
    if who is None:
        return False
    if one.audience == "organisation":
        return who.actor.organisation_id == one.organisation_id
    # Everybody with a role on the platform has a home page.
    return bool(can(replace(who.actor, organisation_id=None), "dashboard:read"))


def _announcement(one: Told, who: Identity | None) -> dict[str, Any]:
    shown: dict[str, Any] = {"tone": one.tone, "title": one.title, "text": one.text}
    if one.dismissible and who is not None:
        shown["dismiss_url"] = reverse("home:announcement_dismiss", args=[one.id])
    return shown


def _running(window: Window, who: Identity | None) -> dict[str, Any]:
    title = _("The portal is closed.") if window.closed else _("No changes at the moment.")
    parts = [window.message]
    if window.ends_at is not None:
        parts.append(_("Until %(moment)s.") % {"moment": _moment(window.ends_at)})
    if window.closed:
        parts.append(_("Only those who get through see this page.") if who else _("Administrators can sign in."))
    return {"tone": "warn", "title": title, "text": " ".join(part for part in parts if part), **_link(who)}


def _coming(window: Window) -> dict[str, Any]:
    title = _("Maintenance on %(moment)s.") % {"moment": _span(window)}
    what = _("The portal will be closed.") if window.closed else _("Changes will not be possible.")
    return {"tone": "info", "title": title, "text": f"{what} {window.message}".strip()}


def _link(who: Identity | None) -> dict[str, str]:
    if who is None or not can(replace(who.actor, organisation_id=None), "installation:admin"):
        return {}
    return {"url": reverse("home:maintenance"), "label": _("Maintenance mode")}


def _span(window: Window) -> str:
    start = timezone.localtime(window.starts_at)
    text = f"{formats.date_format(start, 'l, j F')}, {_hours(window)}"
    return f"{text} {start.tzname()}"


def _hours(window: Window) -> str:
    start = timezone.localtime(window.starts_at)
    if window.ends_at is None:
        return _("from %(start)s") % {"start": formats.date_format(start, "H:i")}
    end = timezone.localtime(window.ends_at)
    style = "H:i" if end.date() == start.date() else "l, H:i"
    return _("%(start)s to %(end)s") % {
        "start": formats.date_format(start, "H:i"),
        "end": formats.date_format(end, style),
    }


def _moment(moment: datetime) -> str:
    local = timezone.localtime(moment)
    style = "H:i" if local.date() == timezone.localtime(clock.now()).date() else "l, j F, H:i"
    return f"{formats.date_format(local, style)} {local.tzname()}"
