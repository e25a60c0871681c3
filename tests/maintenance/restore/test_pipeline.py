"""A backup becomes a database beside the live one, proved, or nothing at all."""

import dataclasses
import json
import os
import signal
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from uuid import uuid4

import psutil
import psycopg
import pytest
from django.conf import settings as django_settings
from pytest_django import Settings

from maintenance.backup import keys, tools
from maintenance.backup.errors import BackupError, Damaged, ForeignFile, NotABackup, UnknownKey
from maintenance.backup.manifest import Manifest
from maintenance.backup.targets import targets
from maintenance.errors import ForeignDatabase, NoDatabaseRights, RestoreFailed, RestoreRefused
from maintenance.restore import checks, databases, exchange, inspection, logins, pipeline
from maintenance.restore.pipeline import Outcome
from maintenance.restore.steps import Steps
from portal.kit import clock
from portal.kit.errors import StewardError
from tests.conftest import _admin
from tests.maintenance.restore.conftest import MakeBackup, left_by


def restored(
    backup_id: str, live: str, name: str = "", tick: Callable[[str, int, int], None] | None = None
) -> tuple[str, Outcome]:
    """Restore beside the live database; the new one's name, and what came of it."""
    identifier = uuid4()
    name = name or databases.name_for("restore", identifier)
    steps = Steps(tick) if tick else Steps()
    found = inspection.inspect(backup_id)
    return name, pipeline.restore(found, name, databases.new_mark("restore", identifier, live), steps)


def _users(database: str) -> int:
    with logins.as_owner(database) as owner:
        row = owner.execute("SELECT count(*) FROM accounts_user").fetchone()
    assert row is not None
    return int(row[0])


def _stored(backups: Path, manifest: Manifest, kind: str) -> Path:
    return backups / manifest.id / manifest.of_kind(kind)[0].name


def test_a_backup_becomes_a_database_with_every_row_and_rule(live: str, make_backup: MakeBackup) -> None:
    manifest = make_backup()
    name, outcome = restored(manifest.id, live)
    assert [check["name"] for check in outcome.checks if not check["ok"]] == []
    assert len(outcome.checks) == 10  # Eight of every database, and two of money.
    assert outcome.rows == sum(manifest.tables.values())
    assert _users(name) == _users(live) == 5
    assert (exchange.uploads_beside(name) / "logos" / "a.png").read_bytes() == b"a picture"
    pipeline.discard(name, live=live)
    assert left_by(live) == []
    assert not exchange.uploads_beside(name).exists()


def test_a_stranger_to_the_server_may_not_enter_the_restored_database(live: str, make_backup: MakeBackup) -> None:
    name, _outcome = restored(make_backup().id, live)
    role = f"nobody_{uuid4().hex[:8]}"
    _admin(f"CREATE ROLE {role} LOGIN PASSWORD 'x'")
    try:
        parameters = {**tools.parameters(logins.owner(name)), "user": role, "password": "x"}
        with pytest.raises(psycopg.OperationalError, match="permission denied"):
            psycopg.connect(**parameters)
    finally:
        _admin(f"DROP ROLE {role}")


# --- Backups that cannot be trusted: a sentence with file and place, and nothing is left ---


def _flipped(backups: Path, manifest: Manifest) -> None:
    path = _stored(backups, manifest, "data")
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 1
    path.write_bytes(raw)


def _cut(backups: Path, manifest: Manifest) -> None:
    path = _stored(backups, manifest, "data")
    os.truncate(path, path.stat().st_size - 1)


