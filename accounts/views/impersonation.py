"""Seeing the console as somebody else: begin from the person's page, leave from the banner of every page."""

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import rotate_token
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from accounts.people_forms import ViewAsForm
from accounts.services.impersonation import impersonation_end, impersonation_start
from accounts.views.person import PersonPageBase
from accounts.views.sessions import remember
from portal.kit import errors, identity
from portal.kit.access import SignedIn
from portal.kit.views import PageView


class PersonViewAsView(PersonPageBase):
    """Begin to see the console as a person."""

    access = "user:admin"
    step_up = True

    def post(self, request: HttpRequest, person_id: UUID) -> HttpResponse:
        """Begin; the browser is the person's from here on, until the view is left."""
        user = self.find(person_id)
        form = ViewAsForm(request.POST)
        if not form.is_valid():
            raise errors.Invalid(_("Give a reason of at most 300 characters."))
        sent = form.cleaned_data
        try:
            token = impersonation_start(actor=self.actor, user=user, reason=sent["reason"], write=sent["write"])
        except errors.Conflict as error:
            return self.conflict(user, error)
        rotate_token(request)
        reply = redirect("/")
        remember(reply, token)
        return reply


class LeaveView(PageView):
    """Ends the view and goes back to one's own session."""

    access = SignedIn("Whoever sees the console as somebody else may stop.", before_password_change=True, in_view=True)

    def post(self, request: HttpRequest) -> HttpResponse:
        """Back to the page of the person; to sign-in when one's own session has ended meanwhile."""
        who = identity.of(request)
        if who is None or not who.viewing:
            raise errors.NotFound
        token = impersonation_end(actor=self.actor, session_id=who.session_id)
        rotate_token(request)
        if not token:
            reply = redirect("accounts:sign_in")
            reply.delete_cookie(settings.SESSION_COOKIE_NAME, path="/", samesite="Lax")
            return reply
        reply = redirect("accounts:person", who.actor.id)
        remember(reply, token)
        messages.success(request, _("You are yourself again."))
        return reply
