"""Answering an invitation by its mailed link: as the person one is, or as a new one."""

from django.contrib import messages
from django.contrib.auth.password_validation import password_validators_help_texts
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters

from accounts.organisation_forms import JoinForm
from accounts.services.invitations import LIFE, Offer, invitation_accept, invitation_join, invitation_offer
from accounts.services.privacy import legal_texts
from accounts.settings import REGISTRATION
from accounts.views.entering import entered
from accounts.views.handover import Handover, guarded
from accounts.views.passwords import minimum_length
from portal.kit import access, errors, identity, limits
from portal.kit.access import Public, SignedIn
from portal.kit.forms import refused
from portal.kit.views import PageView, led_to

LINK = Handover("invitation", "/invitation", LIFE)
AS_ONESELF = SignedIn("Joining as the person one is.")
WHY = "Who is invited may have no account yet; the token of the link is the proof."


class InvitationLinkView(PageView):
    """Where the mail leads: takes the token out of the address, so that no history, log or referrer keeps it."""

    access = Public(WHY)
    limit = limits.SENSITIVE

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        """On to the page; `InvitationGone` for a dead link. Looking spends nothing: mail programs look, too."""
        invitation_offer(token=token)
        return LINK.hand(token, "accounts:invitation")


class InvitationView(PageView):
    """What is offered, and the answer."""

    access = Public(WHY)
    limit = limits.SENSITIVE
    template_name = "accounts/invitation.html"

    @method_decorator(sensitive_post_parameters("new", "repeat"))
    def dispatch(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        """As every page; no password stands in an error report."""
        return super().dispatch(request, *args, **kwargs)

    def get(self, request: HttpRequest) -> HttpResponse:
        """The offer; `InvitationGone` without a live link."""
        return self._shown(JoinForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        """Join: signed in, as oneself; else as a new person, who is signed in then."""
        who = identity.of(request)
        if who is not None and who.active:
            # The page is public, so its own gate asked nothing: not who only looks on, nor who has a duty first.
            try:
                access.gate(request, AS_ONESELF)
            except access.PasswordChangeRequired:
                return led_to(request, "/me/password?next=/invitation")
            except access.SecondFactorRequired:
                return led_to(request, "/me/second-factor")
            joined = invitation_accept(actor=who.actor, token=LINK.token(self.request))
            messages.success(request, _("Welcome to %(name)s.") % {"name": joined})
            return LINK.done(redirect("accounts:organisation_home", joined.slug))
        form = JoinForm(request.POST)
        if not form.is_valid():
            return self._shown(form, status=422)
        sent = form.cleaned_data
        try:
            user, joined = invitation_join(
                token=LINK.token(self.request), name=sent["name"], username=sent["username"], password=sent["new"]
            )
        except errors.Invalid as error:
            refused(form, error)
            return self._shown(form, status=422)
        messages.success(request, _("Welcome to %(name)s.") % {"name": joined})
        to = reverse("accounts:organisation_home", args=[joined.slug])
        return LINK.done(entered(request, user, to, method="invitation"))

    def _shown(self, form: JoinForm, *, status: int = 200) -> HttpResponse:
        offer: Offer = invitation_offer(token=LINK.token(self.request))
        who = identity.of(self.request)
        values = {
            "offer": offer,
            "signed_in": who.actor.label if who is not None and who.active else "",
            "may_join": REGISTRATION.value() != "off",
            "form": form,
            "minimum_length": minimum_length(),
            "rules": password_validators_help_texts(),
            "texts": legal_texts(),
        }
        return guarded(self.page(values, status=status))
