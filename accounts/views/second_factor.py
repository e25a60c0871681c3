"""One's own security: second factors, recovery codes, and what else keeps the account safe."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.middleware.csrf import rotate_token
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters

from accounts.errors import SetUpGone
from accounts.factor_forms import CodeForm
from accounts.factor_selectors import factors_of, totp_new
from accounts.factors import has_factor
from accounts.presenters.factors import codes_shown, security_page, setup_of
from accounts.presenters.passkeys import passkeys_section
from accounts.services.factors import factor_proved, totp_begin, totp_confirm, totp_remove
from accounts.services.recovery_codes import recovery_codes_make
from accounts.views.handover import guarded
from accounts.views.sessions import remember
from portal.kit import clock, errors, identity, limits
from portal.kit.access import SignedIn
from portal.kit.identity import Identity
from portal.kit.views import PageView, led_to

OWN = SignedIn("One's own second factors.", before_second_factor=True)


class SecurityView(PageView):
    """What keeps one's own account safe, on one page."""

    access = SignedIn("One's own security.")
    template_name = "accounts/security.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        """The page."""
        who = who_of(request)
        shown = security_page(who.person, factors_of(who.person.pk), proved=who.second_factor_at is not None)
        return self.page(shown | passkeys_section(self.actor, back=request.path, kept=shown["kept"]))


class SecondFactorView(PageView):
    """Why a second factor, and where to begin; the page that answers while one is overdue."""

    access = OWN
    template_name = "accounts/second_factor.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        """The page; who has a second factor proves it, or finds it under security."""
        who = who_of(request)
        state = factors_of(who.person.pk)
        if state.lasting:
            return redirect("accounts:security") if who.second_factor_at else _confirm_first(request)
        overdue = state.due_at is not None and state.due_at <= clock.now()
        return self.page({"due_at": state.due_at, "overdue": overdue})


class FactorPage(PageView, abstract=True):
    """Base of the pages that change a second factor: whoever has one proves it in this very session first."""

    access = OWN
    limit = limits.SENSITIVE
    step_up = True

    @method_decorator(sensitive_post_parameters("code"))
    def dispatch(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        """As every page, but a password alone, proved before the factor was set up elsewhere, is not enough."""
        who = identity.of(request)
        if who is not None and who.second_factor_at is None and who.actor.id is not None and has_factor(who.actor.id):
            return _confirm_first(request)
        return super().dispatch(request, *args, **kwargs)

    def codes(self, codes: list[str], *, first: bool) -> HttpResponse:
        """The page with new recovery codes: in this one reply, and nowhere else, ever."""
        values = codes_shown(codes, who_of(self.request).person.username)
        return guarded(self.page({**values, "first": first}, template="accounts/second_factor_codes.html"))


class AuthenticatorView(FactorPage):
    """Setting up an authenticator app."""

    template_name = "accounts/second_factor_app.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        """The code to scan, of the app that is being set up; without one, where that begins."""
        return self._form(CodeForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        """`do` begins, else the code of the app takes it into use; this browser goes on under a new token."""
        who = who_of(request)
        if request.POST.get("do") == "begin":
            totp_begin(actor=self.actor)
            return redirect("accounts:authenticator")
        form = CodeForm(request.POST)
        if not form.is_valid():
            return self._form(form, status=422)
        try:
            codes = totp_confirm(actor=self.actor, session_id=who.session_id, code=form.cleaned_data["code"])
        except SetUpGone as error:
            messages.error(request, str(error.detail))
            return redirect("accounts:second_factor")
        except errors.Invalid as error:
            return self._form(CodeForm.refused("totp", " ".join(error.fields["code"])), status=422)
        token = factor_proved(actor=self.actor, session_id=who.session_id)
        rotate_token(request)
        if codes:
            reply = self.codes(codes, first=True)
        else:
            messages.success(request, _("The new authenticator app is in use; the former one is not any more."))
            reply = redirect("accounts:security")
        remember(reply, token)
        return reply

    def _form(self, form: CodeForm, *, status: int = 200) -> HttpResponse:
        who = who_of(self.request)
        device = totp_new(who.person.pk)
        if device is None:
            return redirect("accounts:second_factor")
        values: dict[str, Any] = {"form": form, **setup_of(device, who.person.username)}
        return guarded(self.page(values, status=status))


class AuthenticatorRemoveView(FactorPage):
    """Removing the authenticator app."""

    def post(self, request: HttpRequest) -> HttpResponse:
        """Remove it."""
        try:
            totp_remove(actor=self.actor, session_id=who_of(request).session_id)
        except errors.Conflict as error:
            messages.error(request, str(error.detail))
        else:
            messages.success(request, _("The authenticator app is removed."))
        return redirect("accounts:security")


class RecoveryCodesView(FactorPage):
    """New recovery codes."""

    def post(self, request: HttpRequest) -> HttpResponse:
        """Make them, and show them once; the former ones stop working."""
        try:
            codes = recovery_codes_make(actor=self.actor)
        except errors.Conflict as error:
            messages.error(request, str(error.detail))
            return redirect("accounts:security")
        return self.codes(codes, first=False)


def who_of(request: HttpRequest) -> Identity:
    """The session that asks."""
    who = identity.of(request)
    if who is None:
        raise errors.Unauthenticated
    return who


def _confirm_first(request: HttpRequest) -> HttpResponse:
    return led_to(request, f"{reverse('accounts:confirm')}?{urlencode({'next': reverse('accounts:security')})}")
