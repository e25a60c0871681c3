"""How the token of a mailed link goes on: out of the address into a cookie, for the pages of its purpose alone."""

from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect


@dataclass(frozen=True)
class Handover:
    """The cookie `name`, sent to addresses below `path`, for as long as the link lives."""

    name: str
    path: str
    life: timedelta

    def hand(self, token: str, to: str) -> HttpResponse:
        """On to `to`, with the token in the cookie."""
        reply = redirect(to)
        reply.set_cookie(
            self.name,
            token,
            max_age=int(self.life.total_seconds()),
            path=self.path,
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
            samesite="Lax",
        )
        return guarded(reply)

    def token(self, request: HttpRequest) -> str:
        """The token that was handed on; empty without one."""
        return request.COOKIES.get(self.name, "")

    def done(self, reply: HttpResponse) -> HttpResponse:
        """`reply`, after which the token is needed no more."""
        reply.delete_cookie(self.name, path=self.path, samesite="Lax")
        return guarded(reply)


def guarded(reply: HttpResponse) -> HttpResponse:
    """`reply`, kept nowhere, its address told to nobody."""
    reply["Cache-Control"] = "no-store"
    # Not no-referrer for the form: with it browsers send "Origin: null", which the check against forgery refuses. Its
    # address holds no token any more.
    reply["Referrer-Policy"] = "no-referrer" if reply.status_code == 302 else "same-origin"
    return reply
