"""Dashboards over the API: of the installation, or of the organisation that the header names."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from rest_framework import serializers
from rest_framework.request import Request

from portal.home import board_selectors as selectors
from portal.home import boards
from portal.home.layouts import MOST, MOST_ID
from portal.home.models import Dashboard
from portal.home.models.boards import NAME_LIMIT
from portal.home.services import dashboards as services
from portal.kit import errors, paging
from portal.kit.api import ApiView, Body, Reply, endpoint, json
from portal.kit.kpis import together
from portal.kit.widgets import WIDTHS, widgets

_ID = "01890000-0000-7000-8000-0000000000d1"
_ITEM = {"id": 1, "widget": "home.kpi", "width": 3, "options": {"kpi": "mrr", "days": "30", "target": ""}}
_LAYOUT = f"At most {MOST} items of id (1 to {MOST_ID}), widget, width ({', '.join(map(str, WIDTHS))}) and options."


class DashboardReply(Reply):
    """A dashboard. Its layout names every widget on it; whoever reads it sees those that it may."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    owner_id = serializers.UUIDField()
    organisation_id = serializers.UUIDField(allow_null=True)
    layout = serializers.ListField(child=serializers.DictField(), help_text=_LAYOUT)
    sharing = serializers.ChoiceField(choices=Dashboard.Sharing.values)
    role_ids = serializers.ListField(child=serializers.UUIDField())
    version = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    example = {
        "id": _ID,
        "name": "Money at a glance",
        "owner_id": "01890000-0000-7000-8000-000000000001",
        "organisation_id": None,
        "layout": [_ITEM],
        "sharing": "nobody",
        "role_ids": [],
        "version": 1,
        "created_at": "2026-01-31T12:00:00Z",
        "updated_at": "2026-01-31T12:00:00Z",
    }


class DashboardBody(Body):
    """A dashboard to keep."""

    name = serializers.CharField(max_length=NAME_LIMIT)
    layout = serializers.ListField(child=serializers.DictField(), help_text=_LAYOUT)
    sharing = serializers.ChoiceField(choices=Dashboard.Sharing.values, required=False)
    role_ids = serializers.ListField(
        child=serializers.UUIDField(), required=False, help_text="With whom it is shared where `sharing` is roles."
    )
    example = {"name": "Money at a glance", "layout": [_ITEM]}


class CloneBody(Body):
    """What the copy is called."""

    name = serializers.CharField(
        max_length=NAME_LIMIT, required=False, help_text="Absent: after the one that is cloned."
    )
    example = {"name": "My own"}


class DashboardRevertBody(Body):
    """Which version."""

    version = serializers.IntegerField(min_value=1)
    example = {"version": 1}


class DashboardVersionReply(Reply):
    """What a dashboard was when it was saved."""

    version = serializers.IntegerField()
    name = serializers.CharField()
    layout = serializers.ListField(child=serializers.DictField())
    saved_at = serializers.DateTimeField()
    example = {"version": 1, "name": "Money at a glance", "layout": [_ITEM], "saved_at": "2026-01-31T12:00:00Z"}


class DashboardVersionsReply(Reply):
    """The newest thirty versions, newest first."""

    items = DashboardVersionReply(many=True)
    example = {"items": [DashboardVersionReply.example]}


class WidgetReply(Reply):
    """What a widget shows now, in the words of the page; pictures are left out."""

    id = serializers.IntegerField()
    widget = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment] # A field of the reply, as serializers declare them.
    content = serializers.DictField(allow_null=True, help_text="null while there is nothing to show.")
    example = {
        "id": 1,
        "widget": "home.kpi",
        "label": "MRR",
        "content": {"label": "MRR", "value": "€1,050.00", "change": "+6.2 %", "missing": ""},
    }


class DashboardsView(ApiView):
    """The dashboards that the caller sees: its own, and those shared with it."""

    access = "dashboard:read"

    @endpoint(items=DashboardReply)
    def get(self, request: Request) -> HttpResponse:
        """List dashboards, newest first."""
        page = paging.keyset(selectors.dashboards(self.actor), self.asked["cursor"], size=self.asked["limit"])
        return self.listed(map(body_of, page.items), page.next)

    @endpoint(body=DashboardBody, reply=DashboardReply, status=201)
    def post(self, request: Request) -> HttpResponse:
        """Keep a dashboard. Sharing it takes `dashboard:share`."""
        row = services.dashboard_create(actor=self.actor, **self.sent)
        return self.single(body_of(row), status=201)


class HomeReply(Reply):
    """What the caller begins with where it stands."""

    dashboard_id = serializers.UUIDField(allow_null=True, help_text="Null: the dashboard of its role.")
    example = {"dashboard_id": _ID}


class HomeBody(Body):
    """What to begin with."""

    dashboard_id = serializers.UUIDField(allow_null=True, help_text="Null: the dashboard of one's role.")
    example = {"dashboard_id": _ID}


