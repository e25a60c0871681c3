"""Endpoints of restores and drills."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.request import Request

from maintenance.api.backups import StartedReply
from maintenance.backup.errors import NotABackup
from maintenance.errors import ForeignDatabase, NoDatabaseRights, RestoreNotConfirmed, RestoreRefused, RestoreRunning
from maintenance.models import Drill, Restore
from maintenance.selectors import restores as selectors
from maintenance.services import drills, restores
from portal.kit import paging
from portal.kit.api import ApiView, Body, Reply, endpoint, json, text

DROPPED = (RestoreNotConfirmed, ForeignDatabase, RestoreRunning, NoDatabaseRights)
SWAPPED = (RestoreNotConfirmed, RestoreRefused, RestoreRunning, NoDatabaseRights)
CONFIRM = text("confirm", _("The name of the database, typed again."), example="steward_restore_0000000000e1")
_BOTH = (
    *("id", "backup_id", "taken_at", "state", "database", "run_id", "started_at", "finished_at", "steps", "checks"),
    *("tables", "rows", "bytes", "seconds"),
)
DRILL_EXAMPLE: dict[str, Any] = {
    "id": "01890000-0000-7000-8000-0000000000d1",
    "backup_id": "01890000-0000-7000-8000-0000000000b1",
    "taken_at": "2026-01-31T01:30:00Z",
    "state": "passed",
    "database": "steward_drill_0000000000d1",
    "run_id": "01890000-0000-7000-8000-0000000000a1",
    "started_at": "2026-01-31T02:00:00Z",
    "finished_at": "2026-01-31T02:02:41Z",
    "steps": [{"name": "Load the rows", "seconds": 61.2, "detail": "4 processes at once"}],
    "checks": [{"name": "Sequences are ahead of their columns", "ok": True, "detail": "10 sequences"}],
    "tables": 55,
    "rows": 1204331,
    "bytes": 402113024,
    "seconds": 160.8,
    "error": None,
}
RESTORE_EXAMPLE: dict[str, Any] = {
    **DRILL_EXAMPLE,
    "id": "01890000-0000-7000-8000-0000000000e1",
    "state": "swapped",
    "mode": "in_place",
    "database": "steward_restore_0000000000e1",
    "old_database": "steward_old_20260131020241",
    "keep_until": "2026-02-03T02:02:41Z",
    "safety_backup_id": "01890000-0000-7000-8000-0000000000b2",
    "started_by": "Bruno Novak",
}


class StepReply(Reply):
    """A finished step."""

    name = serializers.CharField()
    seconds = serializers.FloatField()
    detail = serializers.CharField(allow_blank=True)


class CheckReply(Reply):
    """What was proved, or not."""

    name = serializers.CharField()
    ok = serializers.BooleanField()
    detail = serializers.CharField(allow_blank=True)


class DrillReply(Reply):
    """A drill: `seconds` is the measured recovery time, `bytes` the plain size of the dump."""

    id = serializers.UUIDField()
    backup_id = serializers.CharField(allow_blank=True)
    taken_at = serializers.DateTimeField(allow_null=True)
    state = serializers.CharField()
    database = serializers.CharField()
    run_id = serializers.UUIDField(allow_null=True)
    started_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)
    steps = StepReply(many=True)
    checks = CheckReply(many=True)
    tables = serializers.IntegerField()
    rows = serializers.IntegerField()
    bytes = serializers.IntegerField()
    seconds = serializers.FloatField(allow_null=True)
    error = serializers.CharField(allow_null=True)
    example = DRILL_EXAMPLE


class RestoreReply(DrillReply):
    """A restore, and what became of its database."""

    mode = serializers.ChoiceField(choices=[mode.value for mode in Restore.Mode])
    old_database = serializers.CharField(allow_null=True)
    keep_until = serializers.DateTimeField(allow_null=True)
    safety_backup_id = serializers.CharField(allow_null=True)
    started_by = serializers.CharField()
    example = RESTORE_EXAMPLE


class RestoreBody(Body):
    """Which backup, and where it goes. In place needs the live database's name in `confirm`."""

    backup_id = serializers.UUIDField()
    mode = serializers.ChoiceField(choices=[mode.value for mode in Restore.Mode], default=Restore.Mode.SCRATCH.value)
    confirm = serializers.CharField(max_length=63, required=False, allow_blank=True, default="")
    example = {"backup_id": "01890000-0000-7000-8000-0000000000b1", "mode": "in_place", "confirm": "steward"}


def drill_body(drill: Drill) -> dict[str, Any]:
    """A drill."""
    return {name: getattr(drill, name) for name in _BOTH} | {"error": drill.error or None}


def restore_body(restore: Restore) -> dict[str, Any]:
    """A restore."""
    return {name: getattr(restore, name) for name in _BOTH} | {
        "mode": restore.mode,
        "old_database": restore.old_database or None,
        "keep_until": restore.keep_until,
        "safety_backup_id": restore.safety_backup_id or None,
        "started_by": restore.actor_label,
        "error": restore.error or None,
    }


