"""Whether the process that works on a restore or drill is still there: a run of a worker, or a command."""

import os
import socket
from uuid import UUID

from maintenance.models import JobRun


def mine() -> str:
    """This process, as it is written into the row of a command."""
    return f"{socket.gethostname()}:{os.getpid()}"


def alive(run_id: UUID | None, process: str) -> bool:
    """Whether somebody is still at it. A command of another machine is believed to be: only that one can tell."""
    if run_id is not None:
        return JobRun.objects.filter(pk=run_id, state__in=JobRun.LIVE).exists()
    host, _colon, number = process.rpartition(":")
    if host != socket.gethostname():
        return bool(host)
    try:
        os.kill(int(number), 0)
    except (ProcessLookupError, ValueError):
        return False
    except PermissionError:
        return True
    return True
