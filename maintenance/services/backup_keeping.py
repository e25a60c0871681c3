"""Keeping backups: pins, retention, and the catalogue made anew from what lies at the targets."""

from dataclasses import dataclass
from datetime import date

from django.utils import timezone
from django.utils.translation import gettext as _

from maintenance.backup import read, retention
from maintenance.backup.errors import NotABackup, TargetFailed
from maintenance.backup.targets import Target, targets
from maintenance.models import Backup
from maintenance.services import backups as making
from maintenance.services.backup_reasons import reasons_note
from portal.kit import clock
from portal.kit.context import Actor
from portal.kit.decision import authorise
from portal.kit.errors import Invalid
from portal.kit.record import diff, record
from portal.kit.services import writing

State = Backup.State


def backup_pin(*, actor: Actor, backup: Backup, why: str, until: date | None = None) -> Backup:
    """Keep a backup whatever the retention says, until a day (included) or until it is unpinned.

    Event `maintenance.backup.pinned`. `Invalid` without a reason or with a day that is past; `NotABackup` when its
    files are gone.
    """
    authorise(actor, "backup:execute", backup)
    if not why.strip():
        raise Invalid(fields={"why": [_("Say why it is kept.")]})
    if until is not None and until < timezone.localdate(clock.now()):
        raise Invalid(fields={"until": [_("That day is past. Choose a later one, or none.")]})
    with writing():
        backup = Backup.objects.select_for_update().get(pk=backup.pk)
        if backup.state not in Backup.USABLE:
            raise NotABackup(_("Only a finished backup can be kept. Choose one of the list."))
        after = {"pinned_until": until, "pinned_why": why.strip()[:500], "pinned_by": actor.label}
        changes = diff(backup, after)
        backup.pinned_at = clock.now()
        for name, value in after.items():
            setattr(backup, name, value)
        backup.save(update_fields=["pinned_at", *after])
        record("maintenance.backup.pinned", target=backup, changes=changes)
    return backup


def backup_unpin(*, actor: Actor, backup: Backup) -> Backup:
    """Leave a backup to the retention again. Event `maintenance.backup.unpinned`, if it was pinned."""
    authorise(actor, "backup:execute", backup)
    with writing():
        backup = Backup.objects.select_for_update().get(pk=backup.pk)
        if backup.pinned_at is not None:
            after = {"pinned_until": None, "pinned_why": "", "pinned_by": ""}
            changes = diff(backup, after)
            backup.pinned_at = None
            for name, value in after.items():
                setattr(backup, name, value)
            backup.save(update_fields=["pinned_at", *after])
            record("maintenance.backup.unpinned", target=backup, changes=changes)
    return backup


@dataclass(frozen=True)
class Pruned:
    """What a run of the retention did; `held` says why it did not delete all that may go (see `retention.deletable`)."""

    kept: int
    deleted: int
    bytes: int
    held: str
    failed: list[str]


def backups_prune(*, actor: Actor) -> Pruned:
    """Note for each backup why it is kept, and delete what no rule keeps. Event `maintenance.backup.deleted` for each.

    Nothing goes while the newest attempt has failed, or the newest good one is old: then a fault wants mending first.
    """
    authorise(actor, "backup:execute")
    judged, rows = reasons_note()
    newest = Backup.objects.exclude(state__in=[State.DELETED, State.MISSING]).order_by("-started_at").first()
    going, held = retention.deletable(judged, now=clock.now())
    if going and newest is not None and newest.state == State.FAILED:
        going, held = [], "failed"
    places = {place.name: place for place in targets()}
    failed: list[str] = []
    deleted = size = 0
    for kept in going:
        backup = rows[kept.key]
        problems = _delete(backup, places)
        failed += problems
        if not problems:
            deleted, size = deleted + 1, size + backup.stored_bytes
    return Pruned(len(judged) - deleted, deleted, size, held, failed)


def _delete(backup: Backup, places: dict[str, Target]) -> list[str]:
    """Delete every copy; what could not be deleted. The files go before the row says so: a kill leaves a row too many."""
    left = {}
    for name in backup.targets:
        try:
            if name not in places:
                raise TargetFailed(_("%(target)s is not configured any more.") % {"target": name})
            places[name].delete(str(backup.pk))
        except TargetFailed as error:
            left[name] = str(error.detail)
    with writing():
        backup = Backup.objects.select_for_update().get(pk=backup.pk)
        if left:
            backup.targets = [name for name in backup.targets if name in left]
            backup.save(update_fields=["targets"])
            return list(left.values())
        backup.state, backup.deleted_at, backup.kept_as = State.DELETED, clock.now(), []
        # An expired pin holds nothing; the row says so.
        backup.pinned_at, backup.pinned_by, backup.pinned_until, backup.pinned_why = None, "", None, ""
        backup.save()
        record("maintenance.backup.deleted", target=backup, data={"bytes": backup.stored_bytes, "rule": "retention"})
    return []


@dataclass(frozen=True)
class Rebuilt:
    """What the targets had to say: new to the catalogue, known, and known but no longer there."""

    found: int
    known: int
    missing: int
    problems: list[str]


def catalogue_rebuild(*, actor: Actor) -> Rebuilt:
    """Make the catalogue agree with the targets, from their manifests alone. Idempotent.

    Events `maintenance.backup.found` and `.vanished`. While a target does not answer, nothing is called missing.
    """
    authorise(actor, "backup:execute")
    seen: dict[str, list[read.Found]] = {}
    problems: list[str] = []
    for place in targets():
        try:
            for found in read.find(place):
                seen.setdefault(found.manifest.id, []).append(found)
        except TargetFailed as error:
            problems.append(str(error.detail))
    rows = {str(row.pk): row for row in Backup.objects.all()}
    new = [copies for backup_id, copies in seen.items() if backup_id not in rows or not _stands(rows[backup_id])]
    lost = [
        row for backup_id, row in rows.items() if row.state in Backup.USABLE and backup_id not in seen and not problems
    ]
    for copies in new:
        _adopt(copies, rows.get(copies[0].manifest.id))
    for row in lost:
        with writing():
            row.state, row.damage = State.MISSING, _("Its files are at none of the targets.")
            row.save(update_fields=["state", "damage"])
            record("maintenance.backup.vanished", target=row, outcome="failed")
    reasons_note()
    return Rebuilt(len(new), len(seen) - len(new), len(lost), problems)


def _stands(row: Backup) -> bool:
    return row.state in {*Backup.USABLE, State.RUNNING}


def _adopt(copies: list[read.Found], row: Backup | None) -> None:
    """Write the row of a backup that is there; `row` is one that says it is not (missing, failed, deleted)."""
    manifest = next((copy.manifest for copy in copies if copy.proved), copies[0].manifest)
    kind, _separator, act = manifest.reason.partition(" ")
    backup = row or Backup(
        id=manifest.id,
        kind=kind if kind in Backup.Kind.values else Backup.Kind.MANUAL,
        act=act[:200],
        started_by=_("found at %(target)s") % {"target": copies[0].target.name},
        started_at=manifest.made_at,
        finished_at=manifest.made_at,
    )
    with writing():
        making.backup_fill(backup=backup, manifest=manifest, at=[copy.target.name for copy in copies], missed={})
        backup.damage, backup.damaged_at = "", None
        backup.save()
        record("maintenance.backup.found", target=backup, data={"targets": backup.targets})
