"""A log line: one JSON object that says who, on whose request, and never a secret."""

import logging
import sys
import warnings
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson
import pytest
from pytest_django import Settings

from portal.kit import context, logs

PLANTED = "hunter2-planted-Zk9"
Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def configured(settings: Settings, tmp_path: Path) -> Iterator[None]:
    """JSON logging at info with known secrets; the suite's own configuration comes back."""
    root = logging.getLogger()
    level = root.level
    settings.SECRET_KEY = f"key-{PLANTED}-in-the-settings"
    settings.STEWARD_VAR = tmp_path
    logs.configure("info", "json")
    yield
    settings.SECRET_KEY = "0123456789abcdefghijklmnopqrstuvwxyz"
    logs.configure("info", "json")
    root.setLevel(level)


@pytest.fixture
def lines(configured: None, capsys: pytest.CaptureFixture[str]) -> Lines:
    """What was logged since the last look, line by line."""
    capsys.readouterr()
    return lambda: [orjson.loads(line) for line in capsys.readouterr().out.splitlines()]


log = logging.getLogger("steward.test")


def test_a_line_says_when_who_and_on_whose_request(lines: Lines) -> None:
    person, organisation = uuid4(), uuid4()
    actor = context.Actor("person", person, "Ada", organisation)

    with context.use(context.Context(actor=actor, request_id="req-1", correlation_id="cor-1")):
        log.info("saved %s rows", 5)

    (line,) = lines()
    moment = line.pop("time")
    assert moment.endswith("Z")
    assert datetime.fromisoformat(moment).utcoffset() is not None
    assert line == {
        "level": "info",
        "logger": "steward.test",
        "message": "saved 5 rows",
        "request_id": "req-1",
        "correlation_id": "cor-1",
        "actor_id": str(person),
        "organisation_id": str(organisation),
    }


def test_a_line_outside_of_any_request_has_empty_ids(lines: Lines) -> None:
    log.warning("hello")

    (line,) = lines()
    assert (line["request_id"], line["actor_id"]) == ("", None)


def test_lines_below_the_level_are_not_written(lines: Lines) -> None:
    log.debug("hello")

    assert lines() == []


def test_extra_fields_are_kept_and_never_hide_the_lines_own(lines: Lines) -> None:
    log.info("hello", extra={"rows": 3, "level": "mine", "when": datetime(2026, 1, 2), "who": {1: {2, 3}}})  # noqa: DTZ001

    (line,) = lines()
    assert (line["rows"], line["level"], line["extra_level"]) == (3, "info", "mine")
    assert line["when"] == "2026-01-02 00:00:00"
    assert line["who"] == {"1": [2, 3]}


