"""Ports on the loop-back address: which are free, and who holds one."""

import errno
import secrets
import socket
from pathlib import Path

from portal.embedded.processes import PROC, command_line

LOOPBACK = "127.0.0.1"
LISTEN_STATE = "0A"
FIRST, COUNT, CHOICES = 20_000, 10_000, 100


def is_free(port: int) -> bool:
    """Say whether one of our servers could listen on this port of the loop-back address now."""
    return why_not(port, LOOPBACK) == ""


def why_not(port: int, host: str) -> str:
    """Return why a server cannot listen on host and port now, '' when it can."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        # Closed connections of the last run linger for a minute; a real listener still refuses the bind.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return taken(port)
            if error.errno == errno.EACCES:
                return f"port {port} may be used by root alone"
            return f"{host} is not an address of this machine ({error.strerror})"
    return ""


def choose_free() -> int:
    """Return a port that is free now; the caller must cope with losing it before its server listens.

    It lies below the range from which the kernel takes local ports of outgoing connections (from 32768 on): one of
    those could hold a saved port at the very moment when a killed server has to come back on it.
    """
    for _ in range(CHOICES):
        chosen = FIRST + secrets.randbelow(COUNT)
        if is_free(chosen):
            return chosen
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
    return port


def _listening_inodes(port: int) -> set[str]:
    inodes = set()
    for table in ("tcp", "tcp6"):
        try:
            lines = (PROC / "net" / table).read_text().splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            fields = line.split()
            if fields[3] == LISTEN_STATE and int(fields[1].rpartition(":")[2], 16) == port:
                inodes.add(fields[9])
    return inodes


def _holds(entry: Path, sockets: set[str]) -> bool:
    try:
        return any(str(link.readlink()) in sockets for link in (entry / "fd").iterdir())
    except OSError:  # another account's process, or it ended meanwhile
        return False


def holder(port: int) -> tuple[int, str] | None:
    """Return (pid, command line) of the process that listens on a port, None when /proc does not tell us."""
    sockets = {f"socket:[{inode}]" for inode in _listening_inodes(port)}
    if not sockets:
        return None
    for entry in PROC.glob("[0-9]*"):
        if _holds(entry, sockets):
            return int(entry.name), command_line(int(entry.name))
    return None


def taken(port: int) -> str:
    """Return the words "port N is taken by process M (command)" with as much as is known."""
    found = holder(port)
    if found is None:
        return f"port {port} is taken by another process"
    return f"port {port} is taken by process {found[0]} ({found[1]})"
