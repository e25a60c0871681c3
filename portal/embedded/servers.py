"""Start, watch and stop the embedded servers of one folder.

`start` must be called from a thread that lives as long as the servers: they end with it (see processes.spawn).
"""

import hashlib
import os
from collections.abc import Callable, Mapping
from pathlib import Path

import psycopg

from portal.embedded import account as accounts
from portal.embedded import ports, programs, record, roles
from portal.embedded.account import Account
from portal.embedded.errors import AlreadyRunningError, EmbeddedError, from_os_error
from portal.embedded.lock import Lock
from portal.embedded.postgres_server import Postgres
from portal.embedded.processes import Identity, identity
from portal.embedded.record import Record, Recorded
from portal.embedded.redis_server import Redis
from portal.embedded.server import Server

OUTSIDE = Path("/var/lib/steward")
Say = Callable[[str], None]


class Servers:
    """The running servers; an address is '' where that server is not ours to run."""

    def __init__(self, var: Path, told: Record, locks: list[Lock]) -> None:
        self.var = var
        self.record = told
        self.database_url = self.database_owner_url = self.admin_url = self.redis_url = ""
        self.place = var / told.place
        self._locks = locks
        self._servers: dict[str, Server] = {}

    @property
    def logs(self) -> dict[str, Path]:
        """Log file by server name."""
        return {name: server.log for name, server in self._servers.items()}

    def check(self) -> list[str]:
        """Restart what died, with back-off; return one sentence for each thing that happened."""
        sentences = []
        for name, server in self._servers.items():
            sentence = server.check()
            if sentence:
                sentences.append(sentence)
                self.record.remember(name, server.who())
                try:
                    self.record.save(self.var)
                except EmbeddedError as error:  # a full disk: what runs must go on running
                    sentences.append(str(error))
        return sentences

    def stop(self) -> None:
        """Stop the servers cleanly and give the folder back; harmless when done twice."""
        if not self._locks:
            return
        for name, server in reversed(self._servers.items()):
            server.stop()
            self.record.remember(name, None)
        self.record.remember("supervisor", None)
        try:
            self.record.save(self.var)
        finally:
            while self._locks:
                self._locks.pop().release()

    def remember(self, processes: Mapping[str, Identity | None]) -> None:
        """Record the other children, so that a start after kill -9 can end what is left of them."""
        for name, who in processes.items():
            self.record.remember(name, who)
        self.record.save(self.var)

    def run(self, name: str, server: Server) -> None:
        """Keep a started server."""
        self._servers[name] = server
        self.record.remember(name, server.who())


def read(root: Path, *, var: Path | None = None) -> Recorded | None:
    """Return the addresses kept in embedded.json of var/, None when there are none that we may read."""
    folder = (var or root / record.VAR).resolve()
    try:
        told = Record.load(folder)
    except EmbeddedError:
        return None
    return record.public(folder, told) if told is not None else None


def make_var(var: Path) -> None:
    """Create var/, 0755 so that the servers' account can pass; what is secret in it has its own mode."""
    try:
        var.mkdir(exist_ok=True)
        if os.geteuid() in {0, var.stat().st_uid} and var.stat().st_mode & 0o111 != 0o111:
            var.chmod(var.stat().st_mode | 0o111)  # a strict umask made it; the folder is ours
        (var / "log").mkdir(exist_ok=True)
        if not os.access(var, os.W_OK | os.X_OK) or not os.access(var / "log", os.W_OK | os.X_OK):
            raise PermissionError(13, "Permission denied")
    except OSError as error:
        raise from_os_error(error, var) from error


def outside_place(root: Path) -> Path:
    """Return the data folder for a project below a folder that the servers' account cannot pass."""
    return OUTSIDE / hashlib.sha256(os.fsencode(root)).hexdigest()[:12]


def _find_place(root: Path, var: Path, told: Record | None) -> str:
    """Return where data are already (relative to var/, or absolute), '' when this is a first start.

    Raises EmbeddedError when they belong to an account that we are not and, not being root, cannot become.
    """
    recorded = [told.place] if told is not None and told.place else []
    for candidate in (*recorded, record.INSIDE, str(outside_place(root))):
        folder = var / candidate
        if not folder.exists():
            continue
        owner = folder.stat().st_uid
        if os.geteuid() not in {0, owner}:
            raise EmbeddedError(
                f"The data in {folder} belong to {accounts.name_of(owner)}: start Steward as root, or as that account."
            )
        if candidate in recorded or (folder / "postgres" / "PG_VERSION").exists():
            return candidate
    return ""


def _choose_place(root: Path, var: Path, account: Account) -> str:
    return record.INSIDE if account.can_enter(var) else str(outside_place(root))


def _prepare_place(folder: Path, account: Account) -> None:
    if folder.is_relative_to(OUTSIDE):
        try:
            OUTSIDE.mkdir(mode=0o755, exist_ok=True)
        except OSError as error:
            raise from_os_error(error, OUTSIDE) from error
    account.make_folder(folder)
    if not account.can_enter(folder):
        raise EmbeddedError(
            f"The account {account.name} cannot reach {folder}: "
            "start Steward as the owner of that folder, or name another account in STEWARD_EMBEDDED_USER."
        )


def _lock_place(var: Path, place: Path) -> Lock:
    try:
        return Lock.take(place)
    except AlreadyRunningError as error:
        told = var / record.NAME
        raise AlreadyRunningError(
            f"The data in {place} are in use by another Steward: delete {told} if this folder is a copy of that one."
        ) from error


