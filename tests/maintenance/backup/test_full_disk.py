"""A disk that is full in the middle of a backup: a file system of four megabytes, or a limit where none can be mounted."""

import resource
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from audit.models import Event
from maintenance import publisher
from maintenance.backup import read, tools, verify
from maintenance.backup.targets import Folder
from maintenance.models import Backup
from maintenance.services import backups
from tests.factories import World, signed_in
from tests.maintenance.backup.test_work import API, PAGES, done, queued

pytestmark = pytest.mark.kill
State = Backup.State
SIZE = 4 << 20
MakeRoom = Callable[[], object]


def _mount(*options: str) -> bool:
    return subprocess.run(["mount", *options], capture_output=True, check=False).returncode == 0


@pytest.fixture
def small_disk(folder: Folder) -> Iterator[MakeRoom]:
    """The target is on a disk of four megabytes; what it gives makes that as large as anybody needs."""
    folder.path.mkdir()
    if _mount("-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(folder.path)):
        yield lambda: subprocess.run(["mount", "-o", "remount,size=256m", str(folder.path)], check=True)
        subprocess.run(["umount", str(folder.path)], check=True)
        return
    # Only root may mount. No file of this process may grow beyond the same size: a write fails in the same way.
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (SIZE, before[1]))
    try:
        yield lambda: resource.setrlimit(resource.RLIMIT_FSIZE, before)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def _noise() -> None:
    """Rows that do not get much smaller, more than the disk takes."""
    with psycopg.connect(**tools.parameters(tools.database()), autocommit=True) as owner:
        owner.execute(
            "CREATE TABLE noise AS SELECT n, md5(n::text) || md5((n * 7)::text) AS text FROM generate_series(1, 250000) n"
        )


def _files(path: Path) -> dict[Path, int]:
    return {file: file.stat().st_size for file in path.rglob("*") if file.is_file()}


def test_a_disk_that_is_full_fails_the_backup_aloud_and_leaves_the_older_ones(
    own_database: dict[str, str],
    world: World,
    folder: Folder,
    small_disk: MakeRoom,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(publisher, "announce", lambda run_id: None)
    assert done(queued(backups.CREATE_JOB)).state == "succeeded"
    older, before = Backup.objects.get(), _files(folder.path)
    _noise()
    run = done(queued(backups.CREATE_JOB))
    sentence = f"No room is left at {folder.path}. Free some, or keep fewer backups"
    assert (run.state, run.attempts) == ("failed", 1)
    assert sentence in run.error
    failed = Backup.objects.get(state=State.FAILED)
    assert sentence in failed.error
    assert _files(folder.path) == before, "nothing half is left, and the older one is as it was"
    assert [found.manifest.id for found in read.find(folder)] == [str(older.pk)]
    assert verify.verify(folder, str(older.pk))[1].good
    event = Event.objects.get(code="maintenance.backup.failed", target_id=failed.pk)
    assert (event.outcome, sentence in event.data["why"]) == ("failed", True)
    assert not Event.objects.filter(code="maintenance.backup.created", target_id=failed.pk).exists()
    client = signed_in(world.admin)
    assert sentence in client.get(f"{PAGES}/{failed.pk}").content.decode()
    told = client.get(f"{API}/{failed.pk}").json()
    assert (told["state"], sentence in told["error"]) == ("failed", True)
    small_disk()
    again = done(queued(backups.CREATE_JOB))
    assert again.state == "succeeded", again.error
    newest = Backup.objects.get(state=State.COMPLETE, run_id=again.pk)
    assert all(verify.verify(folder, str(one.pk))[1].good for one in (older, newest))
