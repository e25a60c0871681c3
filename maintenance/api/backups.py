"""Endpoints of backups."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.request import Request

from maintenance.backup.errors import NotABackup
from maintenance.models import Backup
from maintenance.selectors import backups as selectors
from maintenance.services import backup_keeping, backups
from portal.kit import paging
from portal.kit.api import ApiView, Body, Reply, endpoint, json, one_of
from portal.kit.errors import Invalid

EXAMPLE: dict[str, Any] = {
    "id": "01890000-0000-7000-8000-0000000000b1",
    "state": "complete",
    "kind": "nightly",
    "act": None,
    "started_by": "schedule maintenance.create_backup",
    "started_at": "2026-01-31T01:30:00Z",
    "taken_at": "2026-01-31T01:30:00Z",
    "finished_at": "2026-01-31T01:31:12Z",
    "seconds": 71.4,
    "stored_bytes": 61203344,
    "plain_bytes": 402113024,
    "rows": 1204331,
    "key_id": "2026",
    "targets": ["/srv/backups"],
    "verified_at": "2026-01-31T01:52:30Z",
    "damaged_at": None,
    "pinned_until": None,
    "pinned_why": None,
    "kept_as": [{"rule": "daily", "place": 1, "of": 7}],
    "error": None,
}
_PLAIN = (
    *("id", "state", "kind", "started_by", "started_at", "taken_at", "finished_at", "seconds", "stored_bytes"),
    *("plain_bytes", "rows", "key_id", "targets", "verified_at", "damaged_at", "pinned_until", "kept_as"),
)


class ReasonReply(Reply):
    """A rule that keeps a backup, and its place there."""

    rule = serializers.CharField()
    place = serializers.IntegerField(required=False)
    of = serializers.IntegerField(required=False)


class BackupReply(Reply):
    """A backup of the catalogue."""

    id = serializers.UUIDField()
    state = serializers.ChoiceField(choices=[state.value for state in Backup.State])
    kind = serializers.ChoiceField(choices=[kind.value for kind in Backup.Kind])
    act = serializers.CharField(allow_null=True)
    started_by = serializers.CharField()
    started_at = serializers.DateTimeField()
    taken_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)
    seconds = serializers.FloatField()
    stored_bytes = serializers.IntegerField()
    plain_bytes = serializers.IntegerField()
    rows = serializers.IntegerField()
    key_id = serializers.CharField(allow_blank=True)
    targets = serializers.ListField(child=serializers.CharField())
    verified_at = serializers.DateTimeField(allow_null=True)
    damaged_at = serializers.DateTimeField(allow_null=True)
    pinned_until = serializers.DateField(allow_null=True)
    pinned_why = serializers.CharField(allow_null=True)
    kept_as = ReasonReply(many=True)
    error = serializers.CharField(allow_null=True)
    example = EXAMPLE


class FileReply(Reply):
    """A stored file."""

    name = serializers.CharField()
    kind = serializers.CharField()
    size = serializers.IntegerField()
    plain_size = serializers.IntegerField()
    sha256 = serializers.CharField()


class BackupWithFilesReply(BackupReply):
    """One backup with its files and the exact rows of each table."""

    files = FileReply(many=True)
    tables = serializers.DictField(child=serializers.IntegerField())
    example = {
        **EXAMPLE,
        "files": [
            {"name": "data-01.dump", "kind": "data", "size": 61000000, "plain_size": 402000000, "sha256": "9f" * 32}
        ],
        "tables": {"public.accounts_user": 1204},
    }


class StartedReply(Reply):
    """The run of the job that does it; `/api/v1/jobs/{id}` tells how far it is."""

    run_id = serializers.UUIDField()
    example = {"run_id": "01890000-0000-7000-8000-0000000000a1"}


class MakeBody(Body):
    """What a backup by hand is for, in the words of the catalogue; may be left away."""

    note = serializers.CharField(required=False, max_length=200)
    example = {"note": "Before the move to the new data centre"}


class PinBody(Body):
    """Why a backup is kept whatever the rules say, and until which day (included)."""

    why = serializers.CharField(max_length=500)
    until = serializers.DateField(required=False, allow_null=True, default=None)
    example = {"why": "Before the move to the new data centre", "until": "2026-12-31"}


def backup_body(backup: Backup) -> dict[str, Any]:
    """A backup in a list."""
    body = {name: getattr(backup, name) for name in _PLAIN}
    return body | {
        "act": backup.act or None,
        "pinned_why": backup.pinned_why or None,
        "error": backup.error or backup.damage or None,
    }


def backup_with_files_body(backup: Backup) -> dict[str, Any]:
    """One backup."""
    manifest = backup.manifest or {}
    names = ("name", "kind", "size", "plain_size", "sha256")
    files = [{name: file[name] for name in names} for file in manifest.get("files", ())]
    return backup_body(backup) | {"files": files, "tables": manifest.get("tables", {})}


class BackupsView(ApiView):
    """Backups, newest first."""

    access = "backup:execute"
    somewhere = True

    @endpoint(items=BackupReply, query=(one_of("state", _("Only backups in this state."), tuple(selectors.STATES)),))
    def get(self, request: Request) -> HttpResponse:
        """List backups."""
        rows = selectors.backups(self.actor, state=self.asked["state"] or "")
        page = paging.keyset(rows, self.asked["cursor"], size=self.asked["limit"])
        return self.listed(map(backup_body, page.items), page.next)

    @endpoint(body=MakeBody, reply=StartedReply, status=202)
    def post(self, request: Request) -> HttpResponse:
        """Back up now. While one is queued or being made, that one is named."""
        return json({"run_id": backups.backup_request(actor=self.actor, note=self.sent.get("note", ""))}, status=202)


class BackupView(ApiView):
    """One backup."""

    access = "backup:execute"
    somewhere = True

    @endpoint(reply=BackupWithFilesReply, etag=True)
    def get(self, request: Request, backup_id: UUID) -> HttpResponse:
        """Read a backup, with its files and tables."""
        return self.single(backup_with_files_body(selectors.backup(self.actor, backup_id)))


class BackupVerifyView(ApiView):
    """Reading a backup again."""

    access = "backup:execute"
    somewhere = True

    @endpoint(reply=StartedReply, status=202, errors=(NotABackup,))
    def post(self, request: Request, backup_id: UUID) -> HttpResponse:
        """Read every byte of each copy."""
        backup = selectors.backup(self.actor, backup_id)
        return json({"run_id": backups.verification_request(actor=self.actor, backup=backup)}, status=202)


class BackupPinView(ApiView):
    """Keeping a backup by hand."""

    access = "backup:execute"
    somewhere = True

    @endpoint(body=PinBody, reply=BackupWithFilesReply, errors=(NotABackup, Invalid))
    def post(self, request: Request, backup_id: UUID) -> HttpResponse:
        """Keep a backup whatever the rules say."""
        backup = selectors.backup(self.actor, backup_id)
        why, until = self.sent["why"], self.sent.get("until")
        kept = backup_keeping.backup_pin(actor=self.actor, backup=backup, why=why, until=until)
        return self.single(backup_with_files_body(kept))

    @endpoint(reply=BackupWithFilesReply)
    def delete(self, request: Request, backup_id: UUID) -> HttpResponse:
        """Leave a backup to the rules again."""
        backup = selectors.backup(self.actor, backup_id)
        return self.single(backup_with_files_body(backup_keeping.backup_unpin(actor=self.actor, backup=backup)))
