"""Signing in and out."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.middleware.csrf import rotate_token
from django.shortcuts import redirect
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.debug import sensitive_post_parameters

from accounts import factors
from accounts.errors import SignInGone
from accounts.factor_forms import CodeForm
from accounts.factor_selectors import pending_sign_in, recovery_codes_left
from accounts.factors import Proof
from accounts.forms import SignInForm
from accounts.models import PendingSignIn, User
from accounts.services.devices import device_token
from accounts.services.recovery_codes import FEW
from accounts.services.sessions import session_end
from accounts.services.sign_in import PENDING_LIFE, first_factor, sign_in_begin, sign_in_finish
from portal.kit import identity, limits
from portal.kit.access import Public, SignedIn
from portal.kit.views import PageView

ELSEWHERE = ("/sign-in", "/sign-in/code", "/sign-out", "/confirm")  # Going on to these leads in a circle or out again.
DEVICE_SECONDS = 400 * 86_400  # Browsers keep no cookie longer.


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
            return self._refused(request)
        sent = form.cleaned_data
        user = first_factor(request=request, identifier=sent["identifier"], password=sent["password"])
        if user is None:
            return self._refused(request)
        wanted = next_of(request)
        begun = sign_in_begin(request=request, user=user, wanted=wanted)
        if begun.session_token:
            return let_in(request, user, begun.session_token, wanted)
        reply = redirect("accounts:sign_in_code")
        _set_cookie(reply, settings.SIGN_IN_COOKIE_NAME, begun.pending_token, int(PENDING_LIFE.total_seconds()))
        return reply

    def _refused(self, request: HttpRequest) -> HttpResponse:
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


class SignInCodeView(PageView):
    """The second factor of a sign-in whose password was right."""

    access = Public("Nobody is signed in before it: the password was right, and that is not enough.")
    limit = limits.SENSITIVE
    template_name = "accounts/sign_in_code.html"

    @method_decorator(sensitive_post_parameters("code"))
    def dispatch(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        """As every page; no code stands in an error report."""
        return super().dispatch(request, *args, **kwargs)

    def get(self, request: HttpRequest) -> HttpResponse:
        """The form; back to the password without a pending sign-in."""
        pending = pending_sign_in(_pending_token(request))
        if pending is None:
            return self._again()
        kinds = factors.kinds_of(pending.user_id)
        kind = kind_of(request, kinds)
        return self._form(pending, CodeForm(kind=kind), kind, kinds)

    def post(self, request: HttpRequest) -> HttpResponse:
        """Check the code. A wrong one, a used one and a lock look the same."""
        token = _pending_token(request)
        pending = pending_sign_in(token)
        if pending is None:
            return self._gone()
        kinds = factors.kinds_of(pending.user_id)
        kind = kind_of(request, kinds)
        form = CodeForm(request.POST, kind=kind)
        if not form.is_valid():
            return self._form(pending, form, kind, kinds, status=422)
        try:
            done = sign_in_finish(request=request, pending_token=token, proof=Proof(kind, form.cleaned_data["code"]))
        except SignInGone:
            return self._gone()
        if done is not None:
            return self._finished(*done, kind, pending.wanted or "/")
        if pending_sign_in(token) is None:
            return self._gone()
        return self._form(pending, CodeForm.refused(kind), kind, kinds, status=422)

    def _form(
        self, pending: PendingSignIn, form: CodeForm, kind: str, kinds: list[str], *, status: int = 200
    ) -> HttpResponse:
        return self.page({"form": form, "kind": kind, "kinds": kinds, "person": pending.user}, status=status)

    def _finished(self, token: str, user: User, kind: str, wanted: str) -> HttpResponse:
        reply = let_in(self.request, user, token, wanted)
        if kind == "recovery":
            messages.warning(self.request, codes_left_text(recovery_codes_left(user.pk)))
        return _forget(reply, settings.SIGN_IN_COOKIE_NAME)

    def _gone(self) -> HttpResponse:
        messages.error(self.request, str(SignInGone.default_detail))
        return self._again()

    def _again(self) -> HttpResponse:
        return _forget(redirect("accounts:sign_in"), settings.SIGN_IN_COOKIE_NAME)


class SignOutView(PageView):
    """Ends the session."""

    access = SignedIn("Everybody may leave, also an inactive person.", before_password_change=True, in_view=True)

    def post(self, request: HttpRequest) -> HttpResponse:
        """End it in the database and in the browser."""
        who = identity.of(request)
        if who is not None:
            session_end(actor=self.actor, session_id=who.session_id)
        rotate_token(request)
        reply = _forget(redirect("accounts:sign_in"), settings.SESSION_COOKIE_NAME)
        reply["Clear-Site-Data"] = '"cache"'
        return reply


def let_in(request: HttpRequest, user: User, token: str, wanted: str) -> HttpResponse:
    """On to where a person wants to go, with the token of its new session; first to a new password if that is due."""
    rotate_token(request)
    reply = redirect(_way_in(user, wanted))
    remember(reply, token)
    return reply


def remember(reply: HttpResponse, token: str) -> None:
    """Give the browser the token of its session, which goes with the browser; its row has the real ends.

    And after a sign-in what makes it a known one, which proves nothing and stays.
    """
    _set_cookie(reply, settings.SESSION_COOKIE_NAME, token)
    if known := device_token():
        _set_cookie(reply, settings.STEWARD_DEVICE_COOKIE, known, DEVICE_SECONDS)


def next_of(request: HttpRequest) -> str:
    """Where to go on: `next` when it is a path of this very site, else the start page."""
    wanted = request.POST.get("next") or request.GET.get("next") or "/"
    if not wanted.startswith("/") or wanted.split("?")[0] in ELSEWHERE:
        return "/"
    # Without a host in the list, only an address that has none itself passes.
    return wanted if url_has_allowed_host_and_scheme(wanted, allowed_hosts=None) else "/"


def kind_of(request: HttpRequest, kinds: list[str]) -> str:
    """The kind of proof that was chosen by `with`, else the first of those that the person has."""
    chosen = request.POST.get("with") or request.GET.get("with") or ""
    return chosen if chosen in kinds else kinds[0] if kinds else ""


def codes_left_text(left: int) -> str:
    """What somebody who used a recovery code is told."""
    if not left:
        return _("That was your last recovery code. Make new ones on the page “Security”.")
    told = ngettext(
        "You used a recovery code; %(left)d is left.", "You used a recovery code; %(left)d are left.", left
    ) % {"left": left}
    return told if left > FEW else f"{told} {_('Make new ones on the page “Security”.')}"


def _way_in(user: User, wanted: str) -> str:
    if user.is_active and user.must_change_password:
        return "/me/password" if wanted == "/" else f"/me/password?{urlencode({'next': wanted})}"
    return wanted


def _pending_token(request: HttpRequest) -> str:
    return request.COOKIES.get(settings.SIGN_IN_COOKIE_NAME, "")


def _set_cookie(reply: HttpResponse, name: str, value: str, seconds: int | None = None) -> None:
    reply.set_cookie(
        name, value, max_age=seconds, path="/", secure=settings.SESSION_COOKIE_SECURE, httponly=True, samesite="Lax"
    )


def _forget(reply: HttpResponse, name: str) -> HttpResponse:
    reply.delete_cookie(name, path="/", samesite="Lax")
    return reply
