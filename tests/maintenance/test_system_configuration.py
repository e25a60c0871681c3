"""Configuration and logs on the system pages: every setting with its source, no secret, and the ends of the log files."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from maintenance.system import configuration, logs
from portal.conf.env import VARIABLES, Variable
from tests.factories import World

Browse = Callable[[User], Client]
URL = "/platform/system/configuration"


def read() -> dict[str, configuration.Setting]:
    """The settings by name."""
    return {one.name: one for one in configuration.settings_read()}


def given(monkeypatch: pytest.MonkeyPatch, name: str, source: str, value: str = "") -> None:
    """As if the setting had been read from `source`."""
    known = VARIABLES[name]
    changed = Variable(known.name, known.group, known.help, known.default, known.secret, source)
    monkeypatch.setitem(VARIABLES, name, changed)
    if source == "environment":
        monkeypatch.setenv(name, value)


def test_every_setting_is_there_with_value_and_source(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, "STEWARD_RATE_API", "environment", " 250 ")
    found = read()
    assert set(found) == set(VARIABLES)
    assert (found["STEWARD_RATE_API"].value, found["STEWARD_RATE_API"].source) == ("250", "environment")
    assert found["STEWARD_RATE_API"].changed
    assert found["STEWARD_RATE_API"].default == "100"
    assert (found["ROOT_USERNAME"].value, found["ROOT_USERNAME"].source) == ("admin", "default")


def test_a_secret_shows_only_whether_it_is_set(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    given(monkeypatch, "ROOT_PASSWORD", "environment", "the-first-password")
    given(monkeypatch, "SENTRY_DSN", "file /run/secrets/dsn")
    given(monkeypatch, "STEWARD_METRICS_KEY", "default")
    given(monkeypatch, "SECRET_KEY", "default")
    settings.SECRET_KEY = "made-at-the-first-start-and-kept"
    found = read()
    assert found["ROOT_PASSWORD"].value == configuration.MASK
    assert (found["SENTRY_DSN"].value, found["SENTRY_DSN"].where) == (configuration.MASK, "/run/secrets/dsn")
    assert found["STEWARD_METRICS_KEY"].value == ""
    assert (found["SECRET_KEY"].value, found["SECRET_KEY"].source) == (configuration.MASK, "generated")


def test_no_secret_of_this_process_stands_on_the_page(world: World, browser_of: Browse, settings: Settings) -> None:
    page = browser_of(world.root).get(URL).content.decode()
    password = settings.DATABASES["default"]["PASSWORD"]
    assert len(password) > 8
    for secret in (settings.SECRET_KEY, settings.STEWARD_ENCRYPTION_KEYS, password, settings.REDIS_URL):
        assert secret not in page
    assert settings.DATABASES["default"]["HOST"] in page


def test_an_address_keeps_host_and_loses_password_and_query(settings: Settings) -> None:
    settings.REDIS_URL = "rediss://app:word%40home@cache.example:6380/2?password=other-word"
    shown = read()["REDIS_URL"].value
    assert shown == f"rediss://app:{configuration.MASK}@cache.example:6380/2"


def test_settings_are_found_by_words_and_by_having_been_set(
    world: World, browser_of: Browse, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = browser_of(world.root)
    page = client.get(URL, {"q": "clean-up batch"}).content.decode()
    assert "STEWARD_CLEANUP_BATCH" in page
    assert "STEWARD_RATE_API" not in page
    given(monkeypatch, "STEWARD_RATE_API", "environment", "250")
    page = client.get(URL, {"only": "set"}).content.decode()
    assert "STEWARD_RATE_API" in page
    assert "STEWARD_RATE_AUTHZ" not in page
    assert "No such setting" in client.get(URL, {"q": "zzzz"}).content.decode()
    assert client.get(URL, {"q": "\0'\"<script>"}).status_code == 200


# --- logs ---


def line(number: int, **fields: Any) -> str:
    """A line as `kit.logs` writes it."""
    head = {
        "time": f"2026-01-31T03:{number // 60:02}:{number % 60:02}.000Z",
        "level": "info",
        "logger": "steward.access",
        "message": f"line {number}",
        "request_id": f"request-{number}",
        "correlation_id": "",
        "actor_id": None,
        "organisation_id": None,
    }
    return json.dumps(head | fields) + "\n"


@pytest.fixture
def folder(tmp_path: Path, settings: Settings) -> Path:
    """A log folder with a file of the web server and one of the worker."""
    settings.STEWARD_LOG_PATH = str(tmp_path)
    (tmp_path / "web.jsonl").write_text("".join(line(number, status=200) for number in range(0, 40, 2)))
    (tmp_path / "worker.jsonl").write_text("".join(line(number, logger="steward.runs.x") for number in range(1, 40, 2)))
    return tmp_path


def messages(**asked: str) -> list[str]:
    """What the lines that fit say, newest first."""
    return [one.message for one in logs.tail(logs.Asked(**asked)).lines]


def test_lines_of_all_processes_come_together_newest_first(folder: Path) -> None:
    found = logs.tail(logs.Asked())
    assert [one.message for one in found.lines] == [f"line {number}" for number in range(39, -1, -1)]
    assert [one.process for one in found.lines[:2]] == ["worker", "web"]
    assert found.whole
    assert found.lines[1].more == "status=200"


def test_lines_are_narrowed_by_level_logger_request_and_words(folder: Path) -> None:
    with (folder / "web.jsonl").open("a") as stream:
        stream.write(line(50, level="warning", message="Disk is NEARLY full", logger="steward.disk"))
        stream.write(line(51, level="error", message="Disk full", correlation_id="journey-7"))
    assert messages(level="warning") == ["Disk full", "Disk is NEARLY full"]
    assert messages(level="error") == ["Disk full"]
    assert messages(words="disk nearly") == ["Disk is NEARLY full"]
    assert messages(logger="steward.disk") == ["Disk is NEARLY full"]
    assert len(messages(logger="steward.runs")) == 20
    assert messages(logger="steward.run") == [], "A part of a name is no name."
    assert messages(request_id="request-7") == ["line 7"]
    assert messages(request_id="journey-7") == ["Disk full"]


def test_only_the_ends_of_files_are_read_and_that_is_said(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "TAIL_BYTES", 700)
    found = logs.tail(logs.Asked())
    assert not found.whole
    assert 0 < len(found.lines) < 10
    assert found.lines[0].message == "line 39"


def test_torn_lines_links_and_other_files_are_left_out(folder: Path, tmp_path: Path) -> None:
    (folder / "web.jsonl").write_text(line(1) + "not json\n" + '{"time": 5}\n' + '["list"]\n' + line(2)[:40])
    (folder / "worker.jsonl").unlink()
    secret = tmp_path.parent / "secret"
    secret.write_text(line(9, message="outside"))
    (folder / "linked.jsonl").symlink_to(secret)
    (folder / "notes.txt").write_text(line(8))
    assert messages() == ["line 1"]


def test_an_error_is_told_with_its_trace(folder: Path) -> None:
    failure = {
        "type": "builtins.ValueError",
        "message": "no",
        "trace": [{"file": "a.py", "line": 3, "function": "f"}],
        "cause": {"type": "builtins.KeyError", "message": "k", "trace": []},
    }
    (folder / "web.jsonl").write_text(line(60, level="error", exception=failure))
    shown = logs.tail(logs.Asked(level="error")).lines[0].error
    assert shown == "builtins.ValueError: no\n  a.py:3 f\nbuiltins.KeyError: k"


def test_the_page_shows_lines_and_what_was_asked(world: World, browser_of: Browse, folder: Path) -> None:
    client = browser_of(world.admin)
    page = client.get("/platform/system/logs", {"q": "<b>line 7"}).content.decode()
    assert "No such lines" in page
    assert "<b>line 7" not in page
    page = client.get("/platform/system/logs", {"request": "request-7"}).content.decode()
    assert "line 7" in page
    assert "line 8" not in page
    assert "request=request-7" in page


def test_without_files_it_says_how_to_switch_them_on(world: World, browser_of: Browse, settings: Settings) -> None:
    settings.STEWARD_LOG_PATH = ""
    assert "Set STEWARD_LOG_PATH" in browser_of(world.admin).get("/platform/system/logs").content.decode()


def test_a_folder_that_is_not_there_has_no_lines(settings: Settings, tmp_path: Path) -> None:
    settings.STEWARD_LOG_PATH = str(tmp_path / "nothing")
    assert logs.tail(logs.Asked()).lines == []