class DrillsView(ApiView):
    """Restore drills, newest first."""

    access = "backup:restore"

    @endpoint(items=DrillReply)
    def get(self, request: Request) -> HttpResponse:
        """List drills."""
        page = paging.keyset(selectors.drills(self.actor), self.asked["cursor"], size=self.asked["limit"])
        return self.listed(map(drill_body, page.items), page.next)

    @endpoint(reply=StartedReply, status=202)
    def post(self, request: Request) -> HttpResponse:
        """Drill now. While one is queued or running, that one is named."""
        return json({"run_id": drills.drill_request(actor=self.actor)}, status=202)


class DrillView(ApiView):
    """One drill."""

    access = "backup:restore"

    @endpoint(reply=DrillReply, etag=True)
    def get(self, request: Request, drill_id: UUID) -> HttpResponse:
        """Read a drill."""
        return self.single(drill_body(selectors.drill(self.actor, drill_id)))


class RestoresView(ApiView):
    """Restores, newest first."""

    access = "backup:restore"

    @endpoint(items=RestoreReply)
    def get(self, request: Request) -> HttpResponse:
        """List restores."""
        page = paging.keyset(selectors.restores(self.actor), self.asked["cursor"], size=self.asked["limit"])
        return self.listed(map(restore_body, page.items), page.next)

    @endpoint(
        step_up=True,
        body=RestoreBody,
        reply=RestoreReply,
        status=202,
        errors=(NotABackup, RestoreNotConfirmed, RestoreRefused, RestoreRunning, NoDatabaseRights),
    )
    def post(self, request: Request) -> HttpResponse:
        """Restore a backup into a new database; in place, it takes the live one's after every check."""
        restore = restores.restore_request(
            actor=self.actor,
            backup_id=str(self.sent["backup_id"]),
            mode=Restore.Mode(self.sent.get("mode", Restore.Mode.SCRATCH)),
            confirm=self.sent.get("confirm", ""),
        )
        return json(restore_body(restore), status=202)


class SwapBody(Body):
    """The name of the live database, typed."""

    confirm = serializers.CharField(max_length=63)
    example = {"confirm": "steward"}


class LeftDatabaseReply(Reply):
    """A database beside the live one that a restore or drill left."""

    name = serializers.CharField()
    kind = serializers.CharField(help_text="Whether a restore or a drill made it, or it was replaced by one.")
    size = serializers.IntegerField(allow_null=True, help_text="Bytes.")
    example = {"name": "steward_restore_0000000000e1", "kind": "restore", "size": 402113024}


class RestorePlaceView(ApiView):
    """The swap of a database that was restored beside the live one."""

    access = "backup:restore"

    @endpoint(step_up=True, body=SwapBody, reply=StartedReply, status=202, errors=SWAPPED)
    def post(self, request: Request, restore_id: UUID) -> HttpResponse:
        """Put a restored database that stands ready in the place of the live one. `confirm`: the live one's name."""
        found = selectors.restore(self.actor, restore_id)
        done = restores.restore_place_request(actor=self.actor, restore=found, confirm=self.sent["confirm"])
        return json({"run_id": done.run_id}, status=202)


class RestoreBackView(ApiView):
    """The way back."""

    access = "backup:restore"

    @endpoint(step_up=True, body=SwapBody, reply=StartedReply, status=202, errors=SWAPPED)
    def post(self, request: Request, restore_id: UUID) -> HttpResponse:
        """Give the replaced database its place again. `confirm`: the live one's name."""
        found = selectors.restore(self.actor, restore_id)
        run_id = restores.restore_back_request(actor=self.actor, restore=found, confirm=self.sent["confirm"])
        return json({"run_id": run_id}, status=202)


class DatabasesView(ApiView):
    """Databases beside the live one."""

    access = "backup:restore"

    @endpoint(items=LeftDatabaseReply)
    def get(self, request: Request) -> HttpResponse:
        """List the databases that restores and drills left; always one page."""
        found = selectors.beside()
        return self.listed(({"name": one.name, "kind": one.mark.kind, "size": one.size} for one in found), None)


class DatabaseView(ApiView):
    """One of them."""

    access = "backup:restore"

    @endpoint(step_up=True, query=(CONFIRM,), status=204, errors=DROPPED)
    def delete(self, request: Request, name: str) -> HttpResponse:
        """Drop a database that a restore or drill left, with its uploads. `confirm`: its name."""
        restores.database_drop(actor=self.actor, name=name, confirm=self.asked["confirm"] or "")
        return HttpResponse(status=204)


class RestoreView(ApiView):
    """One restore."""

    access = "backup:restore"

    @endpoint(reply=RestoreReply, etag=True)
    def get(self, request: Request, restore_id: UUID) -> HttpResponse:
        """Read a restore."""
        return self.single(restore_body(selectors.restore(self.actor, restore_id)))
