"""Exports of the trail: asked for, written at once or by a job, handed out, and removed again."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Any, BinaryIO
from uuid import UUID

from audit import files, formats, selectors
from audit.errors import ExportGone, ExportNotWritten, ExportsUnderWay
from audit.filters import EventFilter
from audit.models import Export
from audit.presenters import Told
from portal.kit import clock, errors, ids, jobs
from portal.kit.context import Actor
from portal.kit.decision import authorise
from portal.kit.record import record
from portal.kit.registry import Run
from portal.kit.services import writing

JOB = "audit.export_events"
RIGHT = "audit:export"
KEEP = timedelta(hours=24)  # policy.md: temporary files.
AT_ONCE = 10_000  # Events that are written while the person waits: some three seconds.
BATCH = 2_000
LIVE_LIMIT = 3  # Exports of one person that may be under way; each is a file that grows.
State = Export.State


@dataclass(slots=True)
class Place:
    """How far a file has come: its name, the bytes and events in it that count, and the last event written."""

    name: str
    size: int = 0
    rows: int = 0
    after: str = ""


def export_request(*, actor: Actor, chosen: EventFilter, kind: str) -> Export:
    """Export what `chosen` finds now: at once up to `AT_ONCE` events, else by a job. Event `audit.export.requested`.

    `ExportsUnderWay` beyond three unfinished ones of the same person; `ExportNotWritten` when the disk is full.
    """
    authorise(actor, selectors.READ)
    authorise(actor, RIGHT)
    if kind not in Export.Format.values:
        raise errors.Invalid(fields={"format": [f"Choose one of: {', '.join(Export.Format.values)}."]})
    if selectors.live(actor) >= LIVE_LIMIT:
        raise ExportsUnderWay
    since, until = _span(chosen)
    now = clock.now()
    with writing():
        export = Export.objects.create(
            requested_by=actor.id,
            organisation_id=actor.organisation_id,
            format=kind,
            query=chosen.query(),
            since=since,
            until=until,
            created_at=now,
            expires_at=now + KEEP,
        )
        # Values of a filter may name a person, so the trail keeps which ones there were and a hash of them all.
        text = "&".join(f"{name}={value}" for name, value in sorted(export.query.items()))
        told = {"format": kind, "filters": ", ".join(sorted(export.query)), "filter_sha256": _hash(text)}
        record("audit.export.requested", target=export, data=told)
        if selectors.reaches(actor, export, AT_ONCE + 1):
            export.run_id = jobs.enqueue(JOB, actor=actor, args={"export_id": str(export.pk)}, key=str(export.pk))
            export.save(update_fields=["run_id"])
        else:
            _write_now(actor, export)
    return export


def _span(chosen: EventFilter) -> tuple[UUID, UUID]:
    """The lowest and highest id of an export: the window of the filter, up to now."""
    first, beyond = chosen.bounds()
    now = ids.uuid7()
    return first, now if beyond is None else min(now, UUID(int=beyond.int - 1))


def _hash(text: str) -> str:
    return sha256(text.encode("utf-8", "replace")).hexdigest()


def _write_now(actor: Actor, export: Export) -> None:
    part = files.begin(export.format)
    try:
        place = Place(part.name)
        for events in _batches(actor, export, place):
            _append(part, export, place, events)
        part.close()
        _finish(export.pk, place, *files.digest(part.name))
    except BaseException:
        part.discard()
        raise
    export.refresh_from_db()


def _batches(actor: Actor, export: Export, place: Place) -> Iterator[list[Told]]:
    """The events that are not written yet, in batches; the first may be empty, so that every file has its header."""
    while True:
        events = selectors.exported(actor, export, place.after, BATCH)
        if events or not place.size:
            yield events
        if len(events) < BATCH:
            return


def _append(part: files.Part, export: Export, place: Place, events: list[Told]) -> None:
    head = formats.header(export.format) if not place.size else b""
    place.size = part.append(head + formats.lines(export.format, events))
    place.rows += len(events)
    place.after = str(events[-1].id) if events else place.after


def _finish(export_id: UUID, place: Place, digest: str, size: int) -> bool:
    """Offer a whole file; False when the export is no longer wanted. Event `audit.export.finished`."""
    with writing():
        offered = Export.objects.filter(pk=export_id, state=State.WORKING).update(
            state=State.READY, rows=place.rows, size=size, sha256=digest, file=place.name, finished_at=clock.now()
        )
        if offered:
            facts = {"rows": place.rows, "bytes": size, "sha256": digest}
            record("audit.export.finished", target=Export.objects.get(pk=export_id), data=facts)
    return bool(offered)


def export_write(*, actor: Actor, run: Run) -> Mapping[str, Any]:
    """The job's work: write the file batch by batch, from the cursor on, and offer it when it is whole.

    Cursor and progress commit with each batch, after its lines are on the disk: a successor begins with exactly the
    bytes that are committed. Stopped, failed or taken over, nothing is offered. `ExportNotWritten` when the disk is full.
    """
    export_id = UUID(str(run.args["export_id"]))
    with run.batch():
        export = Export.objects.filter(pk=export_id).first()
        if export is None or export.state in {State.READY, State.CANCELLED} or export.expires_at <= clock.now():
            return {"written": False}
        # A former attempt may have said so; this one is the next try.
        Export.objects.filter(pk=export_id).update(state=State.WORKING)
    part, place = _resumed(run, export)
    try:
        if not _write_all(actor, run, export, part, place):
            part.discard()
            return {"written": False}
        digest, size = files.digest(part.name)
        with run.batch():
            offered = _finish(export_id, place, digest, size)
    except Exception as error:
        part.close()
        _give_up(run, export_id, part, keep=not isinstance(error, ExportNotWritten))
        raise
    return {"written": offered, "rows": place.rows, "bytes": size, "sha256": digest}


def _resumed(run: Run, export: Export) -> tuple[files.Part, Place]:
    part = files.begin(export.format)
    if run.cursor:
        place = Place(**run.cursor)
        if part.copy(place.name, place.size):
            place.name = part.name
            run.log(f"Going on after {place.rows:,} events.")
            return part, place
        run.log("The file of the earlier attempt is gone; starting anew.")
    return part, Place(part.name)


def _write_all(actor: Actor, run: Run, export: Export, part: files.Part, place: Place) -> bool:
    """Write what is missing; False as soon as the export is no longer wanted."""
    run.phase("Writing events")
    more = True
    while more:
        with run.batch():
            events = selectors.exported(actor, export, place.after, BATCH)
            _append(part, export, place, events)
            run.cursor = asdict(place)
            run.progress(place.rows, None)
            more = len(events) == BATCH
            if not Export.objects.filter(pk=export.pk, state=State.WORKING).update(rows=place.rows):
                return False
    part.close()
    return True


def _give_up(run: Run, export_id: UUID, part: files.Part, *, keep: bool) -> None:
    """Say that nothing comes of it, unless another worker has taken over: then the batch does not commit."""
    with run.batch():
        Export.objects.filter(pk=export_id, state=State.WORKING).update(state=State.FAILED, finished_at=clock.now())
    if not keep:
        part.discard()


def export_cancel(*, actor: Actor, export: Export) -> Export:
    """Stop an export that is still being written; its job ends at its next batch. Event `audit.export.cancelled`."""
    authorise(actor, RIGHT)
    export = selectors.export(actor, export.pk)
    with writing():
        now = clock.now()
        stopped = Export.objects.filter(pk=export.pk, state=State.WORKING).update(
            state=State.CANCELLED, finished_at=now
        )
        if stopped:
            record("audit.export.cancelled", target=export)
    export.refresh_from_db()
    return export


def export_download(*, actor: Actor, export: Export) -> BinaryIO:
    """The whole file, opened, for the person who asked for it. Event `audit.export.downloaded`.

    `ExportGone` when it has expired, was stopped, is not as long as was written down, or somebody's personal data were
    erased since it was begun.
    """
    authorise(actor, RIGHT)
    export = selectors.export(actor, export.pk)
    stream = files.opened(export.file, export.size) if selectors.is_current(export) else None
    if stream is None:
        raise ExportGone
    with writing():
        facts = {"rows": export.rows, "format": export.format, "sha256": export.sha256}
        record("audit.export.downloaded", target=export, data=facts)
    return stream


def exports_remove(*, actor: Actor) -> int:
    """Remove rows and files of exports that nobody may fetch any more, and files that belong to none; how many rows.

    Event `audit.export.removed`, one per row.
    """
    authorise(actor, "job:admin")
    with writing():
        old = list(Export.objects.filter(expires_at__lte=clock.now()).order_by("id")[:BATCH])
        for export in old:
            record("audit.export.removed", target=export)
        Export.objects.filter(pk__in=[export.pk for export in old]).delete()
        whole = frozenset(
            export.file for export in Export.objects.filter(state=State.READY) if selectors.is_current(export)
        )
    for export in old:
        if export.file:
            files.remove(export.file)
    files.sweep(whole)
    return len(old)
