"""Reading backups again: damage is found, placed and told; what says nothing about a backup does not condemn it."""

import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from audit.models import Event
from maintenance.backup import keys, manifest, read, verify
from maintenance.backup.errors import Damaged, ForeignFile, NotABackup, TargetFailed, UnknownKey, UnknownVersion
from maintenance.backup.keys import BackupKey
from maintenance.backup.targets import Folder
from maintenance.models import Backup
from maintenance.services import backups
from portal.kit import context
from tests.maintenance.backup.conftest import Make

FILES = ("schema.dump", "data-01.dump", "uploads.tar", "configuration.json")


def path_of(folder: Folder, backup: Backup, name: str) -> Path:
    return folder.path / str(backup.pk) / name


def faults(folder: Folder, backup: Backup) -> list[verify.Fault]:
    return verify.verify(folder, str(backup.pk))[1].faults


@pytest.fixture
def backup(make: Make) -> Backup:
    return make()


@pytest.mark.parametrize("name", FILES)
def test_one_flipped_byte_is_told_with_file_and_place(backup: Backup, folder: Folder, name: str) -> None:
    path = path_of(folder, backup, name)
    stored = bytearray(path.read_bytes())
    stored[len(stored) // 2] ^= 1
    path.write_bytes(stored)
    (fault,) = faults(folder, backup)
    assert fault.file == f"{backup.pk}/{name}"
    assert fault.offset is not None
    assert fault.offset < len(stored)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("cut", ["one byte", "half"])
def test_a_truncated_file_is_told_with_its_length(backup: Backup, folder: Folder, name: str, cut: str) -> None:
    path = path_of(folder, backup, name)
    whole = path.stat().st_size
    left = whole - 1 if cut == "one byte" else whole // 2
    os.truncate(path, left)
    (fault,) = faults(folder, backup)
    assert (fault.file, fault.offset) == (f"{backup.pk}/{name}", left)
    assert f"{whole - left} of {whole} bytes are missing" in fault.problem


def test_a_missing_file_is_named(backup: Backup, folder: Folder) -> None:
    path_of(folder, backup, "data-01.dump").unlink()
    (fault,) = faults(folder, backup)
    assert "data-01.dump is not at the target" in fault.problem


def test_every_damaged_file_is_told_not_only_the_first(backup: Backup, folder: Folder) -> None:
    for name in FILES:
        os.truncate(path_of(folder, backup, name), 100)
    assert len(faults(folder, backup)) == len(FILES)


def test_a_file_of_another_backup_in_its_place_is_refused(backup: Backup, make: Make, folder: Folder) -> None:
    other = make()
    path_of(folder, backup, "schema.dump").write_bytes(path_of(folder, other, "schema.dump").read_bytes())
    assert [fault.file for fault in faults(folder, backup)] == [f"{backup.pk}/schema.dump"]


def test_a_backup_without_its_manifest_does_not_exist(backup: Backup, folder: Folder) -> None:
    path_of(folder, backup, manifest.NAME).unlink()
    assert list(read.find(folder)) == []
    with pytest.raises(NotABackup, match=str(backup.pk)):
        verify.verify(folder, str(backup.pk))


@pytest.mark.parametrize("change", ["count", "digest", "reason", "authentication"])
def test_an_altered_manifest_is_refused(backup: Backup, folder: Folder, change: str) -> None:
    path = path_of(folder, backup, manifest.NAME)
    whole = json.loads(path.read_bytes())
    if change == "count":
        whole["manifest"]["tables"]["public.accounts_user"] += 1
    elif change == "digest":
        whole["manifest"]["files"][0]["sha256"] = "0" * 64
    elif change == "reason":
        whole["manifest"]["reason"] = "nightly"
    else:
        whole["authentication"] = "0" * 64
    path.write_text(json.dumps(whole))
    with pytest.raises(Damaged, match="altered"):
        manifest.load(folder, str(backup.pk))
    assert list(read.find(folder)) == []


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"", Damaged),
        (b"{", Damaged),
        (b"[]", ForeignFile),
        (b'{"manifest": {}, "authentication": ""}', ForeignFile),
        (b'{"manifest": {"format": "steward-backup", "version": 2}, "authentication": ""}', UnknownVersion),
        (b'{"manifest": {"format": "steward-backup", "version": 1}, "authentication": ""}', UnknownKey),
    ],
)
def test_what_stands_in_place_of_the_manifest_is_told_apart(
    backup: Backup, folder: Folder, content: bytes, error: type[Exception]
) -> None:
    path_of(folder, backup, manifest.NAME).write_bytes(content)
    with pytest.raises(error):
        manifest.load(folder, str(backup.pk))


def test_a_manifest_under_another_id_is_refused(backup: Backup, make: Make, folder: Folder) -> None:
    other = make()
    path_of(folder, backup, manifest.NAME).write_bytes(path_of(folder, other, manifest.NAME).read_bytes())
    with pytest.raises(Damaged, match=f"belongs to the backup {other.pk}"):
        manifest.load(folder, str(backup.pk))


