"""Nights: the declared nightly schedules one after the other, and the report of what ran."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from maintenance import night_report
from maintenance.models import JobRun, NightReport, ScheduleState
from maintenance.night_report import Window
from maintenance.services.runs import run_enqueue
from portal.kit import clock, context, decision, ids, notices, registry
from portal.kit.context import Actor
from portal.kit.decision import authorise
from portal.kit.notify import notify
from portal.kit.record import record
from portal.kit.registry import Schedule
from portal.kit.services import writing

PERMISSION = "schedule:admin"
NIGHT, REPORT = "maintenance.run_night", "maintenance.report_night"
KEY = "night"


def night_start(*, actor: Actor) -> UUID:
    """Run tonight's maintenance now; returns the run, which is the one that is going when somebody was quicker.

    Each step acts with the rights of `actor`. Event `maintenance.run.queued`.
    """
    authorise(actor, PERMISSION)
    return run_enqueue(NIGHT, actor=actor, key=KEY)


def nightly() -> list[Schedule]:
    """The schedules that belong to a night, in its order."""
    found = [(spec.night, spec.name, spec) for spec in registry.schedules if spec.night is not None]
    return [spec for _night, _name, spec in sorted(found, key=lambda row: row[:2])]


def night_step_start(*, actor: Actor, night_id: UUID, name: str, turn: int) -> UUID | str:
    """Queue a step of a night as its child and return the run, the same one however often it is asked for; or the
    sentence that says why the step is left out. Raises the error of the step's own job (`Forbidden`)."""
    spec = registry.schedules.get(name) if name in registry.schedules else None
    if spec is None or spec.job not in registry.jobs:
        return _("Its job no longer exists in this version.")
    state = ScheduleState.objects.filter(pk=name).first()
    if state is not None and not state.enabled:
        return _("Switched off.")
    if state is not None and state.paused_at is not None:
        return _("Paused by %(who)s: %(why)s") % {"who": state.paused_by, "why": state.pause_reason}
    return run_enqueue(
        spec.job, actor=actor, args=spec.args, key=f"night {turn} {name}", schedule=name, parent=night_id
    )


def night_step_state(*, run_id: UUID) -> tuple[str, str]:
    """State and error of a step's run; one that is no longer there counts as cancelled."""
    found = JobRun.objects.filter(pk=run_id).values_list("state", "error").first()
    return found or (JobRun.State.CANCELLED.value, "")


def night_report_write(*, run_id: UUID, origin: NightReport.Origin) -> NightReport:
    """Write what ran since the last report, once per run. Event `maintenance.night.reported`.

    When something failed or did not run, everybody who holds `schedule:admin` is told behind the bell and by mail.
    """
    authorise(context.actor(), PERMISSION)
    with writing():
        existing = NightReport.objects.filter(run_id=run_id).first()
        if existing is not None:
            return existing
        window = _window()
        items = night_report.items(_runs(window, run_id), list(ScheduleState.objects.order_by("pk")), window)
        report = NightReport(
            run_id=run_id,
            origin=origin,
            starts_at=window.start,
            ends_at=window.end,
            items=items,
            **night_report.sums(items),
        )
        people = [] if report.is_good else list(_holders())
        report.told = len(people)
        report.save(force_insert=True)
        data: dict[str, Any] = {"from": window.start.isoformat(), "to": window.end.isoformat(), "told": report.told}
        data |= {name: getattr(report, name) for name in ("succeeded", "failed", "missed", "running")}
        record("maintenance.night.reported", target=report, data=data)
        _tell(report, people)
    return report


def _window() -> Window:
    end = clock.now()
    last = NightReport.objects.order_by("-ends_at").values_list("ends_at", flat=True).first()
    # After a clock that stepped back, the last report may end in the future.
    start = end - night_report.FIRST if last is None else min(last, end - night_report.SHORTEST)
    return Window(start, end)


def _runs(window: Window, run_id: UUID) -> list[JobRun]:
    """What ended in the window or is under way: runs of schedules, and upkeep that somebody started by hand."""
    rows = JobRun.objects.filter(pk__gte=ids.first_of(window.start - night_report.LONGEST_RUN)).exclude(pk=run_id)
    rows = rows.exclude(name__in=[NIGHT, REPORT]).defer("log", "cursor")
    found = rows.filter(finished_at__gt=window.start, finished_at__lte=window.end) | rows.filter(finished_at=None)
    return [run for run in found.order_by("pk") if run.schedule or run.name.startswith("maintenance.")]


def _holders() -> Iterator[UUID]:
    cursor = None
    while True:
        page = decision.list_subjects(PERMISSION, None, cursor)
        yield from (subject.person_id for subject in page.items)
        cursor = page.next
        if cursor is None:
            return


def _tell(report: NightReport, people: list[UUID]) -> None:
    if not people:
        return
    where = reverse("maintenance:night", args=[report.pk])
    bad = [item | {"told": night_report.reason_of(item)} for item in report.items if item["state"] in night_report.BAD]
    title = _("Last night: %(what)s") % {"what": night_report.verdict(report)}
    text = ", ".join(item["label"] for item in bad)
    notices.tell(people, category="job", tone="bad", title=title, text=text, url=where)
    data = {"title": title, "report": report, "bad": bad, "url": f"{settings.STEWARD_PUBLIC_URL}{where}"}
    for person in people:
        notify(person, "job", "night_report", data)
