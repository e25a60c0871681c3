"""Real servers for the test run: started once, before Django's settings are read, shared by all xdist workers.

Loaded by `-p tests.plugin` (see pyproject.toml). `STEWARD_TEST_PG=15` uses Debian's PostgreSQL of that version.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest

from portal.embedded import servers

COVERED = pytest.StashKey[set[str]]()
MISSING = pytest.StashKey[list[str]]()
ROOT = Path(__file__).resolve().parent.parent
# As a starting server does it, with the fingerprint: one that a test starts would collect again otherwise, and take
# files away from under a test of another worker that reads the folder.
COLLECT = "import django; django.setup(); from portal.kit import serve; serve.collect_static()"
_started: list[tuple[servers.Servers, Path]] = []


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests() -> None:
    """Start PostgreSQL and Redis and build the template database, unless this is a worker of a run that has them."""
    if "STEWARD_TEST_ADMIN_URL" in os.environ:
        _own_redis(os.environ.get("PYTEST_XDIST_WORKER", ""))
        return
    # Short and world-traversable: the servers run as another account when the tests run as root.
    folder = Path(tempfile.mkdtemp(prefix="steward-test-"))
    folder.chmod(0o755)
    running = servers.start(folder, say=lambda line: None, fsync=False, installed=_installed())
    _started.append((running, folder))
    os.environ.update(
        STEWARD_ENV="development",
        STEWARD_RATE_LIMITS="0",  # All of the suite comes from one address; the tests of the limits switch them on.
        STEWARD_ACTIVITY="0",  # It is written by a thread, behind the back of a test's transaction; its own tests switch it on.
        STEWARD_KEY_USE="0",  # Written by a thread as well.
        STEWARD_VAR=str(folder / "var"),
        STEWARD_TEST_ADMIN_URL=running.admin_url,
        DATABASE_URL=running.database_url,
        DATABASE_OWNER_URL=running.database_owner_url,
        REDIS_URL=running.redis_url,
        DJANGO_SETTINGS_MODULE="portal.conf.settings",
    )
    for command in (
        ["manage.py", "migrate", "--verbosity", "0"],
        ["-c", COLLECT],
        ["manage.py", "roles", "apply"],
        ["manage.py", "schedules", "sync"],
    ):
        subprocess.run([sys.executable, *command], check=True, cwd=ROOT, stdout=subprocess.DEVNULL)


def _installed() -> Path | None:
    """The folder of Debian's PostgreSQL of the version that STEWARD_TEST_PG names; None for the wheel's."""
    version = os.environ.get("STEWARD_TEST_PG", "").strip()
    if not version:
        return None
    home = Path("/usr/lib/postgresql") / version
    if not (home / "bin" / "initdb").exists():
        raise pytest.UsageError(
            f"There is no PostgreSQL {version} in {home}: run `make test PG={version}` as root, which installs it, "
            f"or install the Debian package postgresql-{version}."
        )
    return home


def _own_redis(worker: str) -> None:
    """Each xdist worker gets a Redis database, or one would eat the messages of the other's runs."""
    if worker.startswith("gw"):
        number = 1 + int(worker[2:])
        os.environ["REDIS_URL"] = urlunsplit(urlsplit(os.environ["REDIS_URL"])._replace(path=f"/{number}"))


@pytest.hookimpl(trylast=True)
def pytest_unconfigure() -> None:
    """Stop the servers and remove their folder; only in the process that started them."""
    while _started:
        running, folder = _started.pop()
        running.stop()
        shutil.rmtree(folder, ignore_errors=True)


# --- Who runs what ---


@pytest.hookimpl(optionalhook=True, tryfirst=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Our own shares for `--dist loadfile`, in the order that the workers give them."""
    if config.getoption("dist") != "loadfile":
        return None
    from tests.shares import Shares

    config.option.loadscopereorder = False
    return Shares(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The order in which the shares are given out is the workers'."""
    if hasattr(config, "workerinput"):
        from tests.shares import longest_first

        longest_first(items)


# --- Every declared event happens in some test ---


def pytest_configure(config: pytest.Config) -> None:
    """Begin to collect the codes of events that tests produce, in this process or its workers."""
    config.stash[COVERED] = set()


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:
    """Take over what an xdist worker has seen."""
    node.config.stash[COVERED] |= set(getattr(node, "workeroutput", {}).get("events", ()))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A worker hands its codes over; the run of the whole suite fails when a declared event never happened in it."""
    seen = session.config.stash[COVERED]
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["events"] = sorted(seen)
        return
    option = session.config.option
    whole = not option.keyword and not option.file_or_dir and "not soak" in option.markexpr and not option.collectonly
    if not whole:
        return
    from portal.kit import registry

    missing = sorted(spec.code for spec in registry.events if spec.code not in seen)
    if missing and session.exitstatus == 0:
        session.config.stash[MISSING] = missing
        session.exitstatus = 1


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Say which."""
    for code in config.stash.get(MISSING, []):
        terminalreporter.write_line(f"ERROR no test produces the event {code}", red=True)
