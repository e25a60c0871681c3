"""Signing in and out."""

from django.conf import settings
from django.contrib.auth import authenticate
from django.contrib.auth.hashers import make_password
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.middleware.csrf import rotate_token
from django.shortcuts import redirect
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters

from accounts import selectors
from accounts.forms import SignInForm
from accounts.models import User
from accounts.services.sessions import session_end, session_refused, session_start
from portal.kit import identity, limits
from portal.kit.access import Public, SignedIn
from portal.kit.views import PageView

ELSEWHERE = ("/sign-in", "/sign-out")  # Going on to these would lead in a circle or out again.


class SignInView(PageView):
    """The sign-in page."""

    access = Public("Nobody is signed in before it.")
    limit = limits.SENSITIVE
    template_name = "accounts/sign_in.html"

    @method_decorator(sensitive_post_parameters("password"))
    def dispatch(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        """As every page; the password never stands in an error report."""
        return super().dispatch(request, *args, **kwargs)

    def get(self, request: HttpRequest) -> HttpResponse:
        """The form, or on to where one wanted to go."""
        who = identity.of(request)
        if who is not None and who.active:
            return redirect(next_of(request))
        return self.page({"form": SignInForm(), "next": next_of(request)})

    def post(self, request: HttpRequest) -> HttpResponse:
        """Check the pair. Every failure, a lock included, looks and costs the same."""
        form = SignInForm(request.POST)
        if not form.is_valid():
            return self._refused(request, form)
        identifier, password = form.cleaned_data["identifier"], form.cleaned_data["password"]
        user = authenticate(request=request, username=identifier, password=password)
        if not isinstance(user, User):
            if getattr(request, "axes_locked_out", False):
                make_password(password)  # A lock skips the check; without this, time would tell who is locked.
            session_refused(user=selectors.account_of(identifier))
            return self._refused(request, form)
        token = session_start(request=request, user=user)
        rotate_token(request)
        reply = redirect(_way_in(user, next_of(request)))
        remember(reply, token)
        return reply

    def _refused(self, request: HttpRequest, sent: SignInForm) -> HttpResponse:
        form = SignInForm({"identifier": request.POST.get("identifier", "")})
        form.errors.clear()
        form.add_error(
            None,
            _(
                "That user name or e-mail address and password do not match, or sign-in is locked for a while. "
                "Check both and try again; after several failures wait some minutes or ask your administrator."
            ),
        )
        return self.page({"form": form, "next": next_of(request)}, status=422)


class SignOutView(PageView):
    """Ends the session."""

    access = SignedIn("Everybody may leave, also an inactive person.", before_password_change=True)

    def post(self, request: HttpRequest) -> HttpResponse:
        """End it in the database and in the browser."""
        who = identity.of(request)
        if who is not None:
            session_end(actor=self.actor, session_id=who.session_id)
        rotate_token(request)
        reply = redirect("accounts:sign_in")
        reply.delete_cookie(settings.SESSION_COOKIE_NAME, path="/", samesite="Lax")
        reply["Clear-Site-Data"] = '"cache"'
        return reply


def remember(reply: HttpResponse, token: str) -> None:
    """Give the browser the token of its session. It goes with the browser; its row has the real ends."""
    reply.set_cookie(
        settings.SESSION_COOKIE_NAME,
        token,
        path="/",
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def next_of(request: HttpRequest) -> str:
    """Where to go on: `next` when it is a path of this very site, else the start page."""
    wanted = request.POST.get("next") or request.GET.get("next") or "/"
    if not wanted.startswith("/") or wanted.split("?")[0] in ELSEWHERE:
        return "/"
    # Without a host in the list, only an address that has none itself passes.
    return wanted if url_has_allowed_host_and_scheme(wanted, allowed_hosts=None) else "/"


def _way_in(user: User, wanted: str) -> str:
    if user.is_active and user.must_change_password:
        return "/me/password" if wanted == "/" else f"/me/password?{urlencode({'next': wanted})}"
    return wanted
