"""Lines of several processes on one stream, each behind a short label; colours only for a terminal."""

import os
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import IO, TextIO

WIDTH = 8
COLOURS = {"steward": "1", "web": "36", "worker": "32", "beat": "35", "init": "33", "postgres": "34", "redis": "31"}
# What an operator wants to see of a database's log on the terminal; everything is in the log file.
SERVER_MARKS = {"postgres": ("WARNING:", "FATAL:", "PANIC:"), "redis": (" # ",)}
TAIL_BYTES = 65_536


class Terminal:
    """Writes whole lines, one at a time, from any thread."""

    def __init__(self, stream: TextIO, environ: Mapping[str, str]) -> None:
        self._stream = stream
        self._lock = threading.Lock()
        self.colour = stream.isatty() and "NO_COLOR" not in environ and environ.get("TERM") != "dumb"

    def line(self, label: str, text: str) -> None:
        """Write one labelled line; a terminal that has gone away is no reason to stop."""
        shown = label.ljust(WIDTH)
        if self.colour:
            shown = f"\x1b[{COLOURS.get(label, '0')}m{shown}\x1b[0m"
        self._write(f"{shown} | {text}\n")

    def box(self, lines: list[str]) -> None:
        """Write lines in a frame that stands out between log lines."""
        width = max(map(len, lines))
        unicode = (self._stream.encoding or "").lower().replace("-", "") == "utf8"
        corners, across, down = (("╭", "╮", "╰", "╯"), "─", "│") if unicode else (("+", "+", "+", "+"), "-", "|")
        bold, plain = ("\x1b[1m", "\x1b[0m") if self.colour else ("", "")
        rows = [f"{down}  {bold}{text.ljust(width)}{plain}  {down}" for text in lines]
        top = corners[0] + across * (width + 4) + corners[1]
        bottom = corners[2] + across * (width + 4) + corners[3]
        self._write("\n" + "\n".join([top, *rows, bottom]) + "\n\n")

    def relay(self, label: str, source: IO[bytes]) -> threading.Thread:
        """Copy a child's output line by line until it ends, in a thread that does not keep the process alive."""
        thread = threading.Thread(target=self._relay, args=(label, source), name=f"output of {label}", daemon=True)
        thread.start()
        return thread

    def _relay(self, label: str, source: IO[bytes]) -> None:
        with source:
            for raw in source:
                self.line(label, raw.decode(errors="replace").rstrip("\r\n"))

    def _write(self, text: str) -> None:
        with self._lock:
            try:
                self._stream.write(text)
                self._stream.flush()
            except (OSError, ValueError):
                return


class Tail:
    """Shows the important new lines of one server's log file."""

    def __init__(self, label: str, path: Path) -> None:
        self.label = label
        self.path = path
        self._position = 0
        self.skip()

    def skip(self) -> None:
        """Pass over what is there already, such as the chatter of a start."""
        self._position = self.path.stat().st_size if self.path.exists() else 0

    def show(self, terminal: Terminal) -> None:
        """Print what was appended since the last call; at most 64 KB of a flood."""
        try:
            with self.path.open("rb") as stream:
                size = os.fstat(stream.fileno()).st_size
                start = 0 if size < self._position else max(self._position, size - TAIL_BYTES)
                stream.seek(start)
                raw = stream.read(size - start)
        except OSError:
            return
        complete = raw.rpartition(b"\n")[0]
        self._position = start + len(complete) + 1 if complete else start
        for line in complete.decode(errors="replace").splitlines():
            if any(mark in line for mark in SERVER_MARKS.get(self.label, ())):
                terminal.line(self.label, line)
