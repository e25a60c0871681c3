"""The jobs of the night: its steps one after the other, and the report in the morning.

While a step runs, the night itself is back in the queue, so that one worker is enough. Its cursor holds the state of
each step and is committed with what it tells of; a step's run is keyed by night and step. Killed at any moment, it
finds what it had started and goes on.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from maintenance.errors import NightIncomplete
from maintenance.models import JobRun, NightReport
from maintenance.services import nights
from portal.kit import context, registry
from portal.kit.errors import StewardError
from portal.kit.jobs import Again
from portal.kit.registry import Run

LOOK_AGAIN = timedelta(seconds=30)  # The end of a step wakes the night up at once; this is for a lost wake-up.
OPEN = ("todo", "now")
State = JobRun.State


def run_night(run: Run) -> Mapping[str, Any]:
    """The job: every nightly schedule in its order, as child runs. A step that fails does not stop the next.

    Raises `NightIncomplete` at the end when steps failed; retried, it repeats just those.
    """
    cursor = run.cursor or _start()
    if cursor["ended"]:
        _once_more(cursor)
    steps = cursor["steps"]
    while (step := next((step for step in steps if step["state"] in OPEN), None)) is not None:
        with run.batch():
            waits = _advance(run, cursor, step)
            run.cursor = cursor
            run.progress(sum(step["state"] not in OPEN for step in steps), len(steps))
        if waits:
            raise Again(LOOK_AGAIN)
    failed = [_label(step) for step in steps if step["state"] == "failed"]
    with run.batch():
        cursor["ended"] = True
        run.cursor = cursor
        run.phase("")
        report = nights.night_report_write(run_id=run.id, origin=NightReport.Origin.NIGHT)
    if failed:
        raise NightIncomplete(_("These steps failed: %(names)s.") % {"names": ", ".join(failed)})
    return {"steps": len(steps), "report": str(report.pk)}


def report_night(run: Run) -> Mapping[str, Any]:
    """The job: write the morning report. Event `maintenance.night.reported`, once per run."""
    with run.batch():
        report = nights.night_report_write(run_id=run.id, origin=NightReport.Origin.MORNING)
        run.log(f"{report.succeeded} well, {report.failed} failed, {report.missed} did not run.")
    return {name: getattr(report, name) for name in ("succeeded", "failed", "missed", "running", "told")} | {
        "report": str(report.pk)
    }


def _start() -> dict[str, Any]:
    steps = [{"name": spec.name, "state": "todo", "run": None, "note": ""} for spec in nights.nightly()]
    return {"turn": 1, "ended": False, "steps": steps}


def _once_more(cursor: dict[str, Any]) -> None:
    """Of a night that has ended and was queued again, the failed steps are to do."""
    cursor["turn"] += 1
    cursor["ended"] = False
    for step in cursor["steps"]:
        if step["state"] == "failed":
            step.update(state="todo", run=None, note="")


def _advance(run: Run, cursor: dict[str, Any], step: dict[str, Any]) -> bool:
    """Start the step or look how it is; whether it is to be waited for."""
    label = _label(step)
    if step["run"] is None:
        try:
            started = nights.night_step_start(
                actor=context.actor(), night_id=run.id, name=step["name"], turn=cursor["turn"]
            )
        except StewardError as error:
            step.update(state="failed", note=str(error.detail))
            run.log(f"{label}: {error.detail}")
            return False
        if isinstance(started, str):
            step.update(state="skipped", note=started)
            run.log(f"{label}: left out. {started}")
            return False
        step.update(state="now", run=str(started))
        run.phase(label)
        run.log(f"{label}: started")
    state, why = nights.night_step_state(run_id=UUID(step["run"]))
    if state in JobRun.LIVE:
        return True
    step.update(state="done" if state == State.SUCCEEDED else "failed", note=why)
    if state == State.CANCELLED:
        step["note"] = _("Cancelled.")
    run.log(f"{label}: {State(state).value}" + (f": {why}" if why else ""))
    return False


def _label(step: Mapping[str, Any]) -> str:
    name = str(step["name"])
    return str(registry.schedules.get(name).label) if name in registry.schedules else name
