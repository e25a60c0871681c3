"""Reads about nights."""

from uuid import UUID

from django.db.models import QuerySet

from maintenance.models import JobRun, NightReport
from maintenance.services.nights import NIGHT, PERMISSION
from portal.kit.context import Actor
from portal.kit.errors import NotFound


def reports(actor: Actor) -> QuerySet[NightReport]:
    """The reports that `actor` may see, newest first."""
    return NightReport.objects.visible_to(actor, PERMISSION).order_by("-id")


def report(actor: Actor, report_id: UUID) -> NightReport:
    """One report; `NotFound` when there is none that `actor` may see."""
    found = reports(actor).filter(pk=report_id).first()
    if found is None:
        raise NotFound
    return found


def last_night(actor: Actor) -> NightReport | None:
    """The newest report, for the page of nights; None before the first morning or without the right."""
    return reports(actor).first()


def neighbours(actor: Actor, found: NightReport) -> tuple[NightReport | None, NightReport | None]:
    """The report before and the one after."""
    rows = reports(actor).defer("items")
    return rows.filter(pk__lt=found.pk).first(), rows.filter(pk__gt=found.pk).order_by("id").first()


def live_night(actor: Actor) -> JobRun | None:
    """The night on demand that is queued or under way; None when there is none."""
    rows = JobRun.objects.visible_to(actor, PERMISSION).filter(name=NIGHT, state__in=JobRun.LIVE)
    return rows.defer("log").first()
