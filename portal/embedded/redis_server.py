"""The embedded Redis: cache and broker on the loop-back address; nothing lives only there, so nothing is saved."""

import signal
import socket
import subprocess
from pathlib import Path
from typing import IO

from portal.embedded.account import Account
from portal.embedded.ports import LOOPBACK
from portal.embedded.processes import Identity, command_line, signal_quietly, spawn, wait_until
from portal.embedded.server import Server


class Redis(Server):
    """redis-server with a password, configured through its standard input so that no second file holds it."""

    title = "Redis"
    death_signal = signal.SIGTERM
    stop_seconds = 5.0

    def __init__(
        self,
        program: Path,
        *,
        place: Path,
        account: Account,
        port: int,
        log: Path,
        password: str,
        previous: Identity | None,
    ) -> None:
        super().__init__(place=place, account=account, port=port, log=log)
        self.program = program
        self.password = password
        self.previous = previous

    def _configuration(self) -> bytes:
        folder = str(self.place / "redis").replace("\\", "\\\\").replace('"', '\\"')
        lines = [
            f"bind {LOOPBACK}",
            f"port {self.port}",
            "protected-mode yes",
            f"requirepass {self.password}",
            "maxmemory-policy noeviction",
            'save ""',
            "appendonly no",
            "daemonize no",
            "loglevel warning",
            f'dir "{folder}"',
        ]
        return "\n".join(lines).encode() + b"\n"

    def launch(self, output: IO[bytes]) -> subprocess.Popen[bytes]:
        """Start redis-server and hand it its configuration."""
        self.account.make_folder(self.place / "redis")
        process = spawn(
            [str(self.program), "-"],
            account=self.account,
            death_signal=self.death_signal,
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"},
            stdin=subprocess.PIPE,
            output=output,
        )
        if process.stdin is not None:
            try:
                process.stdin.write(self._configuration())
                process.stdin.close()
            except BrokenPipeError:
                pass  # it died at once; wait() tells why
        return process

    def answers(self) -> bool:
        """Say whether our password is accepted and PING is answered; false while a hung Redis keeps silent for 1 s."""
        try:
            with socket.create_connection((LOOPBACK, self.port), timeout=1) as connection:
                connection.sendall(f"AUTH {self.password}\r\nPING\r\n".encode())
                reply = b""
                while reply.count(b"\n") < 2:
                    part = connection.recv(512)
                    if not part:
                        break
                    reply += part
        except OSError:
            return False
        return reply == b"+OK\r\n+PONG\r\n"

    def clear_orphans(self) -> str:
        """Stop the Redis that a killed supervisor left behind."""
        previous, self.previous = self.previous, None
        if previous is None or not previous.alive() or "redis-server" not in command_line(previous.pid):
            return ""
        signal_quietly(previous.pid, signal.SIGTERM)
        if not wait_until(lambda: not previous.alive(), 5):
            signal_quietly(previous.pid, signal.SIGKILL)
            wait_until(lambda: not previous.alive(), 5)
        return f"A Redis that was left behind (process {previous.pid}) is stopped."
