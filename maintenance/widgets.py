"""Widgets of upkeep: jobs, schedules, the night, backups, the system; what is wrong there, and the first steps."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from maintenance.models import Backup
from maintenance.presenters import nights as night_presenters
from maintenance.presenters import runs as presenters
from maintenance.presenters.cron_words import cron_words
from maintenance.selectors import backups, nights, restores, runs, schedules
from maintenance.services import heartbeats
from portal.kit import clock, health
from portal.kit.widgets import Loaded, Options, Place, Step, Task, Waiting, Widget, steps, tasks, widgets

RECENTLY = timedelta(hours=24)
SHOWN = 5


def jobs(place: Place, options: Options) -> Loaded:
    """The newest runs."""
    found = [presenters.job_row(run) for run in runs.runs(place.actor).defer("log", "cursor")[:SHOWN]]
    return {
        "title": _("Recent jobs"),
        "more_url": reverse("maintenance:jobs"),
        "more_label": _("All jobs"),
        "nothing": _("No job has run yet."),
        "rows": [
            {
                "title": row.title,
                "url": row.url,
                "note": _("by %(who)s") % {"who": row.started_by},
                "tone": row.state_tone,
                "state_label": row.state_label,
                "when": row.created_at,
            }
            for row in found
        ],
    }


def tonight(place: Place, options: Options) -> Loaded:
    """What starts next by itself; what comes every few minutes is left out, or nothing else would find place."""
    url = reverse("maintenance:schedules")
    found = schedules.upcoming(place.actor, SHOWN)
    return {
        "title": _("Tonight and next"),
        "more_url": url,
        "more_label": _("Schedules"),
        "nothing": _("Nothing is planned."),
        "rows": [
            {
                "title": row.label,
                "url": reverse("maintenance:schedule", args=[row.state.name]),
                "note": cron_words(row.state.cron),
                "icon": "clock",
                "when": row.next_at,
                "style": "time",
            }
            for row in found
        ],
    }


def night(place: Place, options: Options) -> Loaded:
    """How the last night went."""
    newest = nights.reports(place.actor).defer("items").first()
    values = {
        "title": _("Last night"),
        "more_url": reverse("maintenance:nights"),
        "more_label": _("All nights"),
        "nothing": _("The first report comes in the morning."),
    }
    if newest is None:
        return values
    page = night_presenters.night_line(newest)
    row = {"title": page["headline"], "url": page["url"], "note": page["window"]}
    return {**values, "rows": [{**row, "tone": page["tone"], "state_label": page["state_label"]}]}


def safety(place: Place, options: Options) -> Loaded:
    """How much a disaster now would cost: by the age of the newest proved backup, and by what the last drills took."""
    found = restores.recovery(place.actor)
    now = clock.now()
    lost: dict[str, Any] = {"label": _("Would be lost"), "value": _("everything"), "note": _("no backup is proved")}
    if found.lost is not None:
        lost = {
            "label": _("Would be lost"),
            "when": now - found.lost,
            "note": _("since the newest proved backup"),
        }
    takes: dict[str, Any] = {"label": _("To be back"), "value": _("not measured"), "note": _("no drill has passed")}
    if found.takes is not None:
        takes = {"label": _("To be back"), "seconds": found.takes, "note": _("as the last drills took")}
    late = found.lost_late or found.takes_late
    state = {"tone": "bad" if late else "ok", "label": _("Against the policy") if late else _("Within the policy")}
    return {
        "title": _("Backups"),
        "more_url": reverse("maintenance:backups"),
        "more_label": _("All backups"),
        "facts": [{"label": _("Recovery"), "status": state}, lost, takes],
    }


HEALTH = {"ok": "ok", "degraded": "warn", "down": "bad"}
STATES = {"ok": gettext_lazy("Works"), "degraded": gettext_lazy("Degraded"), "down": gettext_lazy("Down")}


def system(place: Place, options: Options) -> Loaded:
    """What the installation depends on, what is away first."""
    found = health.report()
    order = list(HEALTH)
    checks = sorted(found.checks, key=lambda check: -order.index(check.state))
    return {
        "title": _("System"),
        "more_url": reverse("maintenance:system"),
        "more_label": _("Details"),
        "rows": [
            {
                "title": check.label,
                "note": check.detail,
                "tone": HEALTH[check.state],
                "state_label": STATES[check.state],
            }
            for check in checks[:SHOWN]
        ],
    }


def no_worker(place: Place) -> Iterator[Waiting]:
    """Nobody does the work that is queued."""
    if heartbeats.alive("worker") == 0:
        text = _("Queued jobs wait until one is started; none is lost.")
        url = reverse("maintenance:jobs")
        yield Waiting(_("No worker is running."), url, note=text, tone="warn", icon="alert")


def failed(place: Place) -> Iterator[Waiting]:
    """Runs that failed since yesterday."""
    found = runs.runs(place.actor, state="failed").filter(finished_at__gt=clock.now() - RECENTLY).count()
    if found:
        text = ngettext("%(n)s job failed in the last 24 hours.", "%(n)s jobs failed in the last 24 hours.", found)
        url = f"{reverse('maintenance:jobs')}?state=failed"
        note = _("Each says what went wrong and can be run again.")
        yield Waiting(text % {"n": f"{found:,}"}, url, found, note, tone="bad", icon="alert")


def unsafe(place: Place) -> Iterator[Waiting]:
    """The newest proved backup is older than the policy allows."""
    lost = backups.recovery_point(place.actor)
    if lost is None or lost > settings.STEWARD_RPO:
        hours = int(settings.STEWARD_RPO.total_seconds() // 3600)
        text = _("No backup of the last %(n)s hours is proved.") % {"n": hours}
        note = _("What happened since the last one would be lost.")
        yield Waiting(text, reverse("maintenance:backups"), note=note, tone="warn", icon="database")


for code, label, description, permission, template, load, icon, height, alike in (
    (
        "jobs",
        gettext_lazy("Recent jobs"),
        gettext_lazy("The newest runs and how they went."),
        "job:read",
        "rows",
        jobs,
        "play",
        5,
        False,
    ),
    (
        "schedules",
        gettext_lazy("Tonight and next"),
        gettext_lazy("What starts next by itself, but for what comes every few minutes."),
        "schedule:admin",
        "rows",
        tonight,
        "clock",
        5,
        False,
    ),
    (
        "night",
        gettext_lazy("Last night"),
        gettext_lazy("How the night's maintenance went."),
        "schedule:admin",
        "rows",
        night,
        "moon",
        2,
        False,
    ),
    (
        "backups",
        gettext_lazy("Backups"),
        gettext_lazy("What a disaster now would cost: lost work, and time to be back."),
        "backup:restore",
        "facts",
        safety,
        "database",
        3,
        False,
    ),
    (
        "system",
        gettext_lazy("System"),
        gettext_lazy("What the installation depends on, and whether it answers."),
        "system:read",
        "rows",
        system,
        "monitor",
        5,
        True,
    ),
):
    widgets.add(
        Widget(
            f"maintenance.{code}",
            label,
            description,
            permission,
            f"kit/widgets/{template}.html",
            load,
            icon=icon,
            height=height,
            slow=alike,
            alike=alike,
        )
    )
tasks.add(Task("maintenance.worker", "job:read", no_worker))
tasks.add(Task("maintenance.failed", "job:read", failed))
tasks.add(Task("maintenance.backups", "backup:execute", unsafe))
steps.add(
    Step(
        "maintenance.backup",
        gettext_lazy("Take the first backup"),
        gettext_lazy("Then let a drill prove that it can be restored."),
        "backup:execute",
        lambda place: reverse("maintenance:backups"),
        lambda place: Backup.objects.filter(state__in=Backup.USABLE).exists(),
        40,
    )
)
