"""Pages of schedules."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from maintenance.models import ScheduleState
from maintenance.presenters import runs as run_presenters
from maintenance.presenters import schedules as presenters
from maintenance.schedule_forms import PauseForm, ScheduleForm, initial
from maintenance.selectors import schedules as selectors
from maintenance.services import heartbeats, schedule_settings, schedules
from portal.kit import errors, paging, toasts
from portal.kit.context import Actor
from portal.kit.detail import DetailPage, Events, Head, Tab, events_tab
from portal.kit.forms import refused
from portal.kit.views import PageView


class ScheduleList(PageView):
    """What runs by itself."""

    access = "schedule:admin"
    template_name = "maintenance/schedule_list.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        """All schedules, the next due first."""
        rows = [presenters.schedule_row(row) for row in selectors.schedule_rows(self.actor)]
        values = {"schedules": rows, "beat_missing": heartbeats.alive("beat") == 0}
        return self.page({**values, "nights_url": reverse("maintenance:nights")})


class ScheduleSwitch(PageView):
    """Switch a schedule on or off."""

    access = "schedule:admin"

    def post(self, request: HttpRequest, name: str) -> HttpResponse:
        """Switch and go back to the list; doing the opposite is the undo."""
        enabled = request.POST.get("enabled") == "1"
        schedules.schedule_switch(actor=self.actor, name=selectors.schedule(self.actor, name).name, enabled=enabled)
        undo = toasts.Action(_("Undo"), request.path, {"enabled": "0" if enabled else "1"})
        toasts.add(request, _("The schedule is on.") if enabled else _("The schedule is off."), action=undo)
        return redirect("maintenance:schedules")


class SchedulePreview(PageView):
    """What a cron line would mean, while it is being written."""

    access = "schedule:admin"
    template_name = "maintenance/_schedule_preview.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        """Words and next runs, or the reason why it cannot be used; changes nothing."""
        line, zone = request.GET.get("cron", ""), request.GET.get("time_zone", "UTC")
        return self.page({"preview": presenters.preview(line, zone)})


def _overview(view: DetailPage[Any], target: ScheduleState) -> Mapping[str, Any]:
    row = selectors.schedule_row(view.actor, target.name)
    runs = selectors.runs_of(view.actor, target.name).defer("log", "cursor")[:5]
    return {
        "facts": presenters.facts(row, view.actor),
        "preview": presenters.preview(target.cron, target.time_zone),
        "resting": not target.is_running,
        "runs": [run_presenters.job_row(run) for run in runs],
        "runs_url": f"{view.address(target)}?tab=runs",
    }


def _runs(view: DetailPage[Any], target: ScheduleState) -> Mapping[str, Any]:
    rows = selectors.runs_of(view.actor, target.name).defer("log", "cursor")
    return {
        "chart": presenters.durations(view.actor, target.name),
        "page": paging.of(view.request, rows, run_presenters.job_row),
    }


def _history(actor: Actor, name: Any, cursor: paging.Cursor | None) -> Events:
    """A schedule is named by a word; the trail knows it by an id of its own."""
    return selectors.history_of(actor, str(name), cursor)


class SchedulePage(DetailPage[ScheduleState], abstract=True):
    """What the page of a schedule and the acts upon it share."""

    access = "schedule:admin"
    tabs = (
        Tab("overview", gettext_lazy("Overview"), "maintenance/_schedule_overview.html", _overview),
        Tab("runs", gettext_lazy("Runs"), "maintenance/_schedule_runs.html", _runs),
        events_tab("history", gettext_lazy("History"), _history),
    )

    def find(self, key: Any) -> ScheduleState:
        """The schedule of that name; `NotFound` when there is none."""
        return selectors.schedule(self.actor, str(key))

    def address(self, target: ScheduleState) -> str:
        """Its page."""
        return reverse("maintenance:schedule", args=[target.name])

    def head(self, target: ScheduleState) -> Head:
        """Name, state, what can be done."""
        return Head(
            title=selectors.label_of(target.name),
            subtitle=target.name,
            states=[presenters.state_of(target)],
            actions=[
                {"label": _("Edit"), "icon": "edit", "url": reverse("maintenance:schedule_edit", args=[target.name])},
                {"label": _("Run now"), "icon": "play", "dialog": "run", "tone": "primary"},
            ],
            more=self._more(target),
            dialogs=self._dialogs(target),
            crumbs=[(_("Schedules"), reverse("maintenance:schedules"))],
            glyph="clock",
        )

    def _more(self, target: ScheduleState) -> list[dict[str, Any]]:
        rest = (
            {"label": _("Pause"), "icon": "moon", "dialog": "pause"}
            if target.paused_at is None
            else {"label": _("Resume"), "icon": "play", "dialog": "resume"}
        )
        return [rest, {"label": _("Reset to declared"), "icon": "refresh", "dialog": "reset"}]

    def _dialogs(self, target: ScheduleState) -> list[dict[str, Any]]:
        name = {"name": selectors.label_of(target.name)}
        found = (
            {
                "id": "run",
                "title": _("Run “%(name)s” now?") % name,
                "text": _("It starts as soon as a worker is free. Its own times stay as they are."),
                "confirm_label": _("Run now"),
                "glyph": "play",
            },
            {
                "id": "pause",
                "title": _("Pause “%(name)s”?") % name,
                "text": _("It does not run by itself until somebody resumes it. Your name and reason stand beside it."),
                "confirm_label": _("Pause"),
                "glyph": "moon",
                "form": PauseForm(auto_id="pause_%s"),
            },
            {
                "id": "resume",
                "title": _("Resume “%(name)s”?") % name,
                "text": _("It runs again from its next time on. What it missed is not made up for."),
                "confirm_label": _("Resume"),
                "glyph": "play",
            },
            {
                "id": "reset",
                "title": _("Reset “%(name)s”?") % name,
                "text": _(
                    "Times, retention and policies go back to what is declared. On or off and whom it tells stay."
                ),
                "confirm_label": _("Reset"),
                "glyph": "refresh",
            },
        )
        return [
            {**dialog, "tone": "primary", "url": reverse(f"maintenance:schedule_{dialog['id']}", args=[target.name])}
            for dialog in found
            if dialog["id"] != ("pause" if target.paused_at else "resume")
        ]


def _notice(target: ScheduleState) -> dict[str, str] | None:
    """Why it does not run by itself, where there is a reason."""
    if target.fault:
        return {"tone": "bad", "title": _("This schedule stands still."), "text": target.fault}
    if target.paused_at is not None:
        title = _("Paused by %(who)s.") % {"who": target.paused_by}
        return {"tone": "warn", "title": title, "text": target.pause_reason}
    return None


class ScheduleDetail(SchedulePage):
    """One schedule: how it is set, when it runs, how it went, who changed it."""

    access = "schedule:admin"

    def get(self, request: HttpRequest, key: str) -> HttpResponse:
        """The page with the tab of the address."""
        target = self.find(key)
        return self.detail(target, notice=_notice(target))


class ScheduleEdit(SchedulePage):
    """Set a schedule."""

    access = "schedule:admin"
    template_name = "maintenance/schedule_form.html"

    def get(self, request: HttpRequest, key: str) -> HttpResponse:
        """The form with the preview of what is set."""
        target = self.find(key)
        return self._form(target, self._bound(target, None), presenters.preview(target.cron, target.time_zone))

    def post(self, request: HttpRequest, key: str) -> HttpResponse:
        """Save what differs, or only show what the line means. 409 when somebody else was faster, 422 with the reasons."""
        target = self.find(key)
        form = self._bound(target, request.POST)
        preview = presenters.preview(request.POST.get("cron", ""), request.POST.get("time_zone", ""))
        if request.POST.get("do") == "preview":
            return self._form(target, self._bound(target, None, request.POST), preview)
        if not form.is_valid():
            return self._form(target, form, preview, status=422)
        try:
            schedule_settings.schedule_update(
                actor=self.actor, name=target.name, values=form.values(), version=form.cleaned_data["version"]
            )
        except (errors.Invalid, errors.Conflict) as error:
            refused(form, _named(error))
            return self._form(target, form, preview, status=error.status)
        toasts.add(request, _("Saved."))
        return redirect(self.address(target))

    def _bound(self, target: ScheduleState, sent: Any, shown: Any = None) -> ScheduleForm:
        first = initial(target) | ({name: shown[name] for name in shown} if shown is not None else {})
        cleanup = schedule_settings.cleanup_of(name=target.name)
        return ScheduleForm(sent, initial=first, cleanup=cleanup)

    def _form(
        self, target: ScheduleState, form: ScheduleForm, preview: Mapping[str, Any], *, status: int = 200
    ) -> HttpResponse:
        where = self.address(target)
        shown = {"label": selectors.label_of(target.name), "url": where}
        values = {"form": form, "schedule": shown, "preview": preview, "cancel_url": where}
        return self.page({**values, "list_url": reverse("maintenance:schedules")}, status=status)


def _named(error: errors.StewardError) -> errors.StewardError:
    """The form asks for hours and days in one field of its own name."""
    if isinstance(error, errors.Invalid) and "keep_hours" in error.fields:
        fields = dict(error.fields)
        fields["keep"] = fields.pop("keep_hours")
        return errors.Invalid(error.detail, fields=fields)
    return error


class ScheduleRun(PageView):
    """Run a schedule's job now."""

    access = "schedule:admin"

    def post(self, request: HttpRequest, key: str) -> HttpResponse:
        """Queue the run, or find the one that is going, and go to its page."""
        run_id = schedule_settings.schedule_run(actor=self.actor, name=selectors.schedule(self.actor, key).name)
        return redirect("maintenance:job", run_id)


