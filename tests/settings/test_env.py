"""The readers of the environment: each value that cannot be understood names its setting and what to write."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from portal.conf import env

Read = Callable[[], Any]
WORDS = {"group": "Test", "help_text": "A test."}


@pytest.fixture(autouse=True)
def _own_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(env, "VARIABLES", {})


def _number() -> int:
    return env.number("THING", 3, low=1, high=9, **WORDS)


def _flag() -> bool:
    return env.flag("THING", True, **WORDS)


def _choice() -> str:
    return env.choice("THING", ("small", "large"), **WORDS)


def _secret() -> str:
    return env.text("THING", secret=True, **WORDS)


@pytest.mark.parametrize(
    ("read", "written", "words"),
    [
        (_number, "many", "whole number from 1 to 9"),
        (_number, "0", "whole number from 1 to 9"),
        (_number, "10", "whole number from 1 to 9"),
        (_number, "2.5", "whole number from 1 to 9"),
        (_number, "-", "whole number from 1 to 9"),
        (_flag, "perhaps", "Write 1 or 0"),
        (_choice, "medium", "Write one of: small, large"),
    ],
)
def test_a_bad_value_is_named_with_what_to_write(
    monkeypatch: pytest.MonkeyPatch, read: Read, written: str, words: str
) -> None:
    monkeypatch.setenv("THING", written)

    with pytest.raises(ImproperlyConfigured) as refused:
        read()

    assert f"THING is {written!r}" in str(refused.value)
    assert words in str(refused.value)


@pytest.mark.parametrize(
    ("read", "written", "value"),
    [
        (_number, " 9 ", 9),
        (_number, "1", 1),
        (_number, None, 3),
        (_flag, "No", False),
        (_flag, "on", True),
        (_flag, "", False),
        (_flag, None, True),
        (_choice, "LARGE", "large"),
        (_choice, None, "small"),
        (_secret, " x ", "x"),
        (_secret, None, ""),
    ],
)
def test_a_good_value_is_read(monkeypatch: pytest.MonkeyPatch, read: Read, written: str | None, value: object) -> None:
    if written is not None:
        monkeypatch.setenv("THING", written)

    assert read() == value


@pytest.mark.parametrize(
    "url",
    [
        "",
        "mysql://a:b@h/db",
        "postgresql://h",
        "postgresql://h:port/db",
        "postgresql://[::1/db",
        "host=h dbname=db",
        "sqlite:///x",
    ],
)
def test_a_database_address_of_another_kind_is_refused_by_name_and_without_its_password(url: str) -> None:
    with pytest.raises(
        ImproperlyConfigured, match=r"^DATABASE_URL is not a PostgreSQL URL\. Write postgresql://"
    ) as refused:
        env.database(url, name="DATABASE_URL")

    assert "a:b" not in str(refused.value)


def test_a_database_address_is_taken_apart_and_decoded() -> None:
    parts = env.database("postgresql://us%40er:p%3Aw@db.example:6543/st%20eward?sslmode=verify-full", name="X")

    assert parts == {
        "NAME": "st eward",
        "USER": "us@er",
        "PASSWORD": "p:w",
        "HOST": "db.example",
        "PORT": "6543",
        "OPTIONS": {"sslmode": "verify-full"},
    }


@pytest.mark.parametrize("url", ["http://cache:6379", "cache:6379", "memcached://cache"])
def test_a_redis_address_of_another_kind_is_refused_by_name(url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=r"^REDIS_URL is not a Redis URL\. Write redis://"):
        env.redis(url, name="REDIS_URL")


@pytest.mark.parametrize("url", ["", "redis://:x@h:6379/0", "rediss://h", "unix:///run/redis.sock"])
def test_a_redis_address_stays_as_it_is_written(url: str) -> None:
    assert env.redis(url, name="REDIS_URL") == url


def test_a_secret_may_come_from_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "thing").write_text("from a file\n")
    monkeypatch.setenv("THING_FILE", str(tmp_path / "thing"))

    assert _secret() == "from a file"
    assert env.VARIABLES["THING"].source == f"file {tmp_path / 'thing'}"


def test_the_variable_itself_wins_over_its_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("THING_FILE", str(tmp_path / "missing"))
    monkeypatch.setenv("THING", "direct")

    assert _secret() == "direct"


def test_an_unreadable_file_is_named_with_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("THING_FILE", str(tmp_path / "missing"))

    with pytest.raises(ImproperlyConfigured) as refused:
        _secret()

    assert str(refused.value).startswith(f"THING_FILE names {tmp_path / 'missing'}, which cannot be read (No such file")
    assert str(refused.value).endswith("Point it at a readable file.")


def test_a_folder_in_place_of_the_file_is_told_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("THING_FILE", str(tmp_path))

    with pytest.raises(ImproperlyConfigured, match="THING_FILE names"):
        _secret()


def test_what_is_no_secret_does_not_come_from_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "thing").write_text("7")
    monkeypatch.setenv("THING_FILE", str(tmp_path / "thing"))

    assert _number() == 3


def test_what_was_read_and_where_it_came_from_is_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THING", "5")
    _number()

    assert {"THING": env.Variable("THING", "Test", "A test.", "3", secret=False, source="environment")} == env.VARIABLES


@pytest.mark.parametrize("written", ["", "not json", "[]", '{"database_url": 5}'])
def test_a_torn_record_of_the_embedded_servers_is_as_none(tmp_path: Path, written: str) -> None:
    (tmp_path / "embedded.json").write_text(written)

    assert env.embedded(tmp_path) == {}


def test_a_local_secret_is_made_once_and_for_the_owner_alone(tmp_path: Path) -> None:
    made = env.local_secret(tmp_path, "thing")

    assert env.local_secret(tmp_path, "thing") == made
    assert len(made) == 44
    path = tmp_path / "secrets" / "thing"
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert [entry.name for entry in path.parent.iterdir()] == ["thing"]


def test_a_local_secret_of_an_unwritable_folder_is_random_and_no_constant(tmp_path: Path) -> None:
    (tmp_path / "secrets").write_text("a file where the folder should be")

    assert env.local_secret(tmp_path, "thing") != env.local_secret(tmp_path, "thing")