class HomeView(ApiView):
    """What one begins with."""

    access = "dashboard:read"

    @endpoint(reply=HomeReply)
    def get(self, request: Request) -> HttpResponse:
        """Read with which dashboard one begins."""
        return self._told()

    @endpoint(body=HomeBody, reply=HomeReply)
    def put(self, request: Request) -> HttpResponse:
        """Begin with a dashboard that one sees, or with that of one's role."""
        chosen = self.sent["dashboard_id"]
        row = selectors.dashboard(self.actor, chosen) if chosen is not None else None
        services.home_choose(actor=self.actor, row=row)
        return self._told()

    def _told(self) -> HttpResponse:
        found = selectors.home_of(self.actor).dashboard
        return json({"dashboard_id": found.pk if found is not None else None})


class DashboardView(ApiView):
    """One dashboard."""

    access = "dashboard:read"

    @endpoint(reply=DashboardReply, etag=True)
    def get(self, request: Request, dashboard_id: UUID) -> HttpResponse:
        """Read a dashboard."""
        return self.single(body_of(selectors.dashboard(self.actor, dashboard_id)))

    @endpoint(body=DashboardBody, partial=True, reply=DashboardReply, etag=True)
    def patch(self, request: Request, dashboard_id: UUID) -> HttpResponse:
        """Change one's own dashboard. Another name or layout is a new version."""
        row = self.unchanged(selectors.dashboard(self.actor, dashboard_id), body_of)
        return self.single(body_of(services.dashboard_update(actor=self.actor, row=row, values=self.sent)))

    @endpoint(status=204)
    def delete(self, request: Request, dashboard_id: UUID) -> HttpResponse:
        """Delete one's own dashboard with its versions."""
        services.dashboard_delete(actor=self.actor, row=selectors.dashboard(self.actor, dashboard_id))
        return HttpResponse(status=204)


class DashboardCloneView(ApiView):
    """An own copy."""

    access = "dashboard:read"

    @endpoint(body=CloneBody, reply=DashboardReply, status=201)
    def post(self, request: Request, dashboard_id: UUID) -> HttpResponse:
        """Make an own copy of a dashboard, shared with nobody."""
        found = selectors.dashboard(self.actor, dashboard_id)
        row = services.dashboard_clone(actor=self.actor, row=found, name=self.sent.get("name", ""))
        return self.single(body_of(row), status=201)


class DashboardVersionsView(ApiView):
    """What a dashboard was before."""

    access = "dashboard:read"

    @endpoint(reply=DashboardVersionsReply)
    def get(self, request: Request, dashboard_id: UUID) -> HttpResponse:
        """List the versions of one's own dashboard."""
        row = selectors.dashboard(self.actor, dashboard_id)
        if row.owner_id != self.actor.id:
            raise errors.Forbidden
        items = [
            {"version": one.number, "name": one.name, "layout": one.layout, "saved_at": one.saved_at}
            for one in selectors.versions(row)
        ]
        return self.single({"items": items})


class DashboardRevertView(ApiView):
    """Back to a version."""

    access = "dashboard:read"

    @endpoint(body=DashboardRevertBody, reply=DashboardReply)
    def post(self, request: Request, dashboard_id: UUID) -> HttpResponse:
        """Make one's own dashboard what it was in a version, as a new version."""
        row = selectors.dashboard(self.actor, dashboard_id)
        reverted = services.dashboard_revert(actor=self.actor, row=row, number=self.sent["version"])
        return self.single(body_of(reverted))


class DashboardWidgetView(ApiView):
    """What one widget shows."""

    access = "dashboard:read"

    @endpoint(reply=WidgetReply, etag=True)
    def get(self, request: Request, dashboard_id: UUID, item: int) -> HttpResponse:
        """Read what a widget of a dashboard shows; one that the caller may not see is not found."""
        row = selectors.dashboard(self.actor, dashboard_id)
        place = boards.place_of(request, self.actor)
        found = next((one for one in boards.shown(place, row).layout if one["id"] == item), None)
        if found is None:
            raise errors.NotFound
        declared = widgets.get(found["widget"])
        with together():
            values = declared.load(place, found["options"])
        data = None if values is None else plain(values)
        label = declared.named(found["options"])
        return self.single({"id": item, "widget": declared.code, "label": label, "content": data})


def body_of(row: Dashboard) -> dict[str, Any]:
    """A dashboard."""
    names = (
        "name",
        "owner_id",
        "organisation_id",
        "layout",
        "sharing",
        "role_ids",
        "version",
        "created_at",
        "updated_at",
    )
    return {"id": row.pk, **{name: getattr(row, name) for name in names}}


_SHOWN = ("sentence", "actor_label", "target_label", "outcome_label", "when", "url")


def plain(value: Any) -> Any:
    """What a template is given, as JSON: pictures are left out, and of an event what a line of it says."""
    match value:
        case Mapping():
            return {str(key): plain(one) for key, one in value.items() if not isinstance(one, SafeString)}
        case list() | tuple():
            return [plain(one) for one in value]
        case bool() | int() | float() | None | datetime() | date():
            return value
        case str() | Promise() | UUID():
            return str(value)
    return {name: plain(getattr(value, name, None)) for name in _SHOWN}
