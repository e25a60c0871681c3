"""Endpoints of schedules."""

from django.http import HttpResponse
from rest_framework.request import Request

from maintenance.api.schedule_serializers import ScheduleBody, ScheduleReply, schedule_body
from maintenance.selectors import schedules as selectors
from maintenance.services import schedules
from portal.kit.api import ApiView, endpoint
from portal.kit.errors import NotFound


class SchedulesView(ApiView):
    """Jobs that start by themselves."""

    access = "schedule:admin"

    @endpoint(items=ScheduleReply)
    def get(self, request: Request) -> HttpResponse:
        """List the schedules, the next due first. There are few: they come in one page."""
        return self.listed(map(schedule_body, selectors.schedule_rows(self.actor)), None)


class ScheduleView(ApiView):
    """One schedule."""

    access = "schedule:admin"

    @endpoint(reply=ScheduleReply, etag=True)
    def get(self, request: Request, name: str) -> HttpResponse:
        """Read a schedule."""
        return self._told(name)

    @endpoint(body=ScheduleBody, partial=True, reply=ScheduleReply, etag=True)
    def patch(self, request: Request, name: str) -> HttpResponse:
        """Switch a schedule on or off. What passes while it is off is not made up for."""
        state = self.unchanged(selectors.schedule(self.actor, name), lambda _state: self._body(name))
        schedules.schedule_switch(actor=self.actor, name=state.name, enabled=self.sent.get("enabled", state.enabled))
        return self._told(name)

    def _told(self, name: str) -> HttpResponse:
        return self.single(self._body(name))

    def _body(self, name: str) -> dict[str, object]:
        found = next((row for row in selectors.schedule_rows(self.actor) if row.state.name == name), None)
        if found is None:
            raise NotFound
        return schedule_body(found)
