"""Announcements: written by who runs the installation, put away by who has read them."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.home import selectors as home
from portal.home.banners import PUT_AWAY, with_put_away
from portal.home.forms import AnnouncementForm
from portal.kit import clock, errors, paging, toasts
from portal.kit.access import SignedIn
from portal.kit.forms import refused
from portal.kit.mode import state
from portal.kit.models import Announcement
from portal.kit.notices import announcements, selectors
from portal.kit.views import PageView

YEAR_SECONDS = 31_536_000
STATES = {
    "now": ("ok", gettext_lazy("Shown")),
    "planned": ("info", gettext_lazy("Planned")),
    "over": ("none", gettext_lazy("Over")),
}


class AnnouncementList(PageView):
    """Every banner that was written."""

    access = "installation:admin"
    template_name = "kit/announcements.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        """The newest first."""
        page = paging.of(request, selectors.announcements(self.actor), announcement_row)
        return self.page({"page": page, "new_url": reverse("home:announcement_new")})


class AnnouncementNew(PageView):
    """Write one."""

    access = "installation:admin"
    template_name = "kit/announcement_form.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        """The form."""
        return self._form(AnnouncementForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        """Write it and go to the list."""
        form = AnnouncementForm(request.POST)
        if not form.is_valid():
            return self._form(form, status=422)
        try:
            announcements.announcement_create(actor=self.actor, values=self.sent(form))
        except errors.Invalid as error:
            refused(form, error)
            return self._form(form, status=422)
        toasts.add(request, _("The announcement is written."))
        return redirect("home:announcements")

    def sent(self, form: AnnouncementForm) -> dict[str, Any]:
        """The values that the service takes."""
        values = dict(form.cleaned_data)
        slug = values.pop("organisation")
        values["organisation_id"] = home.organisation_id_of(self.actor, slug) if slug else None
        if slug and values["organisation_id"] is None:
            raise errors.Invalid(fields={"organisation": [_("There is no organisation of this short name.")]})
        values["starts_at"] = values["starts_at"] or clock.now()
        return values

    def _form(self, form: AnnouncementForm, *, status: int = 200, title: str = "") -> HttpResponse:
        back = reverse("home:announcements")
        return self.page({"form": form, "editing": title, "back": back}, status=status)


class AnnouncementEdit(AnnouncementNew):
    """Change one."""

    access = "installation:admin"

    def get(self, request: HttpRequest, announcement_id: UUID) -> HttpResponse:  # type: ignore[override]
        """The form as it stands."""
        row = selectors.announcement(self.actor, announcement_id)
        names = ("title", "text", "tone", "audience", "starts_at", "ends_at", "dismissible")
        initial = {name: getattr(row, name) for name in names}
        initial["organisation"] = row.organisation.slug if row.organisation else ""
        return self._form(AnnouncementForm(initial=initial), title=row.title)

    def post(self, request: HttpRequest, announcement_id: UUID) -> HttpResponse:  # type: ignore[override]
        """Change it and go to the list."""
        row = selectors.announcement(self.actor, announcement_id)
        form = AnnouncementForm(request.POST)
        if not form.is_valid():
            return self._form(form, status=422, title=row.title)
        try:
            values = self.sent(form) | ({} if form.cleaned_data["starts_at"] else {"starts_at": row.starts_at})
            announcements.announcement_update(actor=self.actor, row=row, values=values)
        except errors.Invalid as error:
            refused(form, error)
            return self._form(form, status=422, title=row.title)
        toasts.add(request, _("The announcement is changed."))
        return redirect("home:announcements")


class AnnouncementEnd(PageView):
    """Take one down."""

    access = "installation:admin"

    def post(self, request: HttpRequest, announcement_id: UUID) -> HttpResponse:
        """Take it down and go to the list; one that is down already is left so."""
        row = selectors.announcement(self.actor, announcement_id)
        try:
            announcements.announcement_end(actor=self.actor, row=row)
            toasts.add(request, _("The announcement is taken down."))
        except errors.Conflict as error:
            toasts.add(request, str(error.detail), "warn")
        return redirect("home:announcements")


class AnnouncementDismiss(PageView):
    """Put a banner away, on this browser."""

    access = SignedIn("Everybody may put away what was told to everybody.")

    def post(self, request: HttpRequest, announcement_id: UUID) -> HttpResponse:
        """Remember it in a cookie and go back to the page."""
        if not any(one.id == announcement_id and one.dismissible for one in state.announced()):
            raise errors.NotFound
        back = request.POST.get("next", "")
        good = back.startswith("/") and url_has_allowed_host_and_scheme(back, allowed_hosts=None)
        reply = redirect(back if good else "/")
        reply.set_cookie(
            PUT_AWAY,
            with_put_away(request, announcement_id),
            max_age=YEAR_SECONDS,
            secure=settings.PRODUCTION,
            httponly=True,
            samesite="Lax",
        )
        return reply


def announcement_row(row: Announcement) -> dict[str, Any]:
    """An announcement as its templates show it."""
    now = clock.now()
    over = row.ends_at is not None and row.ends_at <= now
    key = "over" if over else "now" if row.starts_at <= now else "planned"
    tone, label = STATES[key]
    return {
        "id": row.pk,
        "title": row.title,
        "text": row.text,
        "tone": row.tone,
        "tone_label": row.get_tone_display(),
        "state": key,
        "state_tone": tone,
        "state_label": label,
        "audience": str(row.organisation) if row.organisation else row.get_audience_display(),
        "starts_at": row.starts_at,
        "ends_at": row.ends_at,
        "edit_url": reverse("home:announcement_edit", args=[row.pk]),
        "end_url": reverse("home:announcement_end", args=[row.pk]),
    }
