"""What this installation is, where it writes and where it listens."""

import os
from pathlib import Path

import portal
from portal.conf import env

BASE_DIR = Path(portal.__file__).resolve().parent.parent
VERSION = portal.__version__

STEWARD_ENV = env.choice(
    "STEWARD_ENV",
    ("development", "staging", "production"),
    group="Installation",
    help_text="What this installation is. production turns on Secure and __Host- cookies and HSTS, and refuses to start insecure.",
)
PRODUCTION = STEWARD_ENV == "production"
DEBUG = False  # Never on: error pages leak. Errors carry an id that is in the log.
STEWARD_VAR = Path(
    env.text(
        "STEWARD_VAR",
        str(BASE_DIR / "var"),
        group="Installation",
        help_text="Folder for everything this installation writes.",
    )
)
embedded = env.embedded(STEWARD_VAR)
STEWARD_PUBLIC_URL = env.text(
    "STEWARD_PUBLIC_URL",
    "http://127.0.0.1:" + (os.environ.get("PORT") or "8000"),
    group="Installation",
    help_text="Address under which people reach the portal; links in mails start with it, never with the Host header.",
).rstrip("/")
HOST = env.text("HOST", "127.0.0.1", group="Web", help_text="Address that the web server listens on.")
PORT = env.number("PORT", 8000, low=1, high=65535, group="Web", help_text="Port that the web server listens on.")
STEWARD_WEB_WORKERS = env.number(
    "STEWARD_WEB_WORKERS", min(2, os.cpu_count() or 1), low=1, high=64, group="Web", help_text="Web server processes."
)
STEWARD_WEB_THREADS = env.number(
    "STEWARD_WEB_THREADS",
    4,
    low=1,
    high=64,
    group="Web",
    help_text="Threads per web process; each holds one database connection.",
)
STEWARD_WORKER_CONCURRENCY = env.number(
    "STEWARD_WORKER_CONCURRENCY",
    2,
    low=1,
    high=64,
    group="Jobs",
    help_text="Jobs that one worker runs at the same time.",
)
STEWARD_EMBEDDED_USER = env.text(
    "STEWARD_EMBEDDED_USER",
    group="Installation",
    help_text="Account that runs the embedded servers when Steward is started as root [postgres, else nobody].",
)
STEWARD_TRUSTED_PROXIES = env.number(
    "STEWARD_TRUSTED_PROXIES",
    0,
    low=0,
    high=8,
    group="Web",
    help_text="Reverse proxies in front; the client address is taken so many entries from the right of X-Forwarded-For.",
)
DEMO = env.flag(
    "DEMO", True, group="Installation", help_text="Load the demonstration data on a fresh embedded database."
)
