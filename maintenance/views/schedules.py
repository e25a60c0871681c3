"""Pages of schedules."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from maintenance.presenters import schedules as presenters
from maintenance.presenters.runs import last_of
from maintenance.selectors import schedules as selectors
from maintenance.services import heartbeats, schedules
from portal.kit import toasts
from portal.kit.views import PageView


class ScheduleList(PageView):
    """What runs by itself."""

    access = "schedule:admin"
    template_name = "maintenance/schedule_list.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        """All declared schedules, the next due first."""
        rows = [
            {
                "label": row.label,
                "code": row.state.name,
                "words": presenters.cron_words(row.state.cron),
                "cron": row.state.cron,
                "zone": row.state.time_zone,
                "next_at": row.next_at,
                "enabled": row.state.enabled,
                "switch_url": reverse("maintenance:schedule_switch", args=[row.state.name]),
                "last": last_of(row.last_run),
            }
            for row in selectors.schedule_rows(self.actor)
        ]
        return self.page({"schedules": rows, "beat_missing": heartbeats.alive("beat") == 0})


class ScheduleSwitch(PageView):
    """Switch a schedule on or off."""

    access = "schedule:admin"

    def post(self, request: HttpRequest, name: str) -> HttpResponse:
        """Switch and go back to the list; doing the opposite is the undo."""
        enabled = request.POST.get("enabled") == "1"
        schedules.schedule_switch(actor=self.actor, name=selectors.schedule(self.actor, name).name, enabled=enabled)
        undo = toasts.Action(_("Undo"), request.path, {"enabled": "0" if enabled else "1"})
        toasts.add(request, _("The schedule is on.") if enabled else _("The schedule is off."), action=undo)
        return redirect("maintenance:schedules")
