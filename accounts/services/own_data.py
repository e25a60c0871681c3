"""A copy of everything about oneself: asked for, written by a job, fetched, and removed again."""

import json
import zipfile
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any, BinaryIO
from uuid import UUID

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from accounts import avatars, own_files
from accounts.errors import OwnExportGone, OwnExportUnderWay
from accounts.models import OwnExport, User
from accounts.privacy_selectors import own_export
from accounts.services.guards import person_id
from portal.kit import clock, jobs, notices, registry
from portal.kit.context import Actor
from portal.kit.notify import notify
from portal.kit.record import record
from portal.kit.registry import Run
from portal.kit.services import writing

JOB = "accounts.export_own_data"
KEEP = timedelta(days=7)
LOST = timedelta(days=1)  # One that is still not written then is not being written any more.
LISTED = 500  # Copies that one tidying removes.
SYSTEM = Actor("system", None, "system")
State = OwnExport.State


def own_export_ask(*, actor: Actor) -> OwnExport:
    """Have a copy of everything about oneself written. Event `accounts.export_of_self.asked`.

    `OwnExportUnderWay` while one is being written. A former copy goes: there is one to look after.
    """
    now = clock.now()
    with writing():
        # Locked, so that of two who ask at once the second finds the first.
        user = User.objects.select_for_update(no_key=True).get(pk=person_id(actor))
        former = list(OwnExport.objects.filter(user=user).select_related("user"))
        if any(one.state == State.WORKING and one.created_at > now - LOST for one in former):
            raise OwnExportUnderWay
        _remove(former)
        export = OwnExport.objects.create(user=user, created_at=now, expires_at=now + KEEP)
        # A person needs no right for what is its own, and a run asks for one: the system runs it.
        export.run_id = jobs.enqueue(JOB, actor=SYSTEM, args={"export_id": str(export.pk)}, key=str(export.pk))
        export.save(update_fields=["run_id"])
        record("accounts.export_of_self.asked", target=user, data={"export": str(export.pk)})
    return export


def own_export_write(*, run: Run) -> Mapping[str, Any]:
    """The job's work: write the file and offer it. Begins anew when it was interrupted, and offers one file at most.

    Events `accounts.export_of_self.written`; a notice and a mail. When it fails for good the person is told too.
    """
    with run.batch():
        export = OwnExport.objects.select_related("user").filter(pk=UUID(str(run.args["export_id"]))).first()
        if export is None or export.state == State.READY or export.expires_at <= clock.now():
            return {"written": False}
        OwnExport.objects.filter(pk=export.pk).update(state=State.WORKING)
    name, file = own_files.begin()
    try:
        with file:
            parts = _write(run, export.user, file)
        digest, size = own_files.digest(name)
        with run.batch():
            offered = _offer(export, name, digest, size)
    except Exception:
        own_files.remove(name)
        with run.batch():
            OwnExport.objects.filter(pk=export.pk, state=State.WORKING).update(state=State.FAILED)
        raise
    if not offered:
        own_files.remove(name)
    return {"written": offered, "parts": len(parts), "bytes": size}


def _write(run: Run, user: User, file: BinaryIO) -> list[dict[str, Any]]:
    """Each part of the inventory as a file of JSON, and a page that tells what is what."""
    told: list[dict[str, Any]] = []
    entries = sorted(registry.personal_data, key=lambda entry: entry.name)
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for place, entry in enumerate(entries):
            run.phase(_("Writing: %(part)s") % {"part": entry.label})
            with run.batch():
                run.progress(place, len(entries))
                number = _part(archive, f"data/{entry.name}.json", entry.read(user.pk)) if entry.read else None
            told.append({"entry": entry, "file": f"data/{entry.name}.json", "number": number})
        if user.avatar is not None and (picture := avatars.path_of(user.avatar, max(avatars.SIZES))).exists():
            archive.write(picture, "picture.webp")
        page = render_to_string(
            "accounts/own_data_index.html",
            {"parts": told, "person": user, "made_at": clock.now(), "origin": settings.STEWARD_PUBLIC_URL},
        )
        archive.writestr("index.html", page.strip())
    return told


def _part(archive: zipfile.ZipFile, name: str, rows: Iterable[Mapping[str, Any]]) -> int:
    """One list, written row by row; how many rows it has."""
    number = 0
    with archive.open(name, "w", force_zip64=True) as part:
        part.write(b"[")
        for row in rows:
            part.write(b",\n " if number else b"\n ")
            part.write(json.dumps(row, cls=DjangoJSONEncoder, ensure_ascii=False).encode("utf-8", "replace"))
            number += 1
        part.write(b"\n]\n")
    return number


def _offer(export: OwnExport, name: str, digest: str, size: int) -> bool:
    now = clock.now()
    offered = OwnExport.objects.filter(pk=export.pk, state=State.WORKING).update(
        state=State.READY, file=name, sha256=digest, size=size, finished_at=now
    )
    if not offered:
        return False
    user = export.user
    record("accounts.export_of_self.written", target=user, data={"bytes": size, "sha256": digest})
    title = _("The copy of your data is ready")
    text = _("Fetch it within seven days. Nobody else can.")
    notices.tell([user.pk], category="security", title=title, text=text, url="/me/privacy", tone="ok")
    data = {"user": user, "url": f"{settings.STEWARD_PUBLIC_URL}/me/privacy", "until": export.expires_at}
    notify(user.pk, "security", "own_data_ready", data)
    return True


def own_export_open(*, actor: Actor, export_id: UUID) -> tuple[OwnExport, BinaryIO]:
    """The file of one's own copy, opened. Event `accounts.export_of_self.downloaded`.

    `OwnExportGone` for an expired or removed one, one that is not whole, and anybody else's.
    """
    export = own_export(actor, export_id)
    stream = own_files.opened(export.file, export.size) if export.state == State.READY else None
    if stream is None:
        raise OwnExportGone
    with writing():
        record("accounts.export_of_self.downloaded", target=export.user, data={"sha256": export.sha256})
    return export, stream


def own_exports_tidy() -> int:
    """Remove expired copies, and files that belong to none; returns how many. Event `accounts.export_of_self.removed`."""
    with writing():
        rows = OwnExport.objects.select_for_update(skip_locked=True, of=("self",)).select_related("user")
        old = list(rows.filter(expires_at__lte=clock.now()).order_by("pk")[:LISTED])
        _remove(old)
    whole = frozenset(OwnExport.objects.filter(state=State.READY).values_list("file", flat=True))
    own_files.sweep(whole)
    return len(old)


def own_exports_purge(*, user: User) -> int:
    """Remove every copy of a person that goes; part of that service, which records it. Returns how many."""
    with writing():
        found = list(OwnExport.objects.filter(user=user))
        OwnExport.objects.filter(pk__in=[export.pk for export in found]).delete()
        files = [export.file for export in found]
        transaction.on_commit(lambda: _files_remove(files))
    return len(found)


def _remove(exports: list[OwnExport]) -> None:
    for export in exports:
        record("accounts.export_of_self.removed", target=export.user, data={"export": str(export.pk)})
    OwnExport.objects.filter(pk__in=[export.pk for export in exports]).delete()
    files = [export.file for export in exports]
    transaction.on_commit(lambda: _files_remove(files))


def _files_remove(files: list[str]) -> None:
    for name in files:
        own_files.remove(name)