def _halved(backups: Path, manifest: Manifest) -> None:
    path = _stored(backups, manifest, "schema")
    os.truncate(path, path.stat().st_size // 2)


def _removed(backups: Path, manifest: Manifest) -> None:
    _stored(backups, manifest, "data").unlink()


def _foreign(backups: Path, manifest: Manifest) -> None:
    path = _stored(backups, manifest, "data")
    path.write_bytes(b"PGDMP" + bytes(path.stat().st_size - 5))


@pytest.mark.parametrize("spoil", [_flipped, _cut, _halved, _removed, _foreign])
def test_a_spoiled_file_is_named_with_its_place_and_nothing_is_made(
    live: str, make_backup: MakeBackup, backups: Path, spoil: Callable[[Path, Manifest], None]
) -> None:
    manifest = make_backup()
    spoil(backups, manifest)
    with pytest.raises((RestoreRefused, BackupError)) as caught:
        restored(manifest.id, live)
    assert f"{manifest.id}/" in str(caught.value.detail)
    assert left_by(live) == []
    assert _users(live) == 5


def test_a_file_that_is_spoiled_after_it_was_looked_at_ends_the_restore(
    live: str, make_backup: MakeBackup, backups: Path
) -> None:
    manifest = make_backup()

    def tick(step: str, done: int, total: int) -> None:
        if step == "Make the database":
            _flipped(backups, manifest)

    with pytest.raises(Damaged, match=r"data-01\.dump is damaged at byte \d+"):
        restored(manifest.id, live, tick=tick)
    assert left_by(live) == []


def test_an_altered_or_missing_manifest_is_refused(live: str, make_backup: MakeBackup, backups: Path) -> None:
    manifest = make_backup()
    path = backups / manifest.id / "manifest.json"
    written = json.loads(path.read_text())
    written["manifest"]["tables"]["public.accounts_user"] += 1
    path.write_text(json.dumps(written))
    with pytest.raises(Damaged, match="altered"):
        inspection.inspect(manifest.id)
    path.write_text('{"some": "thing"}')
    with pytest.raises(ForeignFile, match=r"manifest\.json"):
        inspection.inspect(manifest.id)
    path.unlink()
    with pytest.raises(NotABackup):
        inspection.inspect(manifest.id)


def test_a_lost_key_is_named_and_a_wrong_one_is_refused(live: str, make_backup: MakeBackup, settings: Settings) -> None:
    manifest = make_backup()
    other = "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVowMTIzNDU="
    settings.STEWARD_BACKUP_KEYS = f"other:{other}"
    with pytest.raises(UnknownKey, match=keys.SETTING):
        inspection.inspect(manifest.id)
    settings.STEWARD_BACKUP_KEYS = f"{manifest.key_id}:{other}"
    with pytest.raises(Damaged, match="key is another one"):
        inspection.inspect(manifest.id)
    assert left_by(live) == []


def test_a_newer_version_a_newer_server_and_a_foreign_database_are_refused(live: str, make_backup: MakeBackup) -> None:
    manifest = make_backup()
    for changes, told in (
        ({"migrations": [*manifest.migrations, "maintenance.9999_later"]}, "newer version"),
        ({"server_version": 990_000}, "PostgreSQL 99"),
        ({"migrations": ["shop.0001_initial"]}, "not Steward's"),
    ):
        altered = dataclasses.replace(manifest, **changes)
        known = {name for name in altered.migrations if not name.endswith("later")}
        refusals = inspection._refusals(altered, set(altered.migrations) - known, inspection.server_version())
        assert told in " ".join(refusals)
        with pytest.raises(RestoreRefused, match=told):
            inspection.require(inspection.Inspection(altered, targets()[0], refusals=refusals))


def test_an_older_backup_is_brought_to_this_version(live: str, make_backup: MakeBackup) -> None:
    newest = ["0005_sizes", "0006_grants_go", "0007_run_scopes"]
    with logins.as_owner(live) as owner:
        owner.execute("DROP TRIGGER maintenance_job_run_grants_go ON maintenance_job_run")
        owner.execute("DROP TRIGGER maintenance_backup_grants_go ON maintenance_backup")
        owner.execute("DROP TABLE maintenance_size_sample")
        owner.execute("ALTER TABLE maintenance_job_run DROP COLUMN actor_scopes")
        owner.execute("DELETE FROM django_migrations WHERE app = 'maintenance' AND name = ANY(%s)", [newest])
    found = inspection.inspect(make_backup().id)
    assert found.pending == [f"maintenance.{name}" for name in newest]
    name, outcome = restored(found.manifest.id, live)
    assert all(check["ok"] for check in outcome.checks)
    with logins.as_owner(name) as owner:
        assert owner.execute("SELECT count(*) FROM maintenance_size_sample").fetchone() == (0,)


# --- What the checks find ---


def test_a_restored_database_that_lost_something_is_not_accepted(live: str, make_backup: MakeBackup) -> None:
    manifest = make_backup()
    name, _outcome = restored(manifest.id, live)
    with logins.as_owner(name) as owner:
        there = owner.execute(
            "SELECT (SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal AND tgparentid = 0), "
            "(SELECT count(*) FROM pg_class WHERE relrowsecurity)"
        ).fetchone()
        assert there is not None
        objects = Counter({"TRIGGER": there[0], "ROW SECURITY": there[1]})
        owner.execute("DELETE FROM maintenance_schedule")
        owner.execute("DROP TRIGGER audit_event_append_only ON audit_event")
        owner.execute("ALTER TABLE audit_event DISABLE ROW LEVEL SECURITY")
        owner.execute("UPDATE accounts_user SET is_root = false")
        owner.commit()
        found = [*checks.of_the_copy(owner, manifest, objects), *checks.of_the_version(owner)]
    wrong = {check["name"]: check["detail"] for check in found if not check["ok"]}
    assert "public.maintenance_schedule has 0 rows" in wrong["Rows are as the manifest counted them"]
    triggers, walled = objects["TRIGGER"], objects["ROW SECURITY"]
    assert f"trigger: {triggers - 1} of {triggers}" in wrong["Everything that the archive lists is there"]
    assert "no root administrator" in wrong["The root administrator can sign in"]
    assert "triggers" in wrong["The trail takes events and refuses to change them"]
    assert f"row security: {walled - 1} of {walled}" in wrong["Everything that the archive lists is there"]
    with pytest.raises(RestoreFailed, match="not sound"):
        checks.require(found)


# --- Databases that are not ours, rights that are missing ---


def test_a_database_of_somebody_else_is_neither_used_nor_dropped(live: str, make_backup: MakeBackup) -> None:
    manifest = make_backup()
    name = f"steward_restore_{uuid4().hex[-12:]}"
    _admin(f'CREATE DATABASE "{name}"')
    try:
        with pytest.raises(ForeignDatabase, match=name):
            restored(manifest.id, live, name)
        with logins.as_admin() as admin, pytest.raises(ForeignDatabase):
            databases.drop(admin, name, live=live)
        with logins.as_admin() as admin:
            assert databases.exists(admin, name)
            other = databases.Mark("restore", uuid4(), "another_installation", clock.now())
            databases._comment(admin, name, str(other))
            assert [found.name for found in databases.listed(admin, live)] == []
            with pytest.raises(ForeignDatabase):
                databases.drop(admin, name, live=live)
    finally:
        _admin(f'DROP DATABASE "{name}"')


def test_the_live_database_is_never_dropped_whatever_its_mark_says(live: str) -> None:
    with logins.as_admin() as admin:
        databases._comment(admin, live, str(databases.new_mark("old", uuid4(), live)))
        with pytest.raises(ForeignDatabase):
            databases.drop(admin, live, live=live)


@pytest.mark.parametrize("name", ["Ä", "a b", 'x"; DROP', "1st", "a" * 64])
def test_a_name_that_is_none_is_refused(live: str, make_backup: MakeBackup, name: str) -> None:
    with pytest.raises(RestoreRefused, match="no name for a database"):
        restored(make_backup().id, live, name)
    assert left_by(live) == []


def test_a_login_without_the_right_is_told_which_setting_or_grant_helps(live: str, settings: Settings) -> None:
    assert django_settings.DATABASE_ADMIN_URL
    settings.DATABASE_ADMIN_URL = ""
    with pytest.raises(NoDatabaseRights) as caught, logins.as_admin():
        pass
    assert "ALTER ROLE steward_owner CREATEDB" in str(caught.value.detail)
    _admin("ALTER ROLE steward_owner CREATEDB")
    try:
        with logins.as_admin() as admin:
            assert admin.info.user == "steward_owner"
    finally:
        _admin("ALTER ROLE steward_owner NOCREATEDB")


# --- Killed and cut off on the way ---


# Held by somebody else, so that no process that loads rows can come to its end.
HELD = """
DO $$ DECLARE one regclass; BEGIN
    FOR one IN SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') LOOP
        EXECUTE format('LOCK TABLE ONLY %s IN ACCESS EXCLUSIVE MODE', one);
    END LOOP;
END $$
"""


def test_a_killed_pg_restore_is_told_and_leaves_nothing(live: str, make_backup: MakeBackup) -> None:
    manifest = make_backup()
    name = databases.name_for("restore", uuid4())
    holding = ExitStack()
    killed: list[int] = []

    def kill(step: str, done: int, total: int) -> None:
        if step != "Load the rows" or killed:
            return
        if not total:  # The step begins: the tables are there, and no row is.
            holding.enter_context(logins.as_owner(name)).execute(HELD)
        for child in psutil.Process().children():
            if "pg_restore" in child.name() and "--data-only" in child.cmdline():
                child.send_signal(signal.SIGKILL)
                killed.append(child.pid)
                return

    try:
        with pytest.raises(RestoreFailed, match="signal 9 ended it"):
            restored(manifest.id, live, name, tick=kill)
    finally:
        with suppress(psycopg.OperationalError):  # It was put out when the half-made database was dropped.
            holding.close()
    assert killed
    assert left_by(live) == []
    assert _users(live) == 5
    name, _outcome = restored(manifest.id, live)
    assert _users(name) == 5


def test_connections_that_the_server_ends_fail_the_restore_and_a_retry_works(
    live: str, make_backup: MakeBackup
) -> None:
    manifest = make_backup()

    identifier = uuid4()
    name = databases.name_for("restore", identifier)

    def cut(step: str, done: int, total: int) -> None:
        if step == "Build indexes and constraints" and not done:
            _admin(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
            _admin(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")

    with pytest.raises(StewardError):
        restored(manifest.id, live, name, tick=cut)
    assert left_by(live) == []
    assert _users(restored(manifest.id, live)[0]) == 5
