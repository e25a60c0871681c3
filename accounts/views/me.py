"""A person's own affairs: the page of an inactive account, and preferences."""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from accounts.person_selectors import administrator_contact
from accounts.services.preferences import preference_set
from portal.kit import identity, preferences
from portal.kit.access import SignedIn
from portal.kit.views import PageView


class InactiveView(PageView):
    """Says that the account is inactive, and whom to ask."""

    access = SignedIn("All that an inactive person sees.", before_password_change=True, in_view=True)
    template_name = "accounts/inactive.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        """The page; somebody who is active has nothing to look for here."""
        who = identity.of(request)
        if who is not None and who.active:
            return redirect("/")
        contact = administrator_contact()
        return self.page({"contact_label": contact, "contact_url": contact_url(contact)})


class ThemeView(PageView):
    """Keeps the theme with the person, so that it follows to other browsers."""

    access = SignedIn("One's own preference.")

    def post(self, request: HttpRequest) -> HttpResponse:
        """Store `theme`: system, light or dark."""
        theme = request.POST.get("theme", "")
        preference_set(actor=self.actor, values={"theme": theme})
        reply = HttpResponse(status=204)
        remember_theme(reply, theme)
        return reply


def remember_theme(reply: HttpResponse, theme: str) -> None:
    """Let the browser keep the theme, for pages before sign-in."""
    reply.set_cookie(
        preferences.THEME_COOKIE,
        theme,
        max_age=preferences.COOKIE_SECONDS,
        path="/",
        secure=settings.SESSION_COOKIE_SECURE,
        # Not HttpOnly: the page's own script switches the theme before it tells us.
        httponly=False,
        samesite="Lax",
    )


def contact_url(contact: str) -> str:
    """Where a contact leads: a page, a mail address, or (a mere name) nowhere."""
    if contact.startswith(("https://", "http://")):
        return contact
    try:
        validate_email(contact)
    except ValidationError:
        return ""
    return f"mailto:{contact}"