class SchedulePause(SchedulePage):
    """Let a schedule rest."""

    access = "schedule:admin"

    def post(self, request: HttpRequest, key: str) -> HttpResponse:
        """Pause it with the reason that was given."""
        target = self.find(key)
        try:
            schedule_settings.schedule_pause(actor=self.actor, name=target.name, reason=request.POST.get("reason", ""))
        except errors.Invalid as error:
            return self.conflict(target, errors.Invalid(error.fields["reason"][0]))
        except errors.Conflict as error:
            return self.conflict(target, error)
        toasts.add(request, _("The schedule is paused."))
        return redirect(self.address(target))


class ScheduleResume(SchedulePage):
    """Let a paused schedule go on."""

    access = "schedule:admin"

    def post(self, request: HttpRequest, key: str) -> HttpResponse:
        """Resume it."""
        target = self.find(key)
        try:
            schedule_settings.schedule_resume(actor=self.actor, name=target.name)
        except errors.Conflict as error:
            return self.conflict(target, error)
        toasts.add(request, _("The schedule runs again."))
        return redirect(self.address(target))


class ScheduleReset(SchedulePage):
    """Forget what people have set."""

    access = "schedule:admin"

    def post(self, request: HttpRequest, key: str) -> HttpResponse:
        """Put it back to what is declared."""
        target = self.find(key)
        schedule_settings.schedule_reset(actor=self.actor, name=target.name)
        toasts.add(request, _("The schedule is as it is declared."))
        return redirect(self.address(target))
