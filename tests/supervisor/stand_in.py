"""Stands for manage.py in the supervisor's tests: `database init`, `web run`, `worker run`, `beat run`.

What STAND_IN says, word by word, goes wrong: `init-fails`, `web-dies-once`, `web-waits` (until there is a file
`go`), `worker-forks`.
"""

import http.server
import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

WORDS = os.environ.get("STAND_IN", "").split()
HERE = Path(__file__).resolve().parent


def say(text: str) -> None:
    """Print at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def database() -> None:
    """Print one object; everything else goes to standard error."""
    sys.stderr.write("tables are made\n")
    if "init-fails" in WORDS:
        sys.exit("the owner's password is wrong")
    say(json.dumps({"username": "admin", "password": "one-time-word"}))


class Live(http.server.BaseHTTPRequestHandler):
    """Answers /health/live."""

    def do_GET(self) -> None:
        """Any path is alive."""
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the signature of http.server
        """Say nothing."""


def web() -> None:
    """Serve until TERM."""
    marker = HERE / "web-died"
    if "web-dies-once" in WORDS and not marker.exists():
        marker.touch()
        sys.exit("web gives up")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    while "web-waits" in WORDS and not (HERE / "go").exists():
        threading.Event().wait(0.05)
    server = http.server.HTTPServer(("127.0.0.1", int(os.environ["PORT"])), Live)
    say("web serves")
    server.serve_forever()


def until_term(name: str, verb: str) -> None:
    """Wait for TERM and say that it came."""
    if "worker-forks" in WORDS and name == "worker":
        child = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
        (HERE / "forked").write_text(str(child.pid))
    # Blocked before the line is printed, so that a TERM that follows it at once is not lost.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    say(f"{name} {verb}")
    signal.sigwait({signal.SIGTERM})
    say(f"{name} has drained")


if __name__ == "__main__":
    noun = sys.argv[1]
    if noun == "database":
        database()
    elif noun == "web":
        web()
    else:
        until_term(noun, {"worker": "works", "beat": "beats"}[noun])
