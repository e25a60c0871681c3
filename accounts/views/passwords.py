"""Changing one's own password."""

from django.contrib import messages
from django.contrib.auth.password_validation import get_default_password_validators, password_validators_help_texts
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.middleware.csrf import rotate_token
from django.shortcuts import redirect
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters

from accounts.forms import PasswordForm
from accounts.services.passwords import current_refused, password_change
from accounts.services.sessions import session_rotate
from accounts.views.sessions import next_of, remember
from portal.kit import errors, identity, limits
from portal.kit.access import SignedIn
from portal.kit.forms import refused
from portal.kit.identity import Identity
from portal.kit.views import PageView, led_to


class PasswordView(PageView):
    """The password page; the only one that answers while a one-time password is due for change."""

    access = SignedIn("One's own password.", before_password_change=True)
    limit = limits.SENSITIVE
    template_name = "accounts/change_password.html"
    who: Identity

    @method_decorator(sensitive_post_parameters("current", "new", "repeat"))
    def dispatch(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        """As every page; an inactive person is led away, and no password stands in an error report."""
        who = identity.of(request)
        if who is not None:
            if not who.active:
                return led_to(request, "/inactive")
            self.who = who
        return super().dispatch(request, *args, **kwargs)

    def get(self, request: HttpRequest) -> HttpResponse:
        """The form."""
        return self._form(PasswordForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        """Change it; this browser goes on under a new token, every other one is signed out."""
        form = PasswordForm(request.POST)
        if not form.is_valid():
            return self._form(form, status=422)
        current, new = form.cleaned_data["current"], form.cleaned_data["new"]
        try:
            changed = password_change(
                request=request, actor=self.actor, session_id=self.who.session_id, current=current, new=new
            )
        except errors.Invalid as error:
            refused(form, error)
            return self._form(form, status=422)
        if changed is None:
            refused(form, current_refused())
            return self._form(form, status=422)
        reply = redirect(next_of(request))
        remember(reply, session_rotate(actor=self.actor, session_id=self.who.session_id))
        rotate_token(request)
        messages.success(request, _("Your password is changed. You are signed out everywhere else."))
        return reply

    def _form(self, form: PasswordForm, *, status: int = 200) -> HttpResponse:
        values = {
            "form": form,
            "forced": self.who.must_change_password,
            "minimum_length": minimum_length(),
            "rules": password_validators_help_texts(),
            "cancel_url": next_of(self.request),
        }
        return self.page(values, status=status)


def minimum_length() -> int:
    """The least length of the settings, for the meter that counts while one types; the server decides again."""
    return max((getattr(validator, "min_length", 0) for validator in get_default_password_validators()), default=0)
