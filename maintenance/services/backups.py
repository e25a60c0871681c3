"""Making and reading backups, and what the catalogue knows of them.

A backup takes minutes: it is made outside of any transaction, and its row is written in short ones before and after.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext as _

from maintenance.backup import create, keys, sweep, verify
from maintenance.backup import manifest as manifests
from maintenance.backup.errors import BackupError, Damaged, NotABackup, TargetFailed
from maintenance.backup.manifest import Manifest
from maintenance.backup.targets import Target, targets
from maintenance.models import Backup
from maintenance.services.backup_reasons import reasons_note
from portal.kit import clock, ids, jobs
from portal.kit.context import Actor
from portal.kit.decision import authorise
from portal.kit.errors import Invalid
from portal.kit.record import record
from portal.kit.services import writing

CREATE_JOB, VERIFY_JOB, PRUNE_JOB = (
    "maintenance.create_backup",
    "maintenance.verify_backup",
    "maintenance.prune_backups",
)
KEY = "backup"  # Of the job's run: whoever asks while one is queued or made watches that one.
KNOWN_DEAD = 500  # Failed backups whose leftovers are looked for; of older ones the sweep knows the age.
State, Kind = Backup.State, Backup.Kind
Tick = Callable[[str, int, int], None]


def _silent(step: str, done: int, total: int) -> None:
    """The tick of who watches nothing."""


def backup_request(*, actor: Actor, note: str = "") -> UUID:
    """Queue a backup by hand; the run's id. Who asks while one is queued or running gets that run; `note` says what for."""
    authorise(actor, "backup:execute")
    return jobs.enqueue(CREATE_JOB, actor=actor, args={"kind": Kind.MANUAL, "act": note.strip()[:200]}, key=KEY)


def verification_request(*, actor: Actor, backup: Backup) -> UUID:
    """Queue reading every byte of a backup; the run's id. `NotABackup` when its files are gone."""
    authorise(actor, "backup:execute", backup)
    if backup.state not in Backup.USABLE:
        raise NotABackup(_("Only a finished backup can be verified. Choose one of the list."))
    args = {"backup": str(backup.pk)}
    return jobs.enqueue(VERIFY_JOB, actor=actor, args=args, key=f"verify {backup.pk}", about=backup)


def backup_create(
    *, actor: Actor, kind: Backup.Kind, act: str = "", run_id: UUID | None = None, tick: Tick = _silent
) -> Backup:
    """Make a backup at every target. Events `maintenance.backup.started` and `.created` or `.failed`.

    `tick(step, done, total)` (bytes) is called about twice a second; what it raises cancels. Raises `BackupError`; then
    nothing is left of it, and older backups are as they were. What an earlier one left that was killed is swept first.
    """
    authorise(actor, "backup:execute")
    return _make(actor=actor, kind=kind, act=act, run_id=run_id, tick=tick)


def before_destructive(*, actor: Actor, act: str, skip_because: str = "", tick: Tick = _silent) -> Backup | None:
    """Make sure of a backup before `act` (a sentence, "restoring over the live database") destroys data.

    A finished one younger than `STEWARD_BACKUP_FRESH` serves; else one is made, which takes as long as it takes: call
    this in a job or command. Raises `BackupError`: then the act must not begin. With `skip_because` none is made and
    None returned; that is recorded (event `maintenance.backup.skipped`). Who has the right to the act needs no other.
    """
    if skip_because:
        if not skip_because.strip():
            raise Invalid(_("Say why no backup is made first."), fields={"reason": [_("Give a reason.")]})
        with writing():
            record("maintenance.backup.skipped", reason=skip_because.strip()[:500], data={"act": act})
        return None
    fresh = (
        Backup.objects.filter(
            state__in=Backup.USABLE,
            damaged_at__isnull=True,
            taken_at__gte=clock.now() - settings.STEWARD_BACKUP_FRESH,
            taken_at__lte=clock.now(),
        )
        .order_by("-taken_at")
        .first()
    )
    return fresh or _make(actor=actor, kind=Kind.BEFORE, act=act, run_id=None, tick=tick)


def _make(*, actor: Actor, kind: Backup.Kind, act: str, run_id: UUID | None, tick: Tick) -> Backup:
    backup = Backup(
        id=ids.uuid7(), kind=kind, act=act[:200], started_by=actor.label, run_id=run_id, started_at=clock.now()
    )
    places = targets()
    if not places:
        raise BackupError(_("No target is configured. Set STEWARD_BACKUP_TARGETS."))
    begun: list[bool] = []

    def begin() -> None:
        _clear_up(places)
        with writing():
            backup.save(force_insert=True)
            record("maintenance.backup.started", target=backup, data={"kind": kind, "act": act})
        begun.append(True)

    try:
        made = create.create(
            backup_id=str(backup.pk),
            reason=f"{kind} {act}".strip(),
            targets=places,
            key=keys.active(),
            tick=lambda progress: tick(progress.step, progress.done, progress.total),
            begun=begin,
        )
    except BaseException as error:
        if begun:
            _failed(backup, error)
        raise
    with writing():
        backup_fill(backup=backup, manifest=made.manifest, at=made.targets, missed=made.failed)
        backup.save()
        data = {"bytes": backup.stored_bytes, "rows": backup.rows, "targets": backup.targets, "missed": backup.missed}
        record("maintenance.backup.created", target=backup, outcome="ok", data=data)
        reasons_note()
    return backup


