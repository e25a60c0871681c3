"""Making a backup: what it holds, what it never holds, and how it ends when it does not end well."""

import errno
import json
import os
import stat
import subprocess
import threading
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest

from accounts.models import User
from audit.models import Event
from maintenance.backup import create, keys, manifest, read, tools, verify
from maintenance.backup.errors import BackupError, BackupRunning, TargetFailed, TargetFull
from maintenance.backup.outlets import Outlet
from maintenance.backup.snapshot import Table, held
from maintenance.backup.targets import Folder, FolderWriter
from maintenance.models import Backup
from maintenance.services import backups
from portal.kit import context, ids
from tests.factories import World, person
from tests.maintenance.backup.conftest import Make


def files_of(folder: Folder) -> list[Path]:
    return [path for path in folder.path.rglob("*") if path.is_file()] if folder.path.exists() else []


def plain_of(folder: Folder, backup: Backup, name: str) -> bytes:
    found = manifest.load(folder, str(backup.pk))
    file = next(file for file in found.files if file.name == name)
    return b"".join(read.plain(folder, found, file))


def test_a_backup_holds_every_row_of_every_table_in_its_catalogue_entry(
    make: Make, folder: Folder, world: World
) -> None:
    made = make()
    assert made.state == Backup.State.COMPLETE
    found = manifest.load(folder, str(made.pk))
    assert found.tables["public.accounts_user"] == User.objects.count()
    assert sum(found.tables.values()) == made.rows
    dumped = [table for file in found.of_kind(manifest.DATA) for table in file.tables]
    assert sorted(dumped) == sorted(found.tables)
    assert Event.objects.filter(code="maintenance.backup.created").count() == 1


def test_every_byte_of_a_new_backup_is_good(make: Make, folder: Folder) -> None:
    made = make()
    found, report = verify.verify(folder, str(made.pk))
    assert report.good
    assert (
        report.stored_bytes
        == found.stored_bytes
        == sum(path.stat().st_size for path in files_of(folder))
        - (folder.path / str(made.pk) / manifest.NAME).stat().st_size
    )


def test_a_backup_restores_into_an_empty_database_with_the_counts_of_its_manifest(
    make: Make, folder: Folder, world: World
) -> None:
    login = tools.database()
    with psycopg.connect(**tools.parameters(login), autocommit=True) as owner:
        owner.execute('CREATE TABLE "Odd ""name.x" (id int); INSERT INTO "Odd ""name.x" VALUES (1), (2)')
        owner.execute("CREATE SEQUENCE alone; SELECT setval('alone', 77)")
        owner.execute("SELECT lo_from_bytea(0, 'a large object')")
    made = make()
    found = manifest.load(folder, str(made.pk))
    chosen, target = tools.choose(found.server_version), f"restored_{ids.uuid7().hex[-12:]}"
    admin = os.environ["STEWARD_TEST_ADMIN_URL"]
    with psycopg.connect(admin, autocommit=True) as server:
        server.execute(f'CREATE DATABASE "{target}" OWNER steward_owner')
        try:
            (schema,) = found.of_kind(manifest.SCHEMA)
            _restore(chosen.pg_restore, folder, found, schema, target, "--section=pre-data")
            for file in found.of_kind(manifest.DATA):
                _restore(chosen.pg_restore, folder, found, file, target)
            _restore(chosen.pg_restore, folder, found, schema, target, "--section=post-data")
            with psycopg.connect(**tools.parameters({**login, "NAME": target})) as restored:
                for label, rows in found.tables.items():
                    table = psycopg.sql.Identifier(*label.split(".", 1))
                    query = psycopg.sql.SQL("SELECT count(*) FROM ONLY {}").format(table)
                    assert restored.execute(query).fetchone() == (rows,), label
                assert restored.execute("SELECT last_value FROM alone").fetchone() == (77,)
                assert restored.execute("SELECT count(*) FROM pg_largeobject_metadata").fetchone() == (1,)
        finally:
            server.execute(f'DROP DATABASE "{target}" WITH (FORCE)')


def _restore(
    program: str, folder: Folder, found: manifest.Manifest, file: manifest.File, target: str, *more: str
) -> None:
    environment = tools.environment({**tools.database(), "NAME": target})
    command = [program, "--exit-on-error", f"--dbname={target}", *more]
    subprocess.run(
        command, input=b"".join(read.plain(folder, found, file)), env=environment, check=True, capture_output=True
    )


