"""Maintenance mode: what is in force, what is planned, and what was."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.home.forms import WindowForm
from portal.kit import clock, errors, paging, toasts
from portal.kit.forms import refused
from portal.kit.mode import selectors, services
from portal.kit.models import MaintenanceWindow
from portal.kit.views import PageView

STATES = {
    "now": ("warn", gettext_lazy("In force")),
    "planned": ("info", gettext_lazy("Planned")),
    "over": ("none", gettext_lazy("Over")),
}


class Maintenance(PageView):
    """What is in force and planned, the form for more, and the history."""

    access = "installation:admin"
    template_name = "kit/mode.html"

    def dangerous(self, request: HttpRequest) -> bool:
        """Closing the portal is; looking at the page is not."""
        return request.method == "POST"

    def get(self, request: HttpRequest) -> HttpResponse:
        """The page."""
        return self._shown(WindowForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        """Begin or plan maintenance."""
        form = WindowForm(request.POST)
        if not form.is_valid():
            return self._shown(form, status=422)
        try:
            window = services.window_create(actor=self.actor, **form.cleaned_data)
        except (errors.Invalid, errors.Conflict) as error:
            refused(form, error)
            return self._shown(form, status=error.status)
        begun = window.starts_at <= clock.now()
        toasts.add(request, _("Maintenance has begun.") if begun else _("Maintenance is planned."))
        return redirect("home:maintenance")

    def _shown(self, form: WindowForm, status: int = 200) -> HttpResponse:
        return self.page(
            {
                "form": form,
                "open": [window_row(window) for window in selectors.open_windows(self.actor)],
                "page": paging.of(self.request, selectors.windows(self.actor), window_row),
            },
            status=status,
        )


class MaintenanceEdit(PageView):
    """Change maintenance that is not over: its end, message and lists."""

    access = "installation:admin"
    template_name = "kit/mode_form.html"

    def dangerous(self, request: HttpRequest) -> bool:
        """Changing it is."""
        return request.method == "POST"

    def get(self, request: HttpRequest, window_id: UUID) -> HttpResponse:
        """The form as it stands."""
        window = selectors.window(self.actor, window_id)
        initial = {name: getattr(window, name) for name in ("kind", "message", "starts_at", "ends_at")}
        initial["addresses"] = "\n".join(window.addresses)
        initial["people"] = "\n".join(window.people)  # Ids, which the form takes like names.
        return self._shown(WindowForm(window=window, initial=initial), window)

    def post(self, request: HttpRequest, window_id: UUID) -> HttpResponse:
        """Change it and go back."""
        window = selectors.window(self.actor, window_id)
        form = WindowForm(request.POST, window=window)
        if not form.is_valid():
            return self._shown(form, window, status=422)
        sent = form.cleaned_data
        if sent["starts_at"] is None:
            sent = {**sent, "starts_at": max(clock.now(), window.starts_at)}
        try:
            services.window_update(actor=self.actor, window=window, values=sent)
        except (errors.Invalid, errors.Conflict) as error:
            refused(form, error)
            return self._shown(form, window, status=error.status)
        toasts.add(request, _("Maintenance was changed."))
        return redirect("home:maintenance")

    def _shown(self, form: WindowForm, window: MaintenanceWindow, status: int = 200) -> HttpResponse:
        return self.page(
            {"form": form, "window": window_row(window), "back": reverse("home:maintenance")}, status=status
        )


class MaintenanceEnd(PageView):
    """End maintenance, or call it off."""

    access = "installation:admin"

    def post(self, request: HttpRequest, window_id: UUID) -> HttpResponse:
        """End it and go back; ended already is as good."""
        window = selectors.window(self.actor, window_id)
        try:
            services.window_end(actor=self.actor, window=window)
        except services.MaintenanceOver as error:
            toasts.add(request, str(error.detail), "warn")
        else:
            toasts.add(
                request, _("Maintenance has ended.") if window.starts_at <= clock.now() else _("It is called off.")
            )
        return redirect("home:maintenance")


def window_row(window: MaintenanceWindow) -> dict[str, Any]:
    """A time of maintenance as its templates show it."""
    now = clock.now()
    over = window.ended_at is not None or (window.ends_at is not None and window.ends_at <= now)
    key = "over" if over else "now" if window.starts_at <= now else "planned"
    tone, label = STATES[key]
    return {
        "id": window.pk,
        "state": key,
        "state_tone": tone,
        "state_label": label,
        "label": str(window),
        "closed": window.kind == MaintenanceWindow.Kind.CLOSED,
        "message": window.message,
        "reason": window.reason,
        "starts_at": window.starts_at,
        "ends_at": window.ended_at or window.ends_at,
        "by": str(window.entered_by) if window.entered_by else _("a command on the machine"),
        "people": len(window.people),
        "addresses": len(window.addresses),
        "edit_url": reverse("home:maintenance_edit", args=[window.pk]),
        "end_url": reverse("home:maintenance_end", args=[window.pk]),
        "dialog": f"end-{window.pk.hex[-8:]}",
    }
