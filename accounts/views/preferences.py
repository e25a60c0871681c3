"""One's own preferences: every one on one page, with a sample that shows them before they are saved."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from accounts.self_forms import PreferencesForm
from accounts.services.preferences import preference_set
from accounts.views.me import remember_theme
from portal.kit import clock, errors, htmx, preferences, registry
from portal.kit.access import SignedIn
from portal.kit.context import Actor
from portal.kit.decision import can
from portal.kit.forms import refused
from portal.kit.preferences import Preferences
from portal.kit.runtime.kinds import Choices
from portal.kit.views import PageView

SAMPLE_NUMBER = 1_284_067


class PreferencesView(PageView):
    """The page."""

    access = SignedIn("One's own preferences.")
    template_name = "accounts/me_preferences.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        """The form as things are."""
        return self._form(PreferencesForm(initial=_values(preferences.current()), pages=_pages(self.actor)))

    def post(self, request: HttpRequest) -> HttpResponse:
        """Save all of it; the next page looks so."""
        form = PreferencesForm(request.POST, pages=_pages(self.actor))
        if not form.is_valid():
            return self._form(form, status=422)
        try:
            user = preference_set(actor=self.actor, values=form.cleaned_data)
        except errors.Invalid as error:
            refused(form, error)
            return self._form(form, status=422)
        messages.success(request, _("Your preferences are saved."))
        reply = redirect("accounts:preferences")
        remember_look(reply, preferences.of(user.preferences))
        return reply

    def _form(self, form: PreferencesForm, *, status: int = 200) -> HttpResponse:
        return self.page({"form": form, "sample": sample(preferences.current())}, status=status)


class SampleView(PageView):
    """How things would look with what is chosen in the form. Nothing is kept."""

    access = SignedIn("One's own preferences.")

    def get(self, request: HttpRequest) -> HttpResponse:
        """The sample; what is not offered is left as it is. Without scripts, the page."""
        if not htmx.wants_part(request):
            return redirect("accounts:preferences")
        asked = {name: value for name, value in request.GET.items() if name in preferences.CHOICES}
        return HttpResponse(sample(preferences.of({**_values(preferences.current()), **asked})))


def sample(chosen: Preferences) -> str:
    """A piece of the console in the clothes of `chosen`; the language stays that of the page."""
    with preferences.worn(chosen):
        rows = [
            {"name": "Ada Lindqvist", "hue": 0, "role": _("Owner"), "tone": "info", "state": _("Active")},
            {"name": "Bruno Novak", "hue": 1, "role": _("Viewer"), "tone": "warn", "state": _("Invited")},
        ]
        worn = preferences.attributes(chosen, whole=True)
        values = {"attributes": worn, "now": clock.now(), "number": SAMPLE_NUMBER, "rows": rows}
        return render_to_string("accounts/_me_sample.html", values)


def remember_look(reply: HttpResponse, worn: Preferences) -> None:
    """Let the browser keep how things look, for pages before sign-in: theme, sizes, contrast, motion, language."""
    remember_theme(reply, worn.theme)
    said = preferences.look_cookie(worn)
    if not said:
        reply.delete_cookie(preferences.LOOK_COOKIE, path="/", samesite="Lax")
        return
    reply.set_cookie(
        preferences.LOOK_COOKIE,
        said,
        max_age=preferences.COOKIE_SECONDS,
        path="/",
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _values(worn: Preferences) -> dict[str, Any]:
    return {name: getattr(worn, name) for name in preferences.NAMES}


def _pages(actor: Actor) -> Choices:
    """The start pages that `actor` may open now."""
    return [
        (value, label)
        for value, label in preferences.CHOICES["start_page"]()
        if value not in registry.menu or can(actor, registry.menu.get(value).permission)
    ]
