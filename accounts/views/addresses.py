"""One's own e-mail address: verify it, change it; and what the mailed links of both lead to."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from accounts.address_selectors import own_address
from accounts.registration_forms import NewAddressForm
from accounts.services.addresses import (
    LIFE,
    address_change_ask,
    address_change_cancel,
    address_confirm,
    address_object,
    address_offer,
    verification_send,
)
from accounts.views.handover import Handover, guarded
from portal.kit import errors, limits
from portal.kit.access import Public, SignedIn
from portal.kit.forms import refused
from portal.kit.views import PageView

LINK = Handover("address_link", "/email", LIFE)
OWN = "One's own address."
WHY = "The mail may be opened where nobody is signed in; the token of the link is the proof."


class EmailView(PageView):
    """The address, whether it is verified, and a change that waits."""

    access = SignedIn(OWN)
    limit = limits.SENSITIVE
    template_name = "accounts/email.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        """The page."""
        return self.page({"own": own_address(self.actor)})

    def post(self, request: HttpRequest) -> HttpResponse:
        """Send the verification again, or call a change off."""
        todo = request.POST.get("do", "")
        if todo == "verify":
            if verification_send(actor=self.actor):
                messages.success(request, _("A mail is on its way. Open its link within a day."))
            else:
                messages.info(request, _("Your address is verified already."))
        elif todo == "cancel":
            if address_change_cancel(actor=self.actor):
                messages.success(request, _("The change is off. Your address stays as it is."))
        else:
            raise errors.BadRequest
        return redirect("accounts:email")


class EmailChangeView(PageView):
    """Ask for another address; whoever does has just proved who they are."""

    access = SignedIn(OWN)
    limit = limits.SENSITIVE
    step_up = True
    template_name = "accounts/email_change.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        """The form."""
        return self._form(NewAddressForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        """Mail both addresses."""
        form = NewAddressForm(request.POST)
        if not form.is_valid():
            return self._form(form, status=422)
        try:
            address_change_ask(actor=self.actor, email=form.cleaned_data["email"])
        except errors.Invalid as error:
            refused(form, error)
            return self._form(form, status=422)
        messages.success(request, _("Both addresses were sent a mail. Nothing changes until they are answered."))
        return redirect("accounts:email")

    def _form(self, form: NewAddressForm, *, status: int = 200) -> HttpResponse:
        return self.page({"form": form, "own": own_address(self.actor)}, status=status)


class EmailLinkView(PageView):
    """Where the mails lead: takes the token out of the address, so that no history, log or referrer keeps it."""

    access = Public(WHY)
    limit = limits.SENSITIVE

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        """On to the page; `LinkGone` for a dead link. Looking spends nothing: mail programs look at links, too."""
        address_offer(token=token)
        return LINK.hand(token, "accounts:email_link")


class EmailAnswerView(PageView):
    """What the link is good for, and the answer. Nobody is signed in by it."""

    access = Public(WHY)
    limit = limits.SENSITIVE
    template_name = "accounts/email_answer.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        """The page; `LinkGone` without a live link."""
        return guarded(self.page({"offer": address_offer(token=LINK.token(request))}))

    def post(self, request: HttpRequest) -> HttpResponse:
        """Confirm, or object as the old address."""
        token = LINK.token(request)
        if request.POST.get("do") == "object":
            address_object(token=token)
            return LINK.done(self.page({"objected": True}))
        if request.POST.get("do") != "confirm":
            raise errors.BadRequest
        return LINK.done(self.page({"confirmed": address_confirm(token=token)}))
