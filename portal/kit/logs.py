"""Logging: one JSON object a line on standard output for every logger, with who acts and on whose request.

With STEWARD_LOG_PATH the same lines go into files as well (see `logfiles`), always as JSON.
Secrets never get into a line: values of secret names, credentials in text and the values of the settings are hidden
(see `scrub`). The query string of a request is never logged.
"""

import contextlib
import logging
import os
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import orjson
from django.conf import settings

from portal.kit import clock, context, lines, logfiles, scrub

MAX_TRACE = 40  # Frames of a traceback that are logged, from the place of the error upwards.
MAX_CAUSES = 5
_STANDARD = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}
_LEVELS = {
    logging.DEBUG: "debug",
    logging.INFO: "info",
    logging.WARNING: "warning",
    logging.ERROR: "error",
    logging.CRITICAL: "critical",
}
# Chatty at their own levels, and nothing in them concerns an administrator.
_QUIET = ("asyncio", "kombu", "amqp", "urllib3", "celery.bootsteps", "celery.utils.functional", "django.template")
_NO_CONTEXT = context.Context()

_CONTROL = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160)) if code not in (9, 10)}

_known: frozenset[str] = frozenset()
_output: "Output | None" = None
_access = logging.getLogger("steward.access")


def configure(level: str, format: str) -> None:  # noqa: A002 - the name of the setting, STEWARD_LOG_FORMAT
    """Send all loggers at `level` (debug, info, warning, error) to standard output as `json` or `plain`; repeatable.

    Where the settings name a folder for log files, the lines go there too.
    """
    global _known, _output  # noqa: PLW0603 - the secrets and the output of this process
    _known = scrub.secrets_of(settings)
    root = logging.getLogger()
    for handler in [handler for handler in root.handlers if isinstance(handler, Output)]:
        root.removeHandler(handler)
    _output = Output(json_line if format == "json" else plain_line)
    if settings.STEWARD_LOG_PATH:
        _output.file = logfiles.LogFile(
            Path(settings.BASE_DIR, settings.STEWARD_LOG_PATH),
            logfiles.kind_of_process(),
            days=settings.STEWARD_LOG_DAYS,
            largest=settings.STEWARD_LOG_MEGABYTES * logfiles.MEGABYTE,
            tell=_output.say,
        )
    root.addHandler(_output)
    root.setLevel(level.upper())
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
    # Django answers refused requests with its own line; the edge's line has the error id beside it.
    logging.getLogger("django.request").setLevel(logging.ERROR)
    for name in ("django", "django.server"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
    logging.captureWarnings(True)


def batch() -> None:
    """Let the access lines of this process wait for each other, on standard output and in the file; the web server's."""
    lines.batch()
    if _output is not None and _output.file is not None and not isinstance(_output.file, lines.Batched):
        _output.file = lines.Batched(_output.file)


class Output(logging.Handler):
    """Writes whole lines to whatever standard output is now, and to the log file where there is one; neither a closed
    pipe nor a full disk ever breaks a request."""

    def __init__(self, line: Callable[[dict[str, Any]], str]) -> None:
        super().__init__()
        self._line = line
        self.file: lines.Stream | None = None

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record, without its end."""
        return self._line(fields_of(record))

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record; called under the handler's lock."""
        with contextlib.suppress(Exception):
            self._write(fields_of(record))

    def put(self, fields: dict[str, Any]) -> None:
        """Write one line whose fields are ready."""
        with contextlib.suppress(Exception), self.lock or contextlib.nullcontext():
            self._write(fields)

    def say(self, level: str, sentence: str) -> None:
        """Write a line about the log file itself, to standard output alone."""
        with contextlib.suppress(Exception):
            self._show(self._line(_head(time.time(), level, "steward.logs", sentence)))

    def _write(self, fields: dict[str, Any]) -> None:
        line = self._line(fields)
        with contextlib.suppress(OSError, ValueError):  # the pipe is closed; the file still gets it
            self._show(line)
        if self.file is not None:
            self.file.write((line if self._line is json_line else json_line(fields)) + "\n")

    @staticmethod
    def _show(line: str) -> None:
        stream = sys.stdout
        stream.write(line + "\n")
        stream.flush()


def json_line(fields: dict[str, Any]) -> str:
    """The fields as one JSON object."""
    return orjson.dumps(fields, default=str, option=orjson.OPT_NON_STR_KEYS).decode()


def plain_line(fields: dict[str, Any]) -> str:
    """The fields for a person at a terminal: one line, and a traceback below it."""
    rest = dict(fields)
    failure = rest.pop("exception", None)
    moment, level, logger, message = (str(rest.pop(name)) for name in ("time", "level", "logger", "message"))
    beside = " ".join(f"{name}={value}" for name, value in rest.items() if value not in (None, ""))
    line = f"{moment[11:19]} {level.upper():<8} {logger}: {message}" + (f"  [{beside}]" if beside else "")
    while failure:
        places = [f"  {place['file']}:{place['line']} in {place['function']}" for place in failure["trace"]]
        line = "\n".join([line, f"{failure['type']}: {failure['message']}", *places])
        failure = failure.get("cause")
    # What a client wrote must neither forge a line of its own nor steer the terminal.
    return line.translate(_CONTROL).replace("\n", "\n    ")


def fields_of(record: logging.LogRecord) -> dict[str, Any]:
    """Everything that a line says, cleaned of secrets."""
    level = _LEVELS.get(record.levelno) or record.levelname.lower()
    fields = _head(record.created, level, record.name, "")
    known = _known
    error = record.exc_info[1] if record.exc_info else None
    if error is not None:
        known |= scrub.held_by(error)
    fields["message"] = _message(record, known)
    for name in record.__dict__.keys() - _STANDARD:
        shown = name if name not in fields else f"extra_{name}"
        value = record.__dict__[name]
        fields[shown] = scrub.clean({name: value}, known=known).get(name, scrub.HIDDEN)
    if error is not None:
        fields["exception"] = _exception(error, known)
    return fields


def _head(created: float, level: str, logger: str, message: str) -> dict[str, Any]:
    current = context.current() or _NO_CONTEXT
    actor = current.actor
    whole = int(created)
    year, month, day, hour, minute, second = time.gmtime(whole)[:6]
    return {
        # strftime and isoformat cost more than the rest of the line.
        "time": f"{year}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{int((created - whole) * 1000):03}Z",
        "level": level,
        "logger": logger,
        "message": message,
        "request_id": current.request_id,
        "correlation_id": current.correlation_id,
        "actor_id": actor.id,
        "organisation_id": actor.organisation_id,
    }


def _message(record: logging.LogRecord, known: frozenset[str]) -> str:
    try:
        arguments: Any = record.args
        if isinstance(arguments, Mapping):
            arguments = scrub.clean(arguments, known=known)
        elif arguments:
            arguments = tuple(
                scrub.clean(item, known=known) if isinstance(item, Mapping | list | tuple | set) else item
                for item in arguments
            )
        written = str(record.msg) % arguments if arguments else str(record.msg)
    except Exception:  # noqa: BLE001 - a wrong number of arguments must not lose the line
        written = f"{record.msg} {scrub.clean(record.args, known=known)}"
    return scrub.text(written, known=known)


def _exception(error: BaseException, known: frozenset[str], depth: int = MAX_CAUSES) -> dict[str, Any]:
    places: list[dict[str, Any]] = []
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        places.append({"file": code.co_filename, "line": trace.tb_lineno, "function": code.co_qualname})
        trace = trace.tb_next
    said = scrub.clean(error, known=known)
    told: dict[str, Any] = {
        "type": f"{type(error).__module__}.{type(error).__qualname__}",
        "message": said,
        "trace": places[-MAX_TRACE:],
    }
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause is not None and depth:
        told["cause"] = _exception(cause, known, depth - 1)
    return told


def access(*, method: str, path: str, route: str, status: int, duration_ms: float) -> None:
    """One line about a finished request, at INFO on `steward.access`; called once per request by the edge.

    `path` comes without its query. Where the route takes a token, the route stands in its place.
    """
    output = _output
    if output is None or not _access.isEnabledFor(logging.INFO):
        return
    # Straight to the output: making a log record of it would double the cost of this line.
    fields = _head(time.time(), "info", "steward.access", "request")
    fields["method"] = method
    fields["path"] = f"/{route}" if "token" in route or "key" in route else path[:500]
    fields["route"] = route
    fields["status"] = status
    fields["duration_ms"] = round(duration_ms, 2)
    output.put(fields)


def spool_file() -> Path:
    """Where evidence waits while the database is away."""
    return Path(settings.STEWARD_VAR) / "spool" / "audit.jsonl"


def spool(code: str, reason: str, failure: BaseException) -> None:
    """Keep a denial that could not be recorded because the database is away: one JSON line, and a line in the log."""
    current = context.current() or _NO_CONTEXT
    actor = current.actor
    line = {
        "time": clock.now().isoformat(),
        "code": code,
        "outcome": "denied",
        "reason": reason,
        "request_id": current.request_id,
        "correlation_id": current.correlation_id,
        "address": current.address,
        "actor": {
            "kind": actor.kind,
            "id": None if actor.id is None else str(actor.id),
            "label": actor.label,
            "organisation_id": None if actor.organisation_id is None else str(actor.organisation_id),
        },
    }
    log = logging.getLogger("steward.spool")
    try:
        path = spool_file()
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # One write to a descriptor in append mode: lines of several processes do not mix.
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(descriptor, orjson.dumps(line) + b"\n")
        finally:
            os.close(descriptor)
    except OSError as error:
        log.critical("%s could not be recorded nor kept: %s", code, error.strerror, extra={"lost": line})
    else:
        log.error("%s is kept until the database is back (%s)", code, type(failure).__name__)


def drain(handle: Callable[[Mapping[str, Any]], None]) -> int:
    """Give every kept line to `handle` (which records it), and forget it; returns how many. Called at start.

    The file is set aside first, so that two starting processes do not both record it; what `handle` refuses by an
    exception goes back into the file, and the exception goes on.
    """
    path = spool_file()
    aside = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        path.rename(aside)
    except FileNotFoundError:
        return 0
    lines = [line for line in aside.read_bytes().split(b"\n") if line]
    done = 0
    try:
        for line in lines:
            with contextlib.suppress(orjson.JSONDecodeError):  # a torn last line of a crashed machine
                handle(orjson.loads(line))
            done += 1
    finally:
        if left := lines[done:]:
            with path.open("ab") as stream:
                stream.write(b"\n".join(left) + b"\n")
        aside.unlink()
    return done