@pytest.mark.parametrize(
    "write",
    [
        lambda: log.info("x", extra={"password": PLANTED}),
        lambda: log.info("x", extra={"data": {"headers": {"Cookie": PLANTED}}}),
        lambda: log.info("%(token)s", {"token": PLANTED}),
        lambda: log.info("form %s", {"password": PLANTED}),
        lambda: log.info("%s %s", "form", [{"password": PLANTED}]),
        lambda: log.info("Authorization: Bearer %s", PLANTED),
        lambda: log.info("url %s", f"postgresql://a:{PLANTED}@host/db"),
        lambda: log.info("the key is %s", f"key-{PLANTED}-in-the-settings"),
        lambda: log.info("sk_live_%s", PLANTED),
    ],
)
def test_a_secret_never_stands_in_a_line(
    write: Callable[[], None], configured: None, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()

    write()

    out = capsys.readouterr().out
    assert "***" in out
    assert PLANTED not in out


def test_an_exception_is_told_in_fields_without_its_secrets(lines: Lines) -> None:
    def connect(password: str) -> None:
        try:
            raise ConnectionError(f"refused {password}")
        except ConnectionError as error:
            raise RuntimeError(f"no database at postgresql://a:{PLANTED}@host/db") from error

    try:
        connect(PLANTED)
    except RuntimeError:
        log.exception("failed")

    (line,) = lines()
    assert PLANTED not in str(line)
    told = line["exception"]
    assert (told["type"], told["message"]) == ("builtins.RuntimeError", "no database at postgresql://***@host/db")
    assert told["trace"][-1]["function"].endswith("connect")
    assert told["cause"]["message"] == "refused ***"


def test_wrong_arguments_lose_neither_the_line_nor_a_secret(configured: None) -> None:
    # Not through a logger: pytest's own handler would raise.
    record = logging.LogRecord("a", logging.INFO, "", 0, "one %d two %s", ("x", {"secret": PLANTED}, PLANTED), None)

    message = logs.fields_of(record)["message"]

    assert message.startswith("one %d two %s ['x', {'secret': ")
    assert f"'secret': '{PLANTED}'" not in message


def test_every_message_is_one_line_whatever_a_client_wrote(lines: Lines) -> None:
    log.info("path %s refused", '/\n{"level": "forged"}\x1b[2J')

    (line,) = lines()
    assert line["message"] == 'path /\n{"level": "forged"}\x1b[2J refused'


def test_plain_lines_cannot_be_forged_nor_steer_the_terminal(
    configured: None, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.configure("info", "plain")
    capsys.readouterr()

    log.info("path %s refused", "/\n12:00:00 INFO forged\x1b[2J")

    first, second = capsys.readouterr().out.splitlines()
    assert "steward.test: path /" in first
    assert second == "    12:00:00 INFO forged\\x1b[2J refused"


def test_plain_lines_show_the_trace_below(configured: None, capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("info", "plain")
    capsys.readouterr()
    try:
        raise ValueError("wrong")
    except ValueError:
        log.exception("failed", extra={"rows": 2})

    out = capsys.readouterr().out
    assert "ERROR" in out
    assert "[rows=2]" in out
    assert "builtins.ValueError: wrong" in out


def test_configuring_twice_writes_each_line_once(configured: None, lines: Lines) -> None:
    logs.configure("info", "json")

    log.info("once")

    assert len(lines()) == 1


def test_warnings_of_python_become_lines(lines: Lines) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(False)
        logging.captureWarnings(True)
        warnings.warn("old", DeprecationWarning, stacklevel=1)
        logging.captureWarnings(False)

    (line,) = lines()
    assert (line["logger"], line["level"]) == ("py.warnings", "warning")


def test_a_closed_output_does_not_break_the_caller(configured: None, monkeypatch: pytest.MonkeyPatch) -> None:
    class Closed:
        def write(self, text: str) -> None:
            raise BrokenPipeError

    monkeypatch.setattr(sys, "stdout", Closed())

    log.info("hello")
    logs.access(method="GET", path="/", route="", status=200, duration_ms=1)

    assert sys.stdout.__class__ is Closed


def test_the_access_line_has_what_a_request_was(lines: Lines) -> None:
    with context.use(context.Context(request_id="req-1")):
        logs.access(method="GET", path="/people", route="people", status=200, duration_ms=12.3456)

    (line,) = lines()
    assert line["logger"] == "steward.access"
    assert line["request_id"] == "req-1"
    assert (line["method"], line["path"], line["route"], line["status"], line["duration_ms"]) == (
        "GET",
        "/people",
        "people",
        200,
        12.35,
    )


def test_the_access_line_of_a_link_with_a_token_shows_the_route_only(lines: Lines) -> None:
    logs.access(method="GET", path=f"/reset/{PLANTED}", route="reset/<str:token>", status=200, duration_ms=1)

    (line,) = lines()
    assert line["path"] == "/reset/<str:token>"


def test_the_access_line_is_silent_above_info(lines: Lines) -> None:
    logs.configure("warning", "json")

    logs.access(method="GET", path="/", route="", status=200, duration_ms=1)

    assert lines() == []


def test_a_denial_waits_in_the_spool_and_is_handed_over_once(lines: Lines) -> None:
    actor = context.Actor("person", uuid4(), "Ada", uuid4())
    with context.use(context.Context(actor=actor, request_id="req-1", address="192.0.2.1")):
        logs.spool("kit.access.denied", "kit.forbidden", RuntimeError("away"))
        logs.spool("kit.access.denied", "kit.other", RuntimeError("away"))
    kept: list[Any] = []

    assert logs.drain(kept.append) == 2

    assert logs.drain(kept.append) == 0
    assert [line["reason"] for line in kept] == ["kit.forbidden", "kit.other"]
    assert kept[0]["actor"] == {
        "kind": "person",
        "id": str(actor.id),
        "label": "Ada",
        "organisation_id": str(actor.organisation_id),
    }
    assert kept[0]["request_id"] == "req-1"
    assert logs.spool_file().parent.stat().st_mode & 0o777 == 0o700


def test_what_cannot_be_handed_over_stays_in_the_spool(lines: Lines) -> None:
    for reason in ("kit.a", "kit.b", "kit.c"):
        logs.spool("kit.access.denied", reason, RuntimeError("away"))
    kept: list[str] = []

    def handle(line: Any) -> None:
        if line["reason"] == "kit.b" and len(kept) == 1:
            kept.append("failed")
            raise RuntimeError("still away")
        kept.append(line["reason"])

    with pytest.raises(RuntimeError, match="still away"):
        logs.drain(handle)

    assert logs.drain(handle) == 2
    assert kept == ["kit.a", "failed", "kit.b", "kit.c"]


def test_a_torn_last_line_is_passed_over(lines: Lines) -> None:
    logs.spool("kit.access.denied", "kit.a", RuntimeError("away"))
    with logs.spool_file().open("ab") as stream:
        stream.write(b'{"code": "kit.acc')
    kept: list[Any] = []

    logs.drain(kept.append)

    assert [line["reason"] for line in kept] == ["kit.a"]


def test_an_unwritable_spool_puts_the_denial_into_the_log(lines: Lines, settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "spool").write_text("a file where the folder should be")

    logs.spool("kit.access.denied", "kit.forbidden", RuntimeError("away"))

    (line,) = lines()
    assert line["level"] == "critical"
    assert line["lost"]["reason"] == "kit.forbidden"
