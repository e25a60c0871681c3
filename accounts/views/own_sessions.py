"""One's own sessions: the page of them, and what a page's own script asks shortly before the end."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token, rotate_token
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.identity import stay
from accounts.presenters.sessions import session_rows
from accounts.services.sessions import own_sessions_end
from accounts.session_selectors import own_sessions
from portal.kit import clock, errors, identity
from portal.kit.access import SignedIn
from portal.kit.detail import parsed_id
from portal.kit.views import PageView

OWN = SignedIn("One's own sessions.")
SHOWN = 100  # More live sessions of one person are not read one by one.


class OwnSessionsView(PageView):
    """Where one is signed in, and the way to end it."""

    access = OWN
    template_name = "accounts/own_sessions.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        """The sessions: the present one first, then those seen last."""
        rows = session_rows(own_sessions(self.actor).order_by("-seen_at", "id")[:SHOWN])
        rows.sort(key=lambda row: not row["current"])
        values = {"sessions": rows, "others": sum(not row["current"] for row in rows)}
        return self.page(values | {"do_others": [("do", "others")], "do_all": [("do", "all")]})

    def post(self, request: HttpRequest) -> HttpResponse:
        """End one (`do=end`), all others (`do=others`), or all with this one (`do=all`)."""
        who = identity.of(request)
        if who is None:
            raise errors.Unauthenticated
        todo = request.POST.get("do", "")
        if todo == "end":
            ended = own_sessions_end(actor=self.actor, session_id=parsed_id(request.POST.get("session", "")))
        elif todo == "others":
            ended = own_sessions_end(actor=self.actor, keep=who.session_id)
        elif todo == "all":
            own_sessions_end(actor=self.actor)
            rotate_token(request)
            return _signed_out()
        else:
            raise errors.BadRequest
        told = ngettext("%(n)d session ended.", "%(n)d sessions ended.", ended) % {"n": ended}
        messages.success(request, told if ended else _("That session had ended already."))
        return redirect("accounts:own_sessions")


def _signed_out() -> HttpResponse:
    reply = redirect("accounts:sign_in")
    reply.delete_cookie(settings.SESSION_COOKIE_NAME, path="/", samesite="Lax")
    reply["Clear-Site-Data"] = '"cache"'
    return reply


class SessionStateView(PageView):
    """How long the session still lasts. Asking does not make it last longer."""

    access = SignedIn("One's own session.", before_password_change=True)
    polled = "whole"

    def get(self, request: HttpRequest) -> HttpResponse:
        """Seconds that are left, whose it is, and the form token that goes with it."""
        return state(request)


class SessionStayView(PageView):
    """The answer to the question whether one stays."""

    access = SignedIn("One's own session.", before_password_change=True)

    def post(self, request: HttpRequest) -> HttpResponse:
        """Move the idle end on."""
        who = identity.of(request)
        if who is not None:
            stay(who)
        return state(request)


def state(request: HttpRequest) -> JsonResponse:
    """What a page's script knows of the session. The form token is in every page as well; it changes at sign-in."""
    who = identity.of(request)
    if who is None or who.expires_at is None:
        raise errors.Unauthenticated
    left = max(0, int((who.expires_at - clock.now()).total_seconds()))
    return JsonResponse({"seconds": left, "person": str(who.actor.id), "token": get_token(request)})
