"""Breaking the glass: doing it, what became of it, and what an organisation sees of it."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from audit.selectors import history_page
from portal.kit import errors, limits
from portal.kit.access import SignedIn
from portal.kit.detail import DetailPage, DetailView, Head, Tab, history_tab
from portal.kit.forms import refused
from portal.kit.lists.views import ListView
from portal.kit.views import PageView
from rbac import elevation_selectors as selectors
from rbac.elevation_lists import glass_breaks
from rbac.elevation_presenters import GlassRow, glass_rows, minutes_text
from rbac.govern_forms import GlassForm, NoteForm, ReviewForm
from rbac.models import GlassBreak
from rbac.services import glass as services

RIGHT = services.RIGHT
SHOWN = 50  # On the page of an organisation; there are never many.


class GlassBreaksView(ListView):
    """Every time that somebody broke the glass."""

    access = "break_glass:execute"
    declared = glass_breaks

    def extra(self) -> dict[str, Any]:
        """What stands in the head."""
        new = {"label": _("Break the glass"), "icon": "alert", "tone": "danger", "url": reverse("rbac:glass_new")}
        lead = _("For emergencies: every right in one organisation for a while. Everybody is told, and it is reviewed.")
        return {"lead": lead, "head_actions": [new]}


class GlassNewView(PageView):
    """Break the glass."""

    access = "break_glass:execute"
    step_up = True
    limit = limits.SENSITIVE
    template_name = "rbac/glass_form.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        """What will happen, and the form."""
        return self._form(GlassForm(organisations=selectors.organisations_to_enter(self.actor)))

    def post(self, request: HttpRequest) -> HttpResponse:
        """Every right there, from here."""
        form = GlassForm(request.POST, organisations=selectors.organisations_to_enter(self.actor))
        if not form.is_valid():
            return self._form(form, status=422)
        try:
            made = services.glass_break(actor=self.actor, **form.cleaned_data)
        except (errors.Invalid, errors.Conflict, errors.Forbidden) as error:
            refused(form, error)
            return self._form(form, status=error.status)
        messages.success(request, _("The glass is broken. Everybody who has to know is told."))
        return redirect("rbac:glass_break", made.pk)

    def _form(self, form: GlassForm, *, status: int = 200) -> HttpResponse:
        where = reverse("rbac:glass_breaks")
        lasts = minutes_text(int(services.lasts().total_seconds() // 60))
        return self.page({"form": form, "list_url": where, "cancel_url": where, "lasts": lasts}, status=status)


def _overview(view: DetailPage[Any], target: GlassBreak) -> Mapping[str, Any]:
    row = GlassRow(target)
    own = target.user_id == view.actor.id
    due = own and target.stage == "unnoted"
    return {
        "facts": row.facts,
        "steps": row.steps,
        "note_form": NoteForm() if due else None,
        "note_url": reverse("rbac:glass_note", args=[target.pk]),
        "waits": not own and target.stage == "unnoted",
        "waits_review": own and target.stage == "unreviewed",
    }


class GlassBase(DetailPage[GlassBreak], abstract=True):
    """What the page of an emergency and the acts upon it share."""

    tabs = (
        Tab("overview", gettext_lazy("Overview"), "rbac/_glass_overview.html", _overview),
        history_tab(history_page),
    )

    def find(self, key: UUID) -> GlassBreak:
        """The emergency; `NotFound` for who may not break the glass."""
        return selectors.glass_break(self.actor, key)

    def address(self, target: GlassBreak) -> str:
        """Its page."""
        return reverse("rbac:glass_break", args=[target.pk])

    def head(self, target: GlassBreak) -> Head:
        """Where, by whom, and what can be done."""
        row = GlassRow(target)
        actions: list[dict[str, Any]] = []
        dialogs: list[dict[str, Any]] = []
        if target.is_live:
            actions.append({"label": _("End it"), "icon": "stop", "dialog": "end", "tone": "danger"})
            dialogs.append(_end_dialog(target))
            if target.user_id == self.actor.id:
                inside = f"/o/{target.organisation.slug}/"
                actions.append({"label": _("Enter"), "icon": "arrow-right", "url": inside, "tone": "primary"})
        elif target.stage == "unreviewed" and target.user_id != self.actor.id:
            actions.append({"label": _("Review"), "icon": "check", "dialog": "review", "tone": "primary"})
            dialogs.append(_review_dialog(target))
        return Head(
            title=row.label,
            subtitle=_("Broken by %(name)s") % {"name": row.by},
            states=[(row.stage_tone, row.stage_label)],
            actions=actions,
            dialogs=dialogs,
            crumbs=[(_("Break glass"), reverse("rbac:glass_breaks"))],
            avatar=(row.label, row.hue),
        )

    def do(self, target: GlassBreak, verb: str, told: str, **more: Any) -> HttpResponse:
        """Do one of the acts; what the state of things did not allow is said on the page as it is now."""
        try:
            getattr(services, f"glass_{verb}")(actor=self.actor, glass=target, **more)
        except errors.Conflict as error:
            return self.conflict(self.find(target.pk), error)
        messages.success(self.request, told)
        return redirect(self.address(target))


def _end_dialog(target: GlassBreak) -> dict[str, Any]:
    return {
        "id": "end",
        "title": _("End the emergency in %(name)s?") % {"name": target.organisation},
        "text": _("Every right that it gave counts no more from the very next click. Then a note is due."),
        "url": reverse("rbac:glass_end", args=[target.pk]),
        "confirm_label": _("End it"),
        "glyph": "stop",
    }


def _review_dialog(target: GlassBreak) -> dict[str, Any]:
    return {
        "id": "review",
        "title": _("Review the emergency in %(name)s") % {"name": target.organisation},
        "text": _("You read the note and the trail. What you say stays, and %(name)s is told.") % {"name": target.user},
        "url": reverse("rbac:glass_review", args=[target.pk]),
        "confirm_label": _("Save review"),
        "tone": "primary",
        "glyph": "check",
        "form": ReviewForm(auto_id="review_%s"),
    }


class GlassView(GlassBase, DetailView[GlassBreak]):
    """One emergency."""

    access = "break_glass:execute"


class GlassEndView(GlassBase):
    """End one before its time; also from the banner, and by who has lost the right meanwhile."""

    access = SignedIn("Whoever broke the glass can always end it; the service demands the right of everybody else.")

    def post(self, request: HttpRequest, key: UUID) -> HttpResponse:
        """Every right there is gone."""
        self.enter_platform()
        return self.do(self.find(key), "end", _("Ended. Write now what you did."))


class GlassNoteView(GlassBase):
    """Tell what was done."""

    access = "break_glass:execute"

    def post(self, request: HttpRequest, key: UUID) -> HttpResponse:
        """Others review it."""
        target = self.find(key)
        form = NoteForm(request.POST)
        if not form.is_valid():
            return self.detail(target, status=422, note_form=form)
        try:
            return self.do(target, "note", _("Written. Somebody else reviews it."), note=form.cleaned_data["note"])
        except errors.Invalid as error:
            refused(form, error)
            return self.detail(target, status=error.status, note_form=form)


class GlassReviewView(GlassBase):
    """Say whether it was justified."""

    access = "break_glass:execute"
    step_up = True

    def post(self, request: HttpRequest, key: UUID) -> HttpResponse:
        """It is closed."""
        target = self.find(key)
        form = ReviewForm(request.POST)
        if not form.is_valid():
            raise errors.Invalid(_("Choose one of the two, and write at most 300 characters."))
        return self.do(target, "review", _("Reviewed. It is closed."), **form.cleaned_data)


class OrganisationGlassView(PageView):
    """What an organisation sees of it: who entered with every right, when, why, and what was said of it afterwards."""

    access = "audit:read"
    template_name = "rbac/glass_inside.html"

    def get(self, request: HttpRequest, slug: str) -> HttpResponse:
        """The emergencies here, the newest first."""
        found = list(selectors.glass_breaks(self.actor).order_by("-started_at", "-id")[:SHOWN])
        return self.page({"rows": [{"row": row, "steps": row.steps} for row in glass_rows(self.actor, found)]})
