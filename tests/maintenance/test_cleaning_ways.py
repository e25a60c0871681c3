"""Each way of cleaning: rows with children, emptied columns, orphans, partitions, files, vacuum."""

import fcntl
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from django.db import connection
from pytest_django.fixtures import Settings

from accounts.models import Session
from maintenance import cleaning
from maintenance.cleaning import rows as walking
from maintenance.cleaning import vacuum
from maintenance.models import JobRun
from portal.kit import clock, context, ids
from portal.kit.models import Note
from portal.kit.notes import note_add
from portal.kit.registry import Cleanup, Emptied, Files, Partitions, Rows, Vacuum
from portal.kit.services import writing
from tests.factories import World, actor_of, person
from tests.maintenance.cleaning_support import (
    DAY,
    THINGS,
    Declare,
    as_owner,
    declare,
    ran,
    result_of,
    things,
)
from tests.maintenance.test_kill import add_sessions

__all__ = ["declare"]
pytestmark = pytest.mark.usefixtures("own_database")
FILLED = "INSERT INTO things (at) SELECT now() - interval '{age}' FROM generate_series(1, {n})"


def _count(sql: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return int(cursor.fetchone()[0])


# --- rows ---


def test_children_that_refer_to_a_row_go_with_it_and_others_stay(
    own_database: dict[str, str], world: World, declare: Declare
) -> None:
    as_owner(
        own_database,
        THINGS,
        "CREATE TABLE parts (id int, thing_id uuid REFERENCES things (id) DEFERRABLE INITIALLY DEFERRED)",
        "GRANT SELECT, DELETE ON parts TO steward_app, steward_platform",
        FILLED.format(age="60 days", n=300),
        FILLED.format(age="1 day", n=50),
        "INSERT INTO parts SELECT n, id FROM things, generate_series(1, 2) AS n",
    )
    declare(things(how=Rows(children=(("parts", "thing_id"),))))
    result = result_of(ran(actor_of(world.admin), "kit.things"))
    assert (result["deleted"], result["left"]) == (300, 0)
    assert (_count("SELECT count(*) FROM things"), _count("SELECT count(*) FROM parts")) == (50, 100)


@pytest.mark.parametrize(("young", "road"), [(0, "block"), (60_000, "after")])
def test_much_is_taken_by_the_disk_and_little_by_an_index(  # noqa: PLR0917 - what pytest hands in
    own_database: dict[str, str],
    world: World,
    declare: Declare,
    settings: Settings,
    young: int,
    road: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings.STEWARD_CLEANUP_BATCH = 40
    as_owner(
        own_database,
        THINGS,
        FILLED.format(age="1 day", n=young),
        FILLED.format(age="60 days", n=95),
        "CREATE INDEX ON things (at, id)",
        "ANALYZE things",
    )
    declare(things())
    roads: list[str] = []
    kept = walking.TableRows._begin

    def noted(self: walking.TableRows) -> dict[str, object]:
        place = kept(self)
        roads.append(next(iter(place)))
        return place

    monkeypatch.setattr(walking.TableRows, "_begin", noted)
    result = result_of(ran(actor_of(world.admin), "kit.things"))
    assert (result["deleted"], result["batches"], result["left"]) == (95, 3, 0)
    assert roads[0] == road
    assert _count("SELECT count(*) FROM things") == young


def test_emptied_columns_keep_their_rows(own_database: dict[str, str], world: World, declare: Declare) -> None:
    as_owner(own_database, THINGS, FILLED.format(age="60 days", n=30), FILLED.format(age="1 day", n=5))
    declare(things(how=Emptied({"log": "''"}), condition="log <> ''"))
    actor = actor_of(world.admin)
    assert result_of(ran(actor, "kit.things"))["deleted"] == 30
    assert _count("SELECT count(*) FROM things") == 35
    assert _count("SELECT count(*) FROM things WHERE log = ''") == 30
    assert result_of(ran(actor, "kit.things"))["deleted"] == 0


def test_old_jobs_lose_their_log_after_30_days_and_go_after_90(world: World) -> None:
    actor = actor_of(world.admin)
    with context.acting(actor), writing():
        for days in (10, 40, 100):
            ended = clock.now() - days * DAY
            values = {"state": "succeeded", "finished_at": ended, "queued_at": ended, "log": [["t", "line"]]}
            JobRun.objects.create(id=ids.first_of(ended), name="old.job", actor_kind="system", **values)
    result_of(ran(actor, "maintenance.job_logs"))
    assert [bool(run.log) for run in JobRun.objects.filter(name="old.job").order_by("id")] == [False, False, True]
    result_of(ran(actor, "maintenance.finished_jobs"))
    assert JobRun.objects.filter(name="old.job").count() == 2


def test_notes_of_what_is_gone_go_and_of_what_is_there_or_unknown_stay(world: World) -> None:
    actor = actor_of(world.admin)
    with context.system("a test"), clock.at(clock.now() - 3 * DAY):
        for _ in range(2):
            note_add(actor=actor, target=person("Soon Gone"), code="user:update", text="Left")
        kept = note_add(actor=actor, target=world.clerk, code="user:update", text="Still here")
    unknown, lost = Note.objects.exclude(object_id=world.clerk.pk).order_by("id")
    with context.system("a test"), writing():
        Note.objects.filter(pk=unknown.pk).update(object_kind="other.product")
        Note.objects.filter(pk=lost.pk).update(object_id=uuid4())
        young = Note.objects.create(object_kind="accounts.user", object_id=uuid4(), text="New", author=world.admin)
    result = result_of(ran(actor, "kit.orphaned_notes"))
    assert result["deleted"] == 1
    assert set(Note.objects.values_list("pk", flat=True)) == {kept.pk, unknown.pk, young.pk}


# --- partitions ---

LOGS = """
CREATE TABLE logs (id uuid NOT NULL, text text) PARTITION BY RANGE (id);
CREATE FUNCTION logs_drop(before date) RETURNS TABLE (partition text, row_estimate bigint, bytes bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    IF before > current_date - 1 THEN RAISE 'too young'; END IF;
    FOR partition, row_estimate, bytes IN
        SELECT c.relname, c.reltuples::bigint, pg_total_relation_size(c.oid) FROM pg_inherits
        JOIN pg_class c ON c.oid = inhrelid WHERE inhparent = 'logs'::regclass AND right(c.relname, 8) < to_char(before, 'YYYYMMDD')
        ORDER BY 1
    LOOP
        EXECUTE format('DROP TABLE %I', partition);
        RETURN NEXT;
    END LOOP;
END $$;
REVOKE ALL ON FUNCTION logs_drop(date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION logs_drop(date) TO steward_platform;
GRANT SELECT, INSERT ON logs TO steward_app, steward_platform;
"""


def test_whole_partitions_are_dropped_by_the_owners_function_and_each_is_told(
    own_database: dict[str, str], world: World, declare: Declare
) -> None:
    as_owner(own_database, LOGS)
    midnight = clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
    for days in (40, 31, 5, 0):
        day = midnight - days * DAY
        as_owner(
            own_database,
            f"CREATE TABLE logs_{day:%Y%m%d} PARTITION OF logs FOR VALUES FROM ('{ids.first_of(day)}') TO ('{ids.first_of(day + DAY)}')",
            f"INSERT INTO logs SELECT '{ids.first_of(day + timedelta(hours=1))}', 'x' FROM generate_series(1, 10)",
            f"ANALYZE logs_{day:%Y%m%d}",
        )
    declare(Cleanup("kit.logs", "Logs", "Old logs", table="logs", keep=30 * DAY, how=Partitions("logs_drop")))
    actor = actor_of(world.admin)
    with context.acting(actor):
        found = cleaning.preview(actor=actor, name="kit.logs")
    assert found.count == 20
    assert [row[0][:5] for row in found.sample] == ["logs_", "logs_"]
    run = ran(actor, "kit.logs")
    result = result_of(run)
    assert (result["deleted"], result["left"]) == (20, 0)
    assert result["returned"] == result["bytes"] > 0
    assert result["reusable"] == 0
    assert sum("Dropped logs_" in text for _at, text in run.log) == 2
    assert len(as_owner(own_database, "SELECT 1 FROM pg_inherits WHERE inhparent = 'logs'::regclass")) == 2


# --- files ---


def _old(path: Path, days: float = 3) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x" * 100)
    moment = (clock.now() - timedelta(days=days)).timestamp()
    os.utime(path, (moment, moment))
    return path


@pytest.fixture
def temporary(tmp_path: Path, settings: Settings) -> Path:
    settings.STEWARD_TEMP_PATH = tmp_path / "tmp"
    settings.MEDIA_ROOT = tmp_path / "uploads"
    settings.STEWARD_TEMP_PATH.mkdir()
    return tmp_path / "tmp"


def test_old_files_go_with_their_empty_folders_and_young_ones_stay(world: World, temporary: Path) -> None:
    for name in ("a.txt", "below/b.txt", "below/deeper/c.txt"):
        _old(temporary / name)
    young = _old(temporary / "kept/new.txt", days=0.5)
    actor = actor_of(world.admin)
    with context.acting(actor):
        found = cleaning.preview(actor=actor, name="maintenance.temp_files")
    assert (found.count, found.size, found.unit) == (3, 300, "files")
    assert len(list(temporary.rglob("*.txt"))) == 4
    result = result_of(ran(actor, "maintenance.temp_files"))
    assert (result["deleted"], result["bytes"], result["returned"], result["left"]) == (3, 300, 300, 0)
    assert [path for path in temporary.rglob("*") if path.is_file()] == [young]
    # Taking the files out has touched their folders; they go once nobody has for a day.
    past = (clock.now() - 3 * DAY).timestamp()
    for folder in ("below/deeper", "kept"):
        os.utime(temporary / folder, (past, past))
    result_of(ran(actor, "maintenance.temp_files"))
    assert not (temporary / "below/deeper").exists()
    assert (temporary / "below").exists()
    assert young.exists()


def test_nothing_outside_the_folder_is_touched_whatever_a_link_says(world: World, temporary: Path) -> None:
    outside = _old(temporary.parent / "precious" / "keep.txt")
    (temporary / "link").symlink_to(outside.parent)
    (temporary / "file").symlink_to(outside)
    for name in ("link", "file"):
        past = (clock.now() - 9 * DAY).timestamp()
        os.utime(temporary / name, (past, past), follow_symlinks=False)
    result = result_of(ran(actor_of(world.admin), "maintenance.temp_files"))
    assert result["deleted"] == 0
    assert outside.exists()
    assert (temporary / "link").is_symlink()


def test_files_that_somebody_has_open_or_locked_stay(world: World, temporary: Path) -> None:
    opened, locked, free = (_old(temporary / name) for name in ("opened", "locked", "free"))
    script = "import sys; f = open(sys.argv[1], 'rb'); print('open', flush=True); sys.stdin.read()"
    reader = subprocess.Popen(
        [sys.executable, "-c", script, str(opened)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert reader.stdout is not None
        assert reader.stdout.readline() == "open\n"
        with locked.open("rb") as holder:
            fcntl.flock(holder, fcntl.LOCK_EX)
            result = result_of(ran(actor_of(world.admin), "maintenance.temp_files"))
    finally:
        reader.communicate("")
    assert (result["deleted"], result["left"]) == (1, 2)
    assert (opened.exists(), locked.exists(), free.exists()) == (True, True, False)


def test_parts_of_uploads_go_after_two_days_and_whole_uploads_never(world: World, temporary: Path) -> None:
    uploads = temporary.parent / "uploads"
    part, fresh_part, whole = _old(uploads / "a.part"), _old(uploads / "b.part", days=1), _old(uploads / "c.pdf", 400)
    result = result_of(ran(actor_of(world.admin), "maintenance.stale_uploads"))
    assert result["deleted"] == 1
    assert (part.exists(), fresh_part.exists(), whole.exists()) == (False, True, True)


def test_strange_names_are_shown_and_removed(world: World, temporary: Path) -> None:
    strange = os.fsencode(temporary) + b"/bad\xff\n<b>.tmp"
    Path(os.fsdecode(strange)).write_bytes(b"x")
    past = (clock.now() - 3 * DAY).timestamp()
    os.utime(strange, (past, past))
    actor = actor_of(world.admin)
    with context.acting(actor):
        assert "bad" in cleaning.preview(actor=actor, name="maintenance.temp_files").sample[0][0]
    assert result_of(ran(actor, "maintenance.temp_files"))["deleted"] == 1


# --- vacuum ---


def test_a_vacuum_is_done_as_the_owner_and_finds_nothing_to_do_afterwards(
    own_database: dict[str, str], world: World, declare: Declare, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vacuum, "DEAD", 100)
    as_owner(own_database, "ANALYZE")
    add_sessions(world.clerk, 3000, expires_in=-2 * DAY)
    as_owner(own_database, "ANALYZE accounts_session")
    with context.system("a test"), writing():
        Session.objects.filter(expires_at__lt=clock.now()).delete()
    as_owner(own_database, "ANALYZE accounts_session", "SELECT pg_stat_force_next_flush()")
    run = ran(actor_of(world.admin), "maintenance.vacuum")
    result = result_of(run)
    assert result["unit"] == "tables"
    assert any("accounts_session: vacuumed and analysed" in text for _at, text in run.log)
    row = as_owner(
        own_database, "SELECT last_vacuum IS NOT NULL FROM pg_stat_user_tables WHERE relname = 'accounts_session'"
    )
    assert row == [(True,)]


def test_without_the_owners_login_the_vacuum_says_why_and_does_nothing(
    own_database: dict[str, str], world: World, settings: Settings
) -> None:
    owner = settings.STEWARD_OWNER_DATABASE
    settings.STEWARD_OWNER_DATABASE = settings.DATABASES["default"]
    actor = actor_of(world.admin)
    with context.acting(actor):
        assert "DATABASE_OWNER_URL" in cleaning.preview(actor=actor, name="maintenance.vacuum").found.note
    run = ran(actor, "maintenance.vacuum")
    assert result_of(run)["deleted"] == 0
    assert any("Set DATABASE_OWNER_URL" in text for _at, text in run.log)
    settings.STEWARD_OWNER_DATABASE = {**owner, "USER": "nobody", "HOST": "127.0.0.1", "PORT": "1"}
    assert "does not reach" in vacuum.why_not()


def test_a_vacuum_takes_no_age() -> None:
    assert isinstance(next(iter(cleaning.members("database-vacuum"))).how, Vacuum)
    assert isinstance(cleaning.members("temp-files")[-1].how, Files)
