"""Who is held up while there is maintenance, and what is answered.

Always answered: probes and metrics, static files, signing in and out. Administrators of the platform (whoever may see
the system page) and who stands on the window's list get through. Read only refuses changes alone.
"""

import logging
from dataclasses import replace
from math import ceil
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.kit import clock, context, edge, errors, identity, ids, metrics
from portal.kit.context import Actor
from portal.kit.decision import can
from portal.kit.mode import state
from portal.kit.mode.state import Window
from portal.kit.settings import CONTACT

log = logging.getLogger("steward.mode")
PASSES = "system:read"  # Holding it on the installation means to get through.
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
# Every step of signing in, by browser or by a client, or nobody could come in to end it.
SIGN_IN = ("", "/code", "/code/passkey", "/passkey", "/passkey/options")
TOKENS = ("login", "2fa/verify", "refresh", "logout")
OPEN = frozenset({"/sign-out", *(f"/sign-in{step}" for step in SIGN_IN), *(f"/api/v1/auth/{name}" for name in TOKENS)})
RETRY_SECONDS = 300  # When nobody has said when it ends.
RETRY_LIMIT = 3600  # An end may be moved forward; nobody is sent away for longer.


class UnderMaintenance(errors.StewardError):
    """There is maintenance, and the caller is not one of those who get through."""

    code = "kit.under_maintenance"
    status = 503
    title = gettext_lazy("Steward is closed for maintenance")
    default_detail = gettext_lazy("Try again later: the header Retry-After says when. Nothing that you sent was kept.")


def held_up(request: HttpRequest) -> HttpResponse | None:
    """The 503 for a request that maintenance holds up, with Retry-After; None for every other."""
    window = state.in_force()
    if window is None or request.path in OPEN or (not window.closed and request.method in SAFE):
        return None
    if passes(request, window):
        return None
    return _reply(request, window)


def passes(request: HttpRequest, window: Window) -> bool:
    """Whether who asks gets through."""
    who = identity.of(request)
    current = context.current()
    if window.lets(who.actor.id if who else None, current.address if current else None):
        return True
    return who is not None and is_administrator(who.actor)


def is_administrator(actor: Actor) -> bool:
    """Whether a person is an administrator of the platform, wherever it stands at the moment."""
    return bool(can(replace(actor, organisation_id=None), PASSES))


def run_waits(*, kind: str, actor_id: UUID | None, label: str, schedule: str) -> bool:
    """Whether a run of a job is left in the queue: while the portal is closed, all but those of who gets through.

    So what a schedule or a customer has asked for waits, and what an administrator started (a restore) goes on, also
    when its worker died and another takes it up. What a command on the machine asked for is an administrator's.
    """
    window = state.in_force()
    if window is None or not window.closed:
        return False
    if kind == "system":
        return bool(schedule)
    if window.lets(actor_id, None):
        return False
    return not is_administrator(Actor("person", actor_id, label))


def retry_after(window: Window) -> int:
    """Seconds after which to ask again: its end, at most an hour away; without one, five minutes."""
    if window.ends_at is None:
        return RETRY_SECONDS
    return min(max(1, ceil((window.ends_at - clock.now()).total_seconds())), RETRY_LIMIT)


def _reply(request: HttpRequest, window: Window) -> HttpResponse:
    title, text = _words(window)
    error = UnderMaintenance(f"{title}. {window.message or text}")
    error_id = ids.uuid7().hex[:20]
    metrics.count_error(error.code)
    log.info("%s %s held up", request.method, request.path, extra={"error_id": error_id, "code": error.code})
    if edge.is_api(request):
        reply = edge.problem(error, error_id)
    else:
        values = {"window": window, "title": title, "text": text, "contact": CONTACT.value()}
        reply = HttpResponse(render_to_string("kit/mode_closed.html", values), status=error.status)
        reply["X-Error-Id"] = error_id
    reply["Retry-After"] = str(retry_after(window))
    return reply


def _words(window: Window) -> tuple[str, str]:
    if window.closed:
        return _("Steward is closed for maintenance"), _("Nothing is lost: everything is back when it is over.")
    return _("Steward takes no changes at the moment"), _("You can go on reading. What you just sent was not kept.")
