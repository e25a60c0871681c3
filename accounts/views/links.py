"""Choosing a password by a mailed link. Nobody is signed in here, before or after."""

from django.contrib import messages
from django.contrib.auth.password_validation import password_validators_help_texts
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters

from accounts.forms import NewPasswordForm
from accounts.services.links import LIFE, password_link, password_link_use
from accounts.views.handover import Handover, guarded
from accounts.views.passwords import minimum_length
from portal.kit import errors, limits
from portal.kit.access import Public
from portal.kit.forms import refused
from portal.kit.views import PageView

LINK = Handover("password_link", "/password", LIFE)
WHY = "Whoever forgot the password cannot sign in; the token of the link is the proof."


class LinkView(PageView):
    """Where the mail leads: takes the token out of the address, so that no history, log or referrer keeps it."""

    access = Public(WHY)
    limit = limits.SENSITIVE

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        """On to the form; `LinkGone` for a dead link. Looking spends nothing: mail programs look at links, too."""
        password_link(token=token)
        return LINK.hand(token, "accounts:link_password")


class LinkPasswordView(PageView):
    """The form."""

    access = Public(WHY)
    limit = limits.SENSITIVE
    template_name = "accounts/link_password.html"

    @method_decorator(sensitive_post_parameters("new", "repeat"))
    def dispatch(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        """As every page; no password stands in an error report."""
        return super().dispatch(request, *args, **kwargs)

    def get(self, request: HttpRequest) -> HttpResponse:
        """The form; `LinkGone` without a live link."""
        return self._form(NewPasswordForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        """Set the password and lead to sign-in; the link is spent."""
        form = NewPasswordForm(request.POST)
        if not form.is_valid():
            return self._form(form, status=422)
        try:
            password_link_use(token=LINK.token(self.request), new=form.cleaned_data["new"])
        except errors.Invalid as error:
            refused(form, error)
            return self._form(form, status=422)
        messages.success(request, _("Your password is set. Sign in with it; you were signed out everywhere."))
        return LINK.done(redirect("accounts:sign_in"))

    def _form(self, form: NewPasswordForm, *, status: int = 200) -> HttpResponse:
        link = password_link(token=LINK.token(self.request))
        values = {
            "form": form,
            "person": {"label": str(link.user), "username": link.user.username},
            "minimum_length": minimum_length(),
            "rules": password_validators_help_texts(),
        }
        return guarded(self.page(values, status=status))