def test_rows_that_are_written_meanwhile_are_in_none_of_its_tables(
    own_database: dict[str, str], folder: Folder, acting: context.Context, world: World
) -> None:
    before = User.objects.count()
    later: list[User] = []

    def tick(progress: create.Progress) -> None:
        if not later:
            later.append(person("Late"))

    def begun() -> None:
        later.append(person("Latecomer"))

    create.create(
        backup_id=str(ids.uuid7()), reason="manual", targets=[folder], key=keys.active(), tick=tick, begun=begun
    )
    (found,) = read.find(folder)
    assert found.manifest.tables["public.accounts_user"] == before
    assert User.objects.count() == before + 1


def test_nothing_of_the_data_and_no_key_is_readable_in_the_stored_files(
    make: Make, folder: Folder, world: World, settings: Any
) -> None:
    settings.MEDIA_ROOT.mkdir()
    (settings.MEDIA_ROOT / "letter.txt").write_bytes(b"a letter that nobody else may read" * 100)
    make()
    secrets = [
        keys.active().secret,
        settings.STEWARD_BACKUP_KEYS.encode(),
        settings.STEWARD_ENCRYPTION_KEYS.encode(),
        settings.SECRET_KEY.encode(),
    ]
    for path in files_of(folder):
        stored = path.read_bytes()
        for hidden in (b"a letter that nobody", world.admin.email.encode(), *secrets):
            assert hidden not in stored, path.name


def test_the_configuration_is_kept_with_its_source_and_without_secrets(
    make: Make, folder: Folder, settings: Any
) -> None:
    kept = json.loads(plain_of(folder, make(), "configuration.json"))
    assert kept["STEWARD_ENV"]["value"] == "development"
    assert kept["STEWARD_ENV"]["source"] == "environment"
    for name in ("SECRET_KEY", "STEWARD_BACKUP_KEYS", "DATABASE_URL", "DATABASE_OWNER_URL"):
        assert set(kept[name]) == {"source", "secret"}


def test_folders_and_files_are_for_the_account_of_steward_alone(make: Make, folder: Folder) -> None:
    make()
    assert stat.S_IMODE(folder.path.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in files_of(folder)} == {0o600}


def test_a_second_backup_at_the_same_time_is_refused_and_leaves_no_row(make: Make) -> None:
    with held(), pytest.raises(BackupRunning):
        make()
    assert not Backup.objects.exists()


def test_a_cancelled_backup_leaves_no_files_and_no_process(make: Make, folder: Folder) -> None:
    class Enough(Exception):
        pass

    def tick(step: str, done: int, total: int) -> None:
        raise Enough

    with pytest.raises(Enough):
        make(tick=tick)
    assert files_of(folder) == []
    (row,) = Backup.objects.all()
    assert row.state == Backup.State.FAILED
    children = psutil.Process().children(recursive=True)
    assert not [child for child in children if child.name() == "pg_dump"]
    with psycopg.connect(os.environ["STEWARD_TEST_ADMIN_URL"]) as server:
        busy = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'steward backup'"
        assert server.execute(busy).fetchone() == (0,)


