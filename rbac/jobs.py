"""Jobs of the permissions' room."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.kit import clock, context
from portal.kit.registry import Job, Run, Schedule, jobs, schedules
from rbac.services import elevations, glass, review_jobs
from rbac.services.runs import BATCH, runs_lose
from rbac.settings import RUN_LOST


def lose_runs(run: Run) -> Mapping[str, Any]:
    """Give up runs of host products that nobody has heard of for too long, in batches. Harmless when repeated."""
    since, lost = clock.now() - RUN_LOST.value(), 0
    while True:
        with run.batch():
            found = runs_lose(silent_since=since)
        lost += found
        if found < BATCH:
            break
    run.log(_("Lost: %(lost)s runs.") % {"lost": lost})
    return {"lost": lost}


LOSE = "rbac.lose_runs"
jobs.add(Job(LOSE, gettext_lazy("Give up runs that nobody hears of"), lose_runs, permission="job:admin"))
schedules.add(Schedule(LOSE, gettext_lazy("Give up silent runs"), LOSE, "*/10 * * * *"))


def tidy_elevations(run: Run) -> Mapping[str, Any]:
    """Close requests that nobody answered and roles whose time is over, with their bindings. Idempotent: what is closed
    is not found again; each batch commits by itself. Nobody waits for it: the decision reads the end itself."""
    found = {"expired": 0, "ended": 0, "glass": 0}
    while True:
        with run.batch():
            some = {
                **elevations.elevations_tidy(actor=context.actor()),
                "glass": glass.glass_tidy(actor=context.actor()),
            }
            found = {name: found[name] + some[name] for name in found}
            run.progress(sum(found.values()), None)
        if sum(some.values()) < elevations.BATCH:
            break
    run.log(_("Closed: %(ended)s roles, %(expired)s requests, %(glass)s emergencies.") % found)
    return found


TIDY = "rbac.tidy_elevations"
jobs.add(Job(TIDY, gettext_lazy("Close what was given for a while and is over"), tidy_elevations, "job:admin"))
schedules.add(Schedule(TIDY, gettext_lazy("Close what was given for a while and is over"), TIDY, "*/5 * * * *"))


def tend_reviews(run: Run) -> Mapping[str, Any]:
    """Remind the reviewers of access reviews, and end those that are due. Idempotent: a reminder is sent once, a settled
    item is left alone; each review, and each batch of one that ends, commits by itself."""
    told = ended = 0
    run.phase(_("Reminding reviewers"))
    with run.batch():
        running = review_jobs.reviews_running(actor=context.actor())
        due = review_jobs.reviews_due(actor=context.actor())
    for review_id in running:
        with run.batch():
            told += review_jobs.review_care(actor=context.actor(), review_id=review_id)
    run.phase(_("Ending reviews"))
    for review_id in due:
        over = False
        while not over:
            with run.batch():
                over = review_jobs.review_end_step(actor=context.actor(), review_id=review_id)
        ended += 1
    run.log(_("Told: %(people)s people. Ended: %(reviews)s reviews.") % {"people": told, "reviews": ended})
    return {"told": told, "ended": ended}


REVIEWS = "rbac.reviews"
jobs.add(Job(REVIEWS, gettext_lazy("Access reviews: reminders and ends"), tend_reviews, permission="job:admin"))
schedules.add(Schedule(REVIEWS, gettext_lazy("Access reviews"), REVIEWS, "*/10 * * * *"))