def test_a_lost_key_condemns_nothing_and_names_the_setting(
    backup: Backup, folder: Folder, acting: context.Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys, "all_keys", lambda: {"other": BackupKey("other", os.urandom(32))})
    with pytest.raises(UnknownKey, match="STEWARD_BACKUP_KEYS"):
        backups.backup_verify(actor=acting.actor, backup=backup)
    backup.refresh_from_db()
    assert (backup.state, backup.damaged_at, backup.verified_at) == (Backup.State.COMPLETE, None, None)
    # A list still shows it: what is there can be seen without the key.
    assert [(found.manifest.id, found.proved) for found in read.find(folder)] == [(str(backup.pk), False)]


def test_a_good_backup_is_verified_in_the_catalogue(backup: Backup, acting: context.Context) -> None:
    (report,) = backups.backup_verify(actor=acting.actor, backup=backup)
    backup.refresh_from_db()
    assert report.good
    assert backup.verified_at is not None
    assert backup.verified_bytes == backup.stored_bytes
    assert Event.objects.filter(code="maintenance.backup.verified", target_id=backup.pk).count() == 1


def test_a_damaged_backup_is_no_longer_good_in_the_catalogue(
    backup: Backup, folder: Folder, acting: context.Context
) -> None:
    os.truncate(path_of(folder, backup, "data-01.dump"), 1000)
    assert backups.backup_verify(actor=acting.actor, backup=backup) == []
    backup.refresh_from_db()
    assert not backup.usable
    assert "data-01.dump" in backup.damage
    assert Event.objects.filter(code="maintenance.backup.damaged", target_id=backup.pk, outcome="failed").count() == 1


def test_one_damaged_copy_of_two_makes_the_backup_partial(
    make: Make, folder: Folder, acting: context.Context, settings: Any, tmp_path: Path
) -> None:
    second = Folder(tmp_path / "second")
    settings.STEWARD_BACKUP_TARGETS = [str(folder.path), str(second.path)]
    made = make()
    os.truncate(path_of(second, made, "schema.dump"), 50)
    assert [report.target for report in backups.backup_verify(actor=acting.actor, backup=made)] == [folder.name]
    made.refresh_from_db()
    assert (made.state, made.targets) == (Backup.State.PARTIAL, [folder.name])
    assert "schema.dump" in made.missed[second.name]
    assert made.usable


def test_a_backup_that_is_gone_everywhere_is_missing(backup: Backup, folder: Folder, acting: context.Context) -> None:
    folder.delete(str(backup.pk))
    assert backups.backup_verify(actor=acting.actor, backup=backup) == []
    backup.refresh_from_db()
    assert backup.state == Backup.State.MISSING
    assert Event.objects.filter(code="maintenance.backup.vanished", target_id=backup.pk).count() == 1


def test_a_target_that_is_no_longer_configured_condemns_nothing(
    backup: Backup, acting: context.Context, settings: Any, tmp_path: Path
) -> None:
    settings.STEWARD_BACKUP_TARGETS = [str(tmp_path / "elsewhere")]
    with pytest.raises(TargetFailed, match="STEWARD_BACKUP_TARGETS"):
        backups.backup_verify(actor=acting.actor, backup=backup)
    backup.refresh_from_db()
    assert backup.state == Backup.State.COMPLETE


def test_a_target_that_cannot_be_read_condemns_nothing(
    backup: Backup, folder: Folder, acting: context.Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(self: Folder, path: str) -> int:
        raise TargetFailed("The network is away.")

    monkeypatch.setattr(Folder, "size", away)
    with pytest.raises(TargetFailed, match="network"):
        backups.backup_verify(actor=acting.actor, backup=backup)
    backup.refresh_from_db()
    assert backup.usable


def test_a_dump_that_decrypts_and_is_none_is_found_by_parsing_it(backup: Backup, folder: Folder) -> None:
    found = manifest.load(folder, str(backup.pk))
    with pytest.raises(Damaged, match="pg_restore cannot read"):
        verify._parse_dump(iter([b"PGDMP" + bytes(100), b"and more" * 1000]), found, "0/data-01.dump")


def test_uploads_come_back_as_they_were(make: Make, folder: Folder, settings: Any) -> None:
    import io
    import tarfile

    (settings.MEDIA_ROOT / "letters" / "deep").mkdir(parents=True)
    content = {"letters/a.txt": b"a", "letters/deep/ü.bin": os.urandom(300_000), "empty": b""}
    for name, data in content.items():
        (settings.MEDIA_ROOT / name).write_bytes(data)
    (settings.MEDIA_ROOT / "link").symlink_to("/etc/passwd")
    os.mkfifo(settings.MEDIA_ROOT / "pipe")
    made = make()
    found = manifest.load(folder, str(made.pk))
    (file,) = found.of_kind(manifest.UPLOADS)
    with tarfile.open(fileobj=io.BytesIO(b"".join(read.plain(folder, found, file)))) as archive:
        entries = archive.getmembers()
        assert {entry.name: archive.extractfile(entry).read() for entry in entries} == content  # type: ignore[union-attr]
        assert all(stat.S_ISREG(entry.mode) or entry.isreg() for entry in entries)
    assert verify.verify(folder, str(made.pk))[1].good