def start(
    root: Path,
    *,
    say: Say,
    fsync: bool = True,
    postgres: bool = True,
    redis: bool = True,
    var: Path | None = None,
    lock: Lock | None = None,
    installed: Path | None = None,
) -> Servers:
    """Start PostgreSQL and Redis for the project at `root`; data are made at the first start and kept.

    `var` is the folder for everything written (`root`/var when not given), `lock` its lock when the caller holds it
    already. `say` gets one sentence per thing worth telling. `fsync=False` is for data that may be lost (tests).
    `installed` is the folder of another PostgreSQL than the wheel's, for tests on that version; data made by one
    version cannot be read by another.
    Raises EmbeddedError (one sentence); nothing runs on then.
    """
    root = root.resolve()
    folder = (var or root / record.VAR).resolve()
    make_var(folder)
    own_lock = lock or Lock.take(folder)
    try:
        return _start(
            root, folder, say=say, fsync=fsync, postgres=postgres, redis=redis, lock=own_lock, installed=installed
        )
    except BaseException:
        if lock is None:
            own_lock.release()
        raise


def _start(
    root: Path, var: Path, *, say: Say, fsync: bool, postgres: bool, redis: bool, lock: Lock, installed: Path | None
) -> Servers:
    told = Record.load(var)
    if not (postgres or redis):
        servers = Servers(var, told or Record(), [lock])
        servers.remember({"supervisor": identity(os.getpid())})
        return servers
    place_name = _find_place(root, var, told)
    account = accounts.choose(os.environ, var / place_name if place_name else None)
    wished = os.environ.get("STEWARD_EMBEDDED_USER", "")
    if account.drop and wished not in {"", account.name}:
        say(f"The data belong to {account.name}, who runs the servers; STEWARD_EMBEDDED_USER is for new data only.")
    place_name = place_name or _choose_place(root, var, account)
    told = told or Record()
    told.place, told.account = place_name, account.name
    place = var / place_name
    _prepare_place(place, account)
    locks = [lock, _lock_place(var, place)]
    servers = Servers(var, told, locks)
    try:
        found = programs.locate(place, account, postgres=postgres, redis=redis, installed=installed)
        _launch(servers, found, account, say, fsync=fsync)
    except BaseException:
        # The caller's lock stays the caller's: stop() would release it too.
        locks.remove(lock)
        servers.stop()
        raise
    return servers


def _launch(servers: Servers, found: programs.Programs, account: Account, say: Say, *, fsync: bool) -> None:
    told, var, place = servers.record, servers.var, servers.place
    database = _postgres(found, place, account, told, var, fsync=fsync) if found.postgres else None
    cache = _redis(found, place, account, told, var) if found.redis else None
    for server in (database, cache):
        sentence = server.clear_orphans() if server is not None else ""
        if sentence:
            say(sentence)
    told.remember("supervisor", identity(os.getpid()))
    told.save(var)  # before initdb: a data folder must never exist without its passwords on disk
    if database is not None and database.initialise():
        say(f"PostgreSQL made its data folder {database.data} (account {account.name}).")
    for name, server in (("redis", cache), ("postgres", database)):
        if server is not None:
            # Registered first, so that a failed start stops what had come up.
            servers.run(name, server)
            sentence = server.start_somewhere()
            servers.run(name, server)
            if sentence:
                say(sentence)
    _publish(servers, database, cache)


def _publish(servers: Servers, database: Postgres | None, cache: Redis | None) -> None:
    """Make the roles, set the addresses and save the ports that were really used."""
    told = servers.record
    if database is not None:
        told.postgres_port = database.port
        wanted = roles.Wanted(record.DATABASE, owner_password=told.owner_password, app_password=told.app_password)
        try:
            roles.apply(database.admin_url, wanted)
        except psycopg.Error as error:
            reason = str(error).strip().splitlines()[0]
            raise EmbeddedError(
                f"The embedded database could not be prepared ({reason}): read {database.log}."
            ) from error
    if cache is not None:
        told.redis_port = cache.port
    told.save(servers.var)
    public = record.public(servers.var, told)
    if database is not None:
        servers.database_url = public["database_url"]
        servers.database_owner_url = public["database_owner_url"]
        servers.admin_url = public["admin_url"]
    if cache is not None:
        servers.redis_url = public["redis_url"]


def _postgres(
    found: programs.Programs, place: Path, account: Account, told: Record, var: Path, *, fsync: bool
) -> Postgres:
    if found.initdb is None or found.postgres is None:
        raise EmbeddedError("The embedded PostgreSQL is not installed: run `make run`, or set DATABASE_URL.")
    return Postgres(
        initdb=found.initdb,
        program=found.postgres,
        place=place,
        account=account,
        port=told.postgres_port or ports.choose_free(),
        log=var / "log" / "postgres.log",
        password=told.admin_password,
        fsync=fsync,
    )


def _redis(found: programs.Programs, place: Path, account: Account, told: Record, var: Path) -> Redis:
    if found.redis is None:
        raise EmbeddedError("No Redis is installed: run `make run`, or set REDIS_URL.")
    return Redis(
        found.redis,
        place=place,
        account=account,
        port=told.redis_port or ports.choose_free(),
        log=var / "log" / "redis.log",
        password=told.redis_password,
        previous=told.process("redis"),
    )
