"""The first page: each panel by permission."""

from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts import selectors as accounts
from audit import selectors as audit
from audit.filters import EventFilter
from maintenance.presenters import nights as night_presenters
from maintenance.presenters import runs as presenters
from maintenance.presenters.schedules import cron_words
from maintenance.selectors import nights as night_selectors
from maintenance.selectors import runs as maintenance
from maintenance.selectors import schedules as schedule_selectors
from maintenance.services import heartbeats
from portal.home import selectors
from portal.home.start import start_page
from portal.kit import charts, clock
from portal.kit.access import SignedIn
from portal.kit.context import Actor
from portal.kit.decision import can
from portal.kit.views import PageView

RECENTLY = timedelta(hours=24)
DAYS = 14  # Of the chart.


class Home(PageView):
    """What a person sees first: each panel by permission."""

    access = SignedIn("Everybody has a first page; each panel asks for its own permission.", in_view=True)
    template_name = "home/home.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        """The panels that the person's permissions open; who has just arrived goes on to the start page of their choice."""
        chosen = start_page(request, self.actor)
        if chosen:
            return redirect(chosen)
        values: dict[str, Any] = {
            "greeting": _greeting(self.actor.label),
            "cards": None,
            "events": None,
            "jobs": None,
            "schedules": None,
            "night": None,
            "notices": [],
        }
        if can(self.actor, "user:read"):
            values["cards"] = self._people()
        if can(self.actor, "audit:read"):
            self.enter_platform()
            page = audit.events(self.actor, EventFilter(), limit=8)
            values |= {"events": page.items, "events_url": reverse("audit:timeline")}
            values["sign_ins"] = _sign_ins(self.actor)
        if can(self.actor, "job:read"):
            values |= {
                "jobs": [_job(run) for run in maintenance.runs(self.actor)[:5]],
                "jobs_url": reverse("maintenance:jobs"),
                "notices": self._attention(),
            }
        if can(self.actor, "schedule:admin"):
            rows = schedule_selectors.schedule_rows(self.actor)[:5]
            values |= {"schedules": [_schedule(row) for row in rows], "schedules_url": reverse("maintenance:schedules")}
            newest = night_selectors.last_night(self.actor)
            values["night"] = night_presenters.night_page(newest) if newest else None
        values["waiting"] = not can(self.actor, "dashboard:read")
        return self.page(values)

    def _attention(self) -> list[dict[str, Any]]:
        """What somebody should look at now; nothing on a good day."""
        found: list[dict[str, Any]] = []
        if heartbeats.alive("worker") == 0:
            found.append(
                {
                    "tone": "warn",
                    "title": _("No worker is running."),
                    "text": _("Queued jobs wait until one is started; none is lost."),
                }
            )
        failed = maintenance.runs(self.actor, state="failed").filter(finished_at__gt=clock.now() - RECENTLY).count()
        if failed:
            text = ngettext("%(n)s job failed in the last 24 hours.", "%(n)s jobs failed in the last 24 hours.", failed)
            found.append(
                {
                    "tone": "bad",
                    "title": text % {"n": f"{failed:,}"},
                    "text": _("Each says what went wrong and can be run again."),
                    "action_url": f"{reverse('maintenance:jobs')}?state=failed",
                    "action_label": _("Show failed jobs"),
                }
            )
        return found

    def _people(self) -> list[dict[str, Any]]:
        counts = accounts.people_counts(self.actor)
        people = reverse("accounts:people")
        return [
            {"label": _("People"), "value": counts["all"], "note": _("everyone with an account"), "url": people},
            {
                "label": _("Active"),
                "value": counts["active"],
                "note": _("can sign in"),
                "url": f"{people}?state=active",
            },
            {
                "label": _("Inactive"),
                "value": counts["inactive"],
                "note": _("see the inactive page only"),
                "url": f"{people}?state=inactive",
            },
        ]


def _sign_ins(actor: Actor) -> dict[str, Any]:
    """Sign-ins of the last two weeks as bars, with how many there were."""
    days = selectors.sign_ins_per_day(actor, DAYS)
    points = [
        charts.Point(formats.date_format(day, "j M"), number, formats.date_format(day, "l, j F Y"))
        for day, number in days
    ]
    return {
        "sum": sum(number for _day, number in days),
        "chart": charts.bars(points, title=_("Sign-ins per day"), unit=_("sign-ins")),
    }


def _greeting(label: str) -> str:
    hour = timezone.localtime(clock.now()).hour
    name = label.split(maxsplit=1)[0] if label.split() else label
    if hour < 12:
        return _("Good morning, %(name)s") % {"name": name}
    return (_("Good afternoon, %(name)s") if hour < 18 else _("Good evening, %(name)s")) % {"name": name}


def _job(run: Any) -> dict[str, Any]:
    row = presenters.job_row(run)
    return {
        "title": row.title,
        "url": row.url,
        "state_tone": row.state_tone,
        "state_label": row.state_label,
        "note": _("by %(who)s") % {"who": row.started_by},
        "when": row.created_at,
    }


def _schedule(row: schedule_selectors.ScheduleRow) -> dict[str, Any]:
    return {
        "label": row.label,
        "words": cron_words(row.state.cron),
        "next_at": row.next_at,
        "tone": "accent" if row.state.enabled else "",
        "state_label": _("On") if row.state.enabled else _("Off"),
        "url": reverse("maintenance:schedules"),
    }
