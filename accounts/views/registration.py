"""Registration: ask for a mail, open its link, choose name, organisation and password."""

from django.contrib import messages
from django.contrib.auth.password_validation import password_validators_help_texts
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters

from accounts.errors import RegistrationClosed
from accounts.registration_forms import AccountForm, AddressForm
from accounts.services.asks import registration_ask
from accounts.services.privacy import legal_texts
from accounts.services.registrations import LIFE, registration_complete, registration_of
from accounts.settings import REGISTRATION
from accounts.views.entering import entered
from accounts.views.handover import Handover, guarded
from accounts.views.passwords import minimum_length
from portal.kit import errors, limits
from portal.kit.access import Public
from portal.kit.forms import refused
from portal.kit.views import PageView

LINK = Handover("registration", "/register", LIFE)
WHY = "Whoever registers has no account yet; the token of the mailed link is the proof of the address."


class RegisterView(PageView):
    """Ask for the link. Whoever has an account with the address, the answer is the same."""

    access = Public(WHY)
    limit = limits.SENSITIVE
    template_name = "accounts/register.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        """The form; a page that says so where registration is closed."""
        if REGISTRATION.value() != "open":
            return self.page(template="accounts/register_closed.html", status=RegistrationClosed.status)
        return self.page({"form": AddressForm()})

    def post(self, request: HttpRequest) -> HttpResponse:
        """Note it and lead to the page that says so."""
        if REGISTRATION.value() != "open":
            raise RegistrationClosed
        form = AddressForm(request.POST)
        if not form.is_valid():
            return self.page({"form": form}, status=422)
        try:
            registration_ask(email=form.cleaned_data["email"])
        except errors.Invalid as error:
            refused(form, error)
            return self.page({"form": form}, status=422)
        return redirect("accounts:register_sent")


class RegisterSentView(PageView):
    """What happens now."""

    access = Public(WHY)
    template_name = "accounts/register_sent.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        """The page."""
        return self.page()


class RegisterLinkView(PageView):
    """Where the mail leads: takes the token out of the address, so that no history, log or referrer keeps it."""

    access = Public(WHY)
    limit = limits.SENSITIVE

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        """On to the form; `LinkGone` for a dead link. Looking spends nothing: mail programs look at links, too."""
        registration_of(token=token)
        return LINK.hand(token, "accounts:register_account")


class RegisterAccountView(PageView):
    """The form of the account."""

    access = Public(WHY)
    limit = limits.SENSITIVE
    template_name = "accounts/register_account.html"

    @method_decorator(sensitive_post_parameters("new", "repeat"))
    def dispatch(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        """As every page; no password stands in an error report."""
        return super().dispatch(request, *args, **kwargs)

    def get(self, request: HttpRequest) -> HttpResponse:
        """The form; `LinkGone` without a live link."""
        return self._form(AccountForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        """Make the account and sign it in; the link is spent."""
        form = AccountForm(request.POST)
        if not form.is_valid():
            return self._form(form, status=422)
        sent = form.cleaned_data
        try:
            user, made = registration_complete(
                token=LINK.token(self.request),
                name=sent["name"],
                username=sent["username"],
                password=sent["new"],
                organisation=sent["organisation"],
            )
        except errors.Invalid as error:
            refused(form, error)
            return self._form(form, status=422)
        messages.success(request, _("Welcome to Steward, %(name)s.") % {"name": user})
        to = reverse("accounts:organisation_home", args=[made.slug])
        return LINK.done(entered(request, user, to, method="registration"))

    def _form(self, form: AccountForm, *, status: int = 200) -> HttpResponse:
        found = registration_of(token=LINK.token(self.request))
        values = {
            "form": form,
            "email": found.email,
            "minimum_length": minimum_length(),
            "rules": password_validators_help_texts(),
            "texts": legal_texts(),
        }
        return guarded(self.page(values, status=status))
