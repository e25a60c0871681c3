"""The demonstration: asked for, told by a job after the portal is up, removed in one step.

The rooms say in which steps their part is told (`kit.demos`); each is one transaction, so nobody sees half of one, and a
killed worker's successor goes on with the one that was not finished.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils.translation import gettext as _

from accounts.services.demo import demo_people_check, demo_people_finish, demo_people_steps
from accounts.services.demo_removal import demo_people_remove
from accounts.services.demo_world import demo_is_there
from billing.services.demo_removal import demo_money_remove
from billing.services.demo_year import demo_money_finish, demo_money_steps
from maintenance.models import JobRun
from maintenance.services.runs import run_cancel
from portal.kit import clock, context, jobs
from portal.kit.context import Actor
from portal.kit.demos import Step
from portal.kit.errors import Conflict
from portal.kit.models import Announcement
from portal.kit.notices.announcements import announcement_create, announcement_delete
from portal.kit.registry import Run
from portal.kit.services import writing

JOB = "home.load_demo"
AT_MOST = timedelta(hours=2)  # As the job's own limit: then nobody is told any more that it is under way.
TITLE = "The demonstration is being told."


def demo_ask(*, actor: Actor) -> str:
    """Have a job tell the demonstration, and say so above every page until it is told; what to say of it.

    Only for the system. `Conflict` in production, and where one is there already.
    """
    if settings.PRODUCTION:
        raise Conflict("Demonstration data do not belong into production (STEWARD_ENV=production).")
    demo_people_check(actor=actor)
    with writing():
        jobs.enqueue(JOB, actor=actor, key="demo")
        if not Announcement.objects.filter(title=TITLE).exists():
            text = _("People, their year and its money appear step by step. Jobs shows how far it is.")
            announcement_create(actor=actor, values={"title": TITLE, "text": text, "ends_at": clock.now() + AT_MOST})
    return "Demonstration: a job tells it; the console shows it under Jobs."


def demo_remove(*, actor: Actor) -> list[str]:
    """Bring its money to an end and take its people away; what to say of both. A job that still tells it ends at its next
    step, one that waits at once. Only for the system."""
    with writing():
        _one_at_a_time()
        for run in JobRun.objects.filter(name=JOB, state__in=[JobRun.State.QUEUED, JobRun.State.RUNNING]):
            run_cancel(actor=actor, run=run)
        _announcement_end(actor)
        said = demo_money_remove(actor=actor)
        count = demo_people_remove(actor=actor)
    return [f"Demonstration: {count} people removed.", *([said] if said else [])]


def steps() -> Sequence[Step]:
    """All of it, in the order in which it is told: money needs the organisations of the people."""
    return [*demo_people_steps(), *demo_money_steps()]


def load_demo(run: Run) -> Mapping[str, Any]:
    """Tell the demonstration, a step a batch. Killed in between, it goes on with the next step, up to the same moment. It
    ends early where the demonstration is removed meanwhile."""
    actor, found = context.actor(), steps()
    cursor: Mapping[str, Any] = run.cursor or {"until": clock.now().isoformat(), "done": 0}
    until, done = datetime.fromisoformat(str(cursor["until"])), int(cursor["done"])
    begun = clock.steady()
    with run.batch():
        run.phase(found[done].label if done < len(found) else "")
    for number in range(done, len(found)):
        with run.batch():
            _one_at_a_time()
            if number and not demo_is_there():
                run.log(_("The demonstration was removed meanwhile."))
                break
            found[number].tell(actor, until)
            run.cursor = {"until": until.isoformat(), "done": number + 1}
            run.progress(number + 1, len(found))
            run.phase(found[number + 1].label if number + 1 < len(found) else "")
            run.log(_("%(step)s: %(seconds)s s") % {"step": found[number].label, "seconds": _since(begun)})
        begun = clock.steady()
    with run.batch():
        _one_at_a_time()
        _announcement_end(actor)
        customers = demo_money_finish(actor=actor) if demo_is_there() else 0
        demo_people_finish(actor=actor)
    return {"customers": customers}


def _since(begun: float) -> str:
    return f"{clock.steady() - begun:.1f}"


def _one_at_a_time() -> None:
    """What is told while it is removed would stay for good."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('steward.demo'))")


def _announcement_end(actor: Actor) -> None:
    for row in Announcement.objects.filter(title=TITLE).order_by("pk"):
        announcement_delete(actor=actor, row=row)
