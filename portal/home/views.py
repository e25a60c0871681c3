"""Home, health for people, the outbox."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts import selectors as accounts
from audit import selectors as audit
from audit.filters import EventFilter
from maintenance import presenters
from maintenance import selectors as maintenance
from maintenance.services import heartbeats
from portal.home import selectors
from portal.kit import clock, edge, health, paging
from portal.kit.access import Public, SignedIn
from portal.kit.api import ApiView
from portal.kit.decision import can
from portal.kit.errors import NotFound
from portal.kit.models import OutboundMessage as Message
from portal.kit.views import PageView

RECENTLY = timedelta(hours=24)
CATEGORIES = {"security": gettext_lazy("Security")}


class Home(PageView):
    """What a person sees first: each panel by permission."""

    access = SignedIn("Everybody has a first page; each panel asks for its own permission.")
    template_name = "home/home.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        """The panels that the person's permissions open."""
        values: dict[str, Any] = {
            "greeting": _greeting(self.actor.label),
            "cards": None,
            "events": None,
            "jobs": None,
            "schedules": None,
        }
        if can(self.actor, "user:read"):
            values["cards"] = self._people()
        if can(self.actor, "audit:read"):
            page = audit.events(self.actor, EventFilter(), limit=8)
            values |= {"events": page.items, "events_url": reverse("audit:timeline")}
        if can(self.actor, "job:read"):
            values |= {
                "jobs": [_job(run) for run in maintenance.runs(self.actor)[:5]],
                "jobs_url": reverse("maintenance:jobs"),
                "notices": self._attention(),
            }
        if can(self.actor, "schedule:admin"):
            rows = maintenance.schedule_rows(self.actor)[:5]
            values |= {"schedules": [_schedule(row) for row in rows], "schedules_url": reverse("maintenance:schedules")}
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


def _schedule(row: maintenance.ScheduleRow) -> dict[str, Any]:
    return {
        "label": row.label,
        "words": presenters.cron_words(row.state.cron),
        "next_at": row.next_at,
        "tone": "accent" if row.state.enabled else "",
        "state_label": _("On") if row.state.enabled else _("Off"),
        "url": reverse("maintenance:schedules"),
    }


class Health(PageView):
    """Every dependency with its state, for administrators; probes use /health/live and /health/ready."""

    access = "installation:admin"

    def get(self, request: HttpRequest) -> HttpResponse:
        """The report as JSON; 503 only when something vital is away."""
        report = health.report()
        return JsonResponse(report.as_json(), status=503 if report.status == "down" else 200)


class Outbox(PageView):
    """Mails that were written; without a mail server this page is where they are read."""

    access = "installation:admin"
    template_name = "kit/outbox_list.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        """The newest first."""
        return self.page({"page": paging.of(request, selectors.outbox(self.actor), _mail_row)})


class OutboxMessage(PageView):
    """One mail."""

    access = "installation:admin"
    template_name = "kit/outbox_detail.html"

    def get(self, request: HttpRequest, message_id: UUID) -> HttpResponse:
        """Its text."""
        found = selectors.message(self.actor, message_id)
        return self.page({"mail": _mail_row(found) | {"text": found.text}, "list_url": reverse("home:outbox")})


def _mail_row(message: Message) -> dict[str, Any]:
    tones = {"queued": "info", "sent": "ok", "failed": "bad"}
    labels = {"queued": _("In the outbox"), "sent": _("Sent"), "failed": _("Failed")}
    return {
        "url": reverse("home:outbox_message", args=[message.pk]),
        "to": message.address,
        "subject": message.subject,
        "category": CATEGORIES.get(message.category, message.category),
        "state_tone": tones[message.state],
        "state_label": labels[message.state],
        "created_at": message.created_at,
        "sent_at": message.sent_at,
        "error": message.error,
    }


class NoSuchEndpoint(ApiView):
    """Every other address under /api/v1."""

    access = Public("Says that there is nothing here.")

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """404 whatever the method."""
        return edge.respond(request, NotFound())