def test_a_full_target_fails_the_backup_and_leaves_the_older_one_as_it_was(
    make: Make, folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    older = make()
    before = {path: path.read_bytes() for path in files_of(folder)}
    written = [0]
    kept = os.write

    def write(self: FolderWriter, data: bytes) -> None:
        written[0] += len(data)
        if written[0] > 20_000:
            raise TargetFull("No room is left.")
        kept(self._stream.fileno(), data)

    monkeypatch.setattr(FolderWriter, "write", write)
    with pytest.raises(TargetFull):
        make()
    assert {path: path.read_bytes() for path in files_of(folder)} == before
    states = dict(Backup.objects.values_list("pk", "state"))
    assert states.pop(older.pk) == Backup.State.COMPLETE
    assert list(states.values()) == [Backup.State.FAILED]
    assert Event.objects.filter(code="maintenance.backup.failed").count() == 1


def test_a_part_that_stops_first_does_not_hide_what_the_target_said(
    make: Make, folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    abandoned = threading.Event()
    count, abandon = create._Work._count, create._Work._abandon
    ended, kept = Outlet.__exit__, FolderWriter.write

    def write(self: FolderWriter, data: bytes) -> None:
        if "data-" in self._path.name and self._stream.tell():
            raise TargetFull("No room is left.")
        kept(self, data)

    def slow(self: Outlet, *details: Any) -> None:
        try:
            ended(self, *details)
        finally:
            if self._fan._outlets.stop.is_set():
                abandoned.wait(30)

    def counting(self: create._Work) -> None:
        self._outlets.stop.wait(30)
        count(self)

    def noted(self: create._Work) -> None:
        abandoned.set()
        abandon(self)

    monkeypatch.setattr(FolderWriter, "write", write)
    monkeypatch.setattr(Outlet, "__exit__", slow)
    monkeypatch.setattr(create._Work, "_count", counting)
    monkeypatch.setattr(create._Work, "_abandon", noted)
    with pytest.raises(TargetFull, match="No room"):
        make()
    assert files_of(folder) == []


def test_one_of_two_targets_that_fails_makes_the_backup_partial_and_says_why(
    make: Make, folder: Folder, settings: Any, tmp_path: Path
) -> None:
    (tmp_path / "a file").write_text("in the way")
    settings.STEWARD_BACKUP_TARGETS = [str(tmp_path / "a file" / "below"), str(folder.path)]
    made = make()
    assert made.state == Backup.State.PARTIAL
    assert made.targets == [str(folder.path)]
    assert "a file" in next(iter(made.missed))
    assert verify.verify(folder, str(made.pk))[1].good


def test_both_targets_get_the_same_bytes(make: Make, folder: Folder, settings: Any, tmp_path: Path) -> None:
    second = Folder(tmp_path / "second")
    settings.STEWARD_BACKUP_TARGETS = [str(folder.path), f"file://{second.path}"]
    made = make()
    assert made.state == Backup.State.COMPLETE
    assert made.targets == [folder.name, second.name]
    contents = [{path.name: path.read_bytes() for path in files_of(place)} for place in (folder, second)]
    assert contents[0] == contents[1]


def test_a_target_that_cannot_be_written_is_named_and_nothing_is_left(
    make: Make, settings: Any, tmp_path: Path
) -> None:
    (tmp_path / "a file").write_text("in the way")
    settings.STEWARD_BACKUP_TARGETS = [str(tmp_path / "a file" / "below")]
    with pytest.raises(TargetFailed, match="a file"):
        make()


def test_the_owner_who_may_not_read_a_table_is_told_which_login_to_name(make: Make, settings: Any) -> None:
    settings.STEWARD_OWNER_DATABASE = {**settings.DATABASES["default"], "OPTIONS": {}}
    with pytest.raises(BackupError, match="DATABASE_OWNER_URL"):
        make()


def test_a_password_is_on_no_command_line() -> None:
    login = {
        "HOST": "h",
        "PORT": "1",
        "USER": "u",
        "PASSWORD": "a secret",
        "NAME": "n",
        "OPTIONS": {"sslmode": "require"},
    }
    environment = tools.environment(login)
    assert environment["PGPASSWORD"] == "a secret"
    assert environment["PGSSLMODE"] == "require"
    assert not any(name.startswith("PG") and value == "" for name, value in environment.items())


def test_tables_are_shared_out_evenly_and_a_large_one_goes_alone() -> None:
    tables = [Table("public", f"t{size}", size) for size in (1000, 300, 300, 200, 100)]
    groups = create.grouped(tables, 2)
    assert [sorted(table.size for table in group) for group in groups] == [[1000], [100, 200, 300, 300]]
    assert create.grouped([], 4) == [[]]
    assert len(create.grouped(tables[:1], 4)) == 1


def test_before_a_destructive_act_a_young_backup_serves_and_an_old_one_does_not(
    make: Make, acting: context.Context, settings: Any
) -> None:
    made = make()
    assert backups.before_destructive(actor=acting.actor, act="dropping a table") == made
    settings.STEWARD_BACKUP_FRESH -= settings.STEWARD_BACKUP_FRESH
    again = backups.before_destructive(actor=acting.actor, act="dropping a table")
    assert again is not None
    assert (again.kind, again.act) == (Backup.Kind.BEFORE, "dropping a table")
    assert again != made


def test_going_without_a_backup_needs_a_reason_that_is_recorded(make: Make, acting: context.Context) -> None:
    assert backups.before_destructive(actor=acting.actor, act="dropping", skip_because="an empty database") is None
    (event,) = Event.objects.filter(code="maintenance.backup.skipped")
    assert event.reason == "an empty database"
    assert not Backup.objects.exists()


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_each_way_of_the_system_to_say_full_is_told_as_full(
    folder: Folder, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    writer = folder.writer("0/a")

    class Full:
        def write(self, data: bytes) -> int:
            raise OSError(number, "full")

        def close(self) -> None:
            pass

    monkeypatch.setattr(writer, "_stream", Full())
    with pytest.raises(TargetFull):
        writer.write(b"x")
    writer.abort()
    assert files_of(folder) == []
