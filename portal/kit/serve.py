"""The three long-running parts: web server, Celery worker and beat.

Each can run alone; their commands have made sure of a database. Under the supervisor each is its child.
"""

import contextlib
import ctypes
import hashlib
import os
import resource
import signal
import sys
import warnings
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles import finders
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connections
from django.utils.module_loading import import_string

from portal.embedded import ports
from portal.embedded.errors import from_os_error
from portal.kit import metrics
from portal.kit.checks import refuse_insecure
from portal.kit.database import require_database

WSGI = "portal.conf.wsgi:application"
CELERY = "portal.conf.celery"
# What granian calls backpressure is open connections per process, idle ones of browsers included: it must be far above
# the number of threads, or a hundred open tabs lock everybody else out. Requests wait for a thread, not for this.
CONNECTIONS = 2048
SPARE_FILES = 512
UNUSED_STATIC = ["rest_framework/*"]  # pages of a browsable API that we do not serve; most of the time to collect
# The supervisor kills after 25 s; a worker process that has not drained by then ends a little earlier, with a line.
DRAIN_SECONDS = 20
PR_SET_PDEATHSIG = 1


def end_with_parent() -> None:
    """Make every process that this one forks end with TERM when this one is killed: nobody else would stop them.

    Linux only; elsewhere the supervisor finds them at its next start.
    """
    if not sys.platform.startswith("linux"):
        return
    libc = ctypes.CDLL(None, use_errno=True)
    os.register_at_fork(after_in_child=lambda: libc.prctl(PR_SET_PDEATHSIG, int(signal.SIGTERM), 0, 0, 0))


def allow_open_files(wanted: int) -> None:
    """Raise this process's own limit of open files as far as the system allows; each connection is one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def collect_static() -> None:
    """Bring STATIC_ROOT up to date; in a moment when no source file has changed since the last time.

    Collecting compresses and renames every file, which takes seconds, so it hangs on a fingerprint of their names,
    sizes and times. In production that is part of building the release; here it is refused without.
    """
    root = Path(settings.STATIC_ROOT)
    if settings.PRODUCTION:
        if not (root / "staticfiles.json").exists():
            raise CommandError(
                "The static files are not collected: run `manage.py collectstatic` when building the release."
            )
        return
    told = hashlib.sha256()
    for finder in finders.get_finders():
        for name, storage in finder.list(UNUSED_STATIC):
            status = Path(storage.path(name)).stat()
            told.update(f"{getattr(storage, 'prefix', '')}/{name} {status.st_size} {status.st_mtime_ns}\n".encode())
    kept = root.with_name("static.fingerprint")
    try:
        if (root / "staticfiles.json").exists() and kept.exists() and kept.read_text() == told.hexdigest():
            return
        call_command("collectstatic", interactive=False, verbosity=0, ignore_patterns=UNUSED_STATIC)
        kept.write_text(told.hexdigest())
    except OSError as error:
        raise CommandError(str(from_os_error(error, root))) from error


def refuse_to_start_wrong(warn: Callable[[str], object]) -> None:
    """Stop the start with a sentence per fault: insecure settings first, then no database, then a database login that
    the application must not have. What is only unwise goes to `warn`."""
    refuse_insecure(connect=False)
    require_database()
    for warning in refuse_insecure():
        warn(warning)


def web() -> None:
    """Serve the portal until SIGINT or SIGTERM, then finish open requests.

    Raises CommandError when the port is taken.
    """
    from granian.constants import Interfaces
    from granian.log import LogLevels
    from granian.server import Server

    host, port = settings.HOST, settings.PORT
    # granian shares ports between processes (SO_REUSEPORT), so a second server would take half of the requests
    # of a first one without any error.
    reason = ports.why_not(port, host)
    if reason:
        raise CommandError(f"The web server cannot start: {reason}. Change that, or set another PORT.")
    collect_static()
    metrics.prepare_directory()
    connections.close_all()
    end_with_parent()
    allow_open_files(CONNECTIONS + SPARE_FILES)
    Server(
        WSGI,
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=settings.STEWARD_WEB_WORKERS,
        blocking_threads=settings.STEWARD_WEB_THREADS,
        # Idle threads stay: each holds its database connection, and opening one costs more than a request.
        blocking_threads_idle_timeout=600,
        backpressure=CONNECTIONS,
        backlog=CONNECTIONS,
        websockets=False,
        log_access=False,
        log_level=LogLevels.warning,
        respawn_failed_workers=True,
        respawn_interval=0.5,
        workers_kill_timeout=DRAIN_SECONDS,
    ).serve()


def worker() -> None:
    """Run jobs until SIGTERM, then finish the running ones."""
    metrics.prepare_directory("worker")
    connections.close_all()
    end_with_parent()
    app = import_module(CELERY).app
    # Jobs come as JSON, never as pickles, which is what that warning is about.
    warnings.filterwarnings("ignore", message="You're running the worker with superuser privileges")
    options = [f"--concurrency={settings.STEWARD_WORKER_CONCURRENCY}", "--pool=prefork", "--loglevel=WARNING"]
    app.worker_main(["--quiet", "worker", *options, "--without-gossip", "--without-mingle"])


def beat() -> None:
    """Publish what is due until SIGINT or SIGTERM."""
    loop = import_string(settings.STEWARD_BEAT)
    with contextlib.suppress(KeyboardInterrupt):
        loop()
