"""Endpoints of schedules."""

from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request

from maintenance.api.schedule_serializers import (
    PreviewReply,
    ScheduleBody,
    ScheduleReply,
    preview_body,
    schedule_body,
    schedule_with_runs_body,
)
from maintenance.api.serializers import RunReply, run_body
from maintenance.errors import ScheduleFaulty
from maintenance.models import ScheduleState
from maintenance.presenters import schedules as presenters
from maintenance.selectors import runs as run_selectors
from maintenance.selectors import schedules as selectors
from maintenance.services import schedule_settings, schedules
from portal.kit.api import ApiView, endpoint, json, text
from portal.kit.errors import Conflict, Invalid

# What moves by itself is no change that a writer has to know of.
MOVING = ("next_at", "next_runs", "last_run", "last_missed", "words")


class SchedulesView(ApiView):
    """Jobs that start by themselves."""

    access = "schedule:admin"

    @endpoint(items=ScheduleReply)
    def get(self, request: Request) -> HttpResponse:
        """List the schedules, the next due first. There are few: they come in one page."""
        return self.listed(map(schedule_body, selectors.schedule_rows(self.actor)), None)


class SchedulePreviewView(ApiView):
    """What a cron line would mean."""

    access = "schedule:admin"

    @endpoint(
        query=(
            text("cron", _("Minute, hour, day of the month, month, day of the week."), example="30 3 * * *"),
            text("time_zone", _("An IANA name; UTC when it is absent."), example="Europe/Vienna"),
        ),
        reply=PreviewReply,
    )
    def get(self, request: Request) -> HttpResponse:
        """Words and the next five runs of a line, or the reason why it cannot be used. Changes nothing."""
        line, zone = self.asked["cron"] or "", self.asked["time_zone"] or "UTC"
        return json(preview_body(line, presenters.preview(line, zone)))


class ScheduleBase(ApiView, abstract=True):
    """What the endpoints of one schedule share."""

    volatile = MOVING

    def told(self, name: str) -> HttpResponse:
        """The schedule as it is now."""
        return self.single(self.described(name))

    def described(self, name: str) -> dict[str, Any]:
        """Its body."""
        return schedule_with_runs_body(selectors.schedule_row(self.actor, name))


class ScheduleView(ScheduleBase):
    """One schedule."""

    access = "schedule:admin"

    @endpoint(reply=ScheduleReply, etag=True)
    def get(self, request: Request, name: str) -> HttpResponse:
        """Read a schedule, with its next five runs."""
        return self.told(name)

    @endpoint(body=ScheduleBody, partial=True, reply=ScheduleReply, etag=True, errors=(Conflict, Invalid))
    def patch(self, request: Request, name: str) -> HttpResponse:
        """Set a schedule. What passes while it is off or paused is not made up for; a new time counts from now on.

        `paused` takes `pause_reason` along. `keep_hours` of null is as declared.
        """
        state = self.unchanged(selectors.schedule(self.actor, name), lambda _state: self.described(name))
        sent = dict(self.sent)
        paused, reason = sent.pop("paused", None), sent.pop("pause_reason", "")
        enabled = sent.pop("enabled", None)
        if sent:
            schedule_settings.schedule_update(actor=self.actor, name=name, values=sent)
        if enabled is not None:
            schedules.schedule_switch(actor=self.actor, name=name, enabled=enabled)
        self._rest(state, paused, reason)
        return self.told(name)

    def _rest(self, state: ScheduleState, paused: bool | None, reason: str) -> None:
        if paused is None or paused == (state.paused_at is not None):
            return
        if not paused:
            schedule_settings.schedule_resume(actor=self.actor, name=state.name)
            return
        try:
            schedule_settings.schedule_pause(actor=self.actor, name=state.name, reason=reason)
        except Invalid as error:
            raise Invalid(fields={"pause_reason": error.fields["reason"]}) from error


class ScheduleRunView(ApiView):
    """Running a schedule's job now."""

    access = "schedule:admin"

    @endpoint(reply=RunReply, status=202, errors=(ScheduleFaulty,))
    def post(self, request: Request, name: str) -> HttpResponse:
        """Run it now, whatever its time or state. While a run of it lives, that one is answered: twice is once."""
        run_id = schedule_settings.schedule_run(actor=self.actor, name=selectors.schedule(self.actor, name).name)
        return json(run_body(run_selectors.run(self.actor, run_id)), status=202)


class ScheduleResetView(ScheduleBase):
    """Forgetting what people have set."""

    access = "schedule:admin"

    @endpoint(reply=ScheduleReply)
    def post(self, request: Request, name: str) -> HttpResponse:
        """Put time, retention and policies back to what is declared."""
        schedule_settings.schedule_reset(actor=self.actor, name=selectors.schedule(self.actor, name).name)
        return self.told(name)
