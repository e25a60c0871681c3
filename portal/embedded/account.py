"""The account that the servers run as: PostgreSQL refuses to run as root."""

import os
import pwd
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from portal.embedded.errors import EmbeddedError, from_os_error


@dataclass(frozen=True)
class Account:
    """Who runs a server; `drop` is true when we are root and must become somebody else."""

    name: str
    uid: int
    gid: int
    drop: bool

    def popen(self) -> dict[str, Any]:
        """Return the arguments that make `subprocess.Popen` run as this account, without root's groups."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []} if self.drop else {}

    def run_test(self, script: str, *paths: Path) -> bool:
        """Say whether a shell test on `paths` ("$1", ...) holds for this account; asks the kernel, so ACLs count."""
        command = ["/bin/sh", "-c", script, "sh", *map(str, paths)]
        done = subprocess.run(
            command, cwd="/", env={}, stdin=subprocess.DEVNULL, capture_output=True, check=False, **self.popen()
        )
        return done.returncode == 0

    def can_enter(self, folder: Path) -> bool:
        """Say whether this account can traverse down to `folder`."""
        return self.run_test('cd -- "$1"', folder)

    def make_folder(self, folder: Path) -> None:
        """Create a private folder (0700) of this account; its parents must exist.

        Raises EmbeddedError when it cannot be written.
        """
        try:
            folder.mkdir(mode=0o700, exist_ok=True)
            if self.drop and folder.lstat().st_uid == 0:
                os.chown(folder, self.uid, self.gid, follow_symlinks=False)
        except OSError as error:
            raise from_os_error(error, folder) from error


def name_of(uid: int) -> str:
    """Return the name of an account, its number when it has none."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def current() -> Account:
    """Return the account that runs this process."""
    uid = os.geteuid()
    return Account(name_of(uid), uid, os.getegid(), drop=False)


def own_like(path: Path, folder: Path) -> None:
    """Give a file that root made to the owner of its folder, so that root locks no ordinary user out."""
    owner = folder.stat()
    if os.geteuid() == 0 and owner.st_uid != 0:
        os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)


def _named(entry: pwd.struct_passwd) -> Account:
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid, drop=True)


def choose(environ: Mapping[str, str], place: Path | None = None) -> Account:
    """Return who runs the servers; nobody is ever created.

    An ordinary user runs them itself. For root: the owner of the data folder `place` that is there already
    (PostgreSQL refuses any other), else STEWARD_EMBEDDED_USER, else `postgres`, else `nobody`.
    Raises EmbeddedError when none will do.
    """
    if os.geteuid() != 0:
        return current()
    if place is not None and place.stat().st_uid != 0:
        owner = place.stat()
        return Account(name_of(owner.st_uid), owner.st_uid, owner.st_gid, drop=True)
    wished = environ.get("STEWARD_EMBEDDED_USER", "")
    for name in [wished] if wished else ["postgres", "nobody"]:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid == 0:
            raise EmbeddedError("STEWARD_EMBEDDED_USER names root, which PostgreSQL refuses: name an ordinary account.")
        return _named(entry)
    if wished:
        raise EmbeddedError(f"STEWARD_EMBEDDED_USER names the account {wished}, which does not exist: create it first.")
    raise EmbeddedError(
        "Root may not run PostgreSQL and no account postgres or nobody exists: set STEWARD_EMBEDDED_USER."
    )
