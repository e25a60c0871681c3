"""Forgotten passwords: where one asks for a link. The link itself is answered in `accounts.views.links`."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from accounts.registration_forms import ForgotForm
from accounts.services.asks import password_ask
from portal.kit import limits
from portal.kit.access import Public
from portal.kit.views import PageView

WHY = "Whoever forgot the password cannot sign in; what is done is done for the account's own mailbox."


class ForgotView(PageView):
    """Ask for a link. Whoever has the account, the answer is the same."""

    access = Public(WHY)
    limit = limits.SENSITIVE
    template_name = "accounts/forgot.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        """The form."""
        return self.page({"form": ForgotForm()})

    def post(self, request: HttpRequest) -> HttpResponse:
        """Note it and lead to the page that says so."""
        form = ForgotForm(request.POST)
        if not form.is_valid():
            return self.page({"form": form}, status=422)
        password_ask(identifier=form.cleaned_data["identifier"])
        return redirect("accounts:forgot_sent")


class ForgotSentView(PageView):
    """What happens now."""

    access = Public(WHY)
    template_name = "accounts/forgot_sent.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        """The page."""
        return self.page()
