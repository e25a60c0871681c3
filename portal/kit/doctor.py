"""What is wrong with this machine and this configuration, told before one has to guess: `manage.py steward doctor`.

It changes nothing and needs nothing to be running: what is away is a finding, and whatever depends on it is left out.
"""

import http.client
import os
import platform
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from django.conf import settings
from django.core import checks

from portal.kit import context, health, registry
from portal.kit.tenancy import behind_the_wall

PYTHON = (3, 11)
WEB_SECONDS = 3
Level = Literal["good", "warning", "bad"]


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    level: Level
    about: str
    detail: str


def examine() -> Iterator[Finding]:
    """Look at one thing after the other: what runs us, where we write, what we are told, whom we talk to."""
    yield _python()
    yield _folder("STEWARD_VAR", Path(settings.STEWARD_VAR))
    yield _folder("STEWARD_TEMP_PATH", Path(settings.STEWARD_TEMP_PATH))
    yield from _configuration()
    yield from _servers()
    yield _web()


def _python() -> Finding:
    good = sys.version_info >= PYTHON
    told = f"Python {platform.python_version()}, {os.cpu_count()} processors"
    return Finding("good" if good else "bad", "machine", told if good else f"{told}; Steward needs 3.11 or newer.")


def _folder(name: str, path: Path) -> Finding:
    """A folder that is not there yet is made at the first start, so the one above it counts."""
    place = path
    while not place.exists() and place != place.parent:
        place = place.parent
    try:
        with tempfile.TemporaryFile(dir=place):
            return Finding("good", name, str(path))
    except OSError as error:
        return Finding("bad", name, f"{path} cannot be written to ({error.strerror}). Change its owner, or set {name}.")


def _configuration() -> Iterator[Finding]:
    """The system checks; those of production count where this is one, and are worth knowing on staging."""
    found = checks.run_checks(include_deployment_checks=settings.STEWARD_ENV != "development")
    spoken = [one for one in found if not one.is_silenced() and one.level >= checks.WARNING]
    for one in spoken:
        level: Level = "bad" if one.level >= checks.ERROR else "warning"
        yield Finding(level, str(one.id or "check"), " ".join(filter(None, (str(one.msg), str(one.hint or "")))))
    if not spoken:
        yield Finding("good", "configuration", f"nothing to say against it ({settings.STEWARD_ENV})")


def _servers() -> Iterator[Finding]:
    """What /health tells. Without a database only that of what needs none."""
    declared = {check.name: check for check in registry.health}
    first = health.run(declared.pop("database"))
    yield _told(first)
    if first.state == "ok":
        with context.system("doctor"), behind_the_wall():
            results = [health.run(check) for check in declared.values()]
    else:
        results = [health.run(declared[name]) for name in ("redis", "disk", "memory")]
    yield from (_told(result) for result in results)


def _told(result: health.CheckResult) -> Finding:
    levels: dict[str, Level] = {"ok": "good", "degraded": "warning", "down": "bad"}
    return Finding(levels[result.state], result.name, result.detail)


def _web() -> Finding:
    """Who answers at the portal's port: the portal, nobody, or something else."""
    host = "127.0.0.1" if settings.HOST in {"0.0.0.0", "::", ""} else settings.HOST  # noqa: S104 - recognised, not bound
    where = f"{host}:{settings.PORT}"
    connection = http.client.HTTPConnection(host, settings.PORT, timeout=WEB_SECONDS)
    try:
        connection.request("GET", "/health/live")
        reply = connection.getresponse()
        ours = reply.status == 200 and b'"status"' in reply.read()
    except ConnectionRefusedError:
        return Finding("warning", "web", f"nobody answers at {where}. Start it: make up, or manage.py web run.")
    except (OSError, http.client.HTTPException) as error:
        return Finding("bad", "web", f"{where} does not answer as it should ({type(error).__name__}).")
    finally:
        connection.close()
    if ours:
        return Finding("good", "web", f"answers at {where}")
    return Finding("bad", "web", f"something else answers at {where}. End it, or set PORT.")
