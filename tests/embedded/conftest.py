"""Folders that other accounts can reach, and servers that are stopped and removed afterwards."""

import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from portal.embedded import servers
from portal.embedded.servers import Servers


class Starter:
    """Starts servers and keeps them; what they said is in `said`."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.started: list[Servers] = []

    def __call__(self, root: Path, *, postgres: bool = True, redis: bool = True) -> Servers:
        running = servers.start(root, say=self.said.append, fsync=False, postgres=postgres, redis=redis)
        self.started.append(running)
        return running


def make_folder(parent: Path, name: str, mode: int = 0o755) -> Path:
    """Create a folder with exactly this mode, whatever the umask."""
    folder = parent / name
    folder.mkdir()
    folder.chmod(mode)
    return folder


@pytest.fixture(scope="module")
def open_tmp() -> Iterator[Path]:
    """A folder every account can pass (pytest's own are 0700, so that root's servers would go to /var/lib)."""
    folder = Path(tempfile.mkdtemp(prefix="steward-"))
    folder.chmod(0o755)
    yield folder
    for record in folder.rglob("embedded.json"):
        told = servers.read(record.parent.parent)
        if told is not None and Path(told["data"]).is_relative_to(servers.OUTSIDE):
            shutil.rmtree(told["data"], ignore_errors=True)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def project(open_tmp: Path) -> Path:
    """An empty project folder of this test."""
    folder = Path(tempfile.mkdtemp(prefix="project-", dir=open_tmp))
    folder.chmod(0o755)
    return folder


@pytest.fixture
def start() -> Iterator[Starter]:
    """Start servers; all are stopped afterwards."""
    starter = Starter()
    yield starter
    for running in starter.started:
        running.stop()


@pytest.fixture
def modes() -> Callable[[Path], dict[str, tuple[int, int]]]:
    """Return mode and owner of a folder and of everything above it."""

    def read(folder: Path) -> dict[str, tuple[int, int]]:
        found = {}
        for step in (folder, *folder.parents):
            status = step.stat()
            found[str(step)] = (stat.S_IMODE(status.st_mode), status.st_uid)
        return found

    return read
