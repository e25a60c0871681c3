"""Telling people how a run of a schedule has ended, as the schedule is set."""

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from maintenance.models import JobRun, ScheduleState
from portal.kit import notices, registry
from portal.kit.notify import notify
from portal.kit.services import writing

State = JobRun.State
Notify = ScheduleState.Notify


def run_told(*, run: JobRun, state: JobRun.State, error: str) -> int:
    """Tell who asked to be told of the ends of the run's schedule, behind the bell and by mail; returns how many people.

    Nobody is told of a run that was cancelled, and nobody twice who started it. No event: the end of the run has one.
    """
    if not run.schedule or state == State.CANCELLED:
        return 0
    schedule = ScheduleState.objects.filter(pk=run.schedule).exclude(notify=Notify.NOBODY).first()
    failed = state == State.FAILED
    if schedule is None or not (failed or schedule.notify == Notify.ALWAYS):
        return 0
    people = [person for person in schedule.people if person != run.actor_id]
    label = str(registry.schedules.get(run.schedule).label) if run.schedule in registry.schedules else run.schedule
    title = (_("“%(job)s” failed") if failed else _("“%(job)s” finished")) % {"job": label}
    where = reverse("maintenance:job", args=[run.pk])
    with writing():
        notices.tell(people, category="job", tone="bad" if failed else "ok", title=title, text=error, url=where)
        data = {"label": label, "failed": failed, "error": error, "url": f"{settings.STEWARD_PUBLIC_URL}{where}"}
        for person in people:
            notify(person, "job", "schedule_ended", data)
    return len(people)