def backup_fill(*, backup: Backup, manifest: Manifest, at: Sequence[str], missed: dict[str, str]) -> None:
    """What the row of a finished backup says; all of it can be read off the targets."""
    backup.state = State.PARTIAL if missed else State.COMPLETE
    backup.taken_at, backup.seconds = manifest.made_at, manifest.seconds
    backup.finished_at = backup.finished_at or clock.now()
    backup.stored_bytes, backup.plain_bytes = manifest.stored_bytes, manifest.plain_bytes
    backup.rows, backup.key_id = sum(manifest.tables.values()), manifest.key_id
    backup.targets, backup.missed, backup.manifest = list(at), dict(missed), asdict(manifest)
    backup.error, backup.deleted_at = "", None


def _failed(backup: Backup, error: BaseException) -> None:
    told = str(error.detail) if isinstance(error, BackupError) else _("It was cancelled or cut off.")
    with writing():
        backup.state, backup.finished_at, backup.error = State.FAILED, clock.now(), told[:2000]
        backup.save(update_fields=["state", "finished_at", "error"])
        record("maintenance.backup.failed", target=backup, outcome="failed", data={"why": told[:500]})


def _clear_up(places: Sequence[Target]) -> None:
    """Only one backup is made at a time, and that is ours: others that look running were killed. Sweep after them."""
    for backup in Backup.objects.filter(state=State.RUNNING):
        at, manifest = _where(places, str(backup.pk))
        if manifest is not None:
            # Killed between the manifest and its row: the backup is whole.
            with writing():
                backup_fill(backup=backup, manifest=manifest, at=at, missed={})
                backup.save()
                record("maintenance.backup.found", target=backup, data={"targets": at})
        else:
            _failed(backup, BackupError(_("Its process was killed, or the machine stopped. Nothing of it is kept.")))
    dead = set(Backup.objects.filter(state=State.FAILED).order_by("-id").values_list("pk", flat=True)[:KNOWN_DEAD])
    for place in places:
        try:
            sweep.sweep(place, dead=dead)
        except TargetFailed:
            continue  # The backup itself is about to say what is wrong with it.


def _where(places: Sequence[Target], backup_id: str) -> tuple[list[str], Manifest | None]:
    found: Manifest | None = None
    at = []
    for place in places:
        try:
            found = manifests.load(place, backup_id)
            at.append(place.name)
        except BackupError:
            continue
    return at, found


def backup_verify(*, actor: Actor, backup: Backup, tick: Tick = _silent) -> list[verify.Report]:
    """Read every byte of each copy. Event `maintenance.backup.verified`, `.damaged` or `.vanished`; a report per copy.

    A copy that is damaged or gone is taken off the backup's targets while another is good. Raises what says nothing
    about the backup: `UnknownKey`, `TargetFailed`, `ToolsMissing`.
    """
    authorise(actor, "backup:execute", backup)
    places = [place for place in targets() if place.name in backup.targets]
    if not places:
        raise TargetFailed(
            _("No target that holds this backup is configured any more. Add %(targets)s to STEWARD_BACKUP_TARGETS.")
            % {"targets": ", ".join(backup.targets)}
        )
    good: list[verify.Report] = []
    bad: dict[str, str] = {}
    gone = 0
    for place in places:
        try:
            _manifest, report = verify.verify(
                place, str(backup.pk), tick=lambda file, done, total: tick(_("Reading %s") % file, done, total)
            )
        except NotABackup as error:
            bad[place.name], gone = str(error.detail), gone + 1
        except Damaged as error:
            bad[place.name] = str(error.detail)
        else:
            if report.good:
                good.append(report)
            else:
                bad[place.name] = "\n".join(fault.problem for fault in report.faults)
    _judged(backup, good, bad, all_gone=gone == len(places), now=clock.now())
    return good


def _judged(
    backup: Backup, good: Sequence[verify.Report], bad: dict[str, str], *, all_gone: bool, now: datetime
) -> None:
    with writing():
        backup = Backup.objects.select_for_update().get(pk=backup.pk)
        if good:
            backup.verified_at, backup.damaged_at, backup.damage = now, None, ""
            backup.verified_bytes = sum(report.stored_bytes for report in good)
            backup.verify_seconds = sum(report.seconds for report in good)
            backup.targets = [name for name in backup.targets if name not in bad]
            backup.missed = {**backup.missed, **bad}
            backup.state = State.PARTIAL if backup.missed else State.COMPLETE
        elif all_gone:
            backup.state, backup.damage = State.MISSING, "\n".join(bad.values())[:4000]
        else:
            backup.verified_at, backup.damaged_at, backup.damage = None, now, "\n".join(bad.values())[:4000]
        backup.save()
        if good:
            data = {"bytes": backup.verified_bytes, "copies": len(good), "seconds": round(backup.verify_seconds, 1)}
            record("maintenance.backup.verified", target=backup, data=data)
        if all_gone:
            record("maintenance.backup.vanished", target=backup, outcome="failed", data={"why": list(bad)})
        elif bad:
            record("maintenance.backup.damaged", target=backup, outcome="failed", data={"why": bad})
