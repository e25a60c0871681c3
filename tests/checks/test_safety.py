"""The checks of settings and database: every unsafe one stops the start by its name and says what to write."""

import re
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings as project
from django.core.management.base import CommandError
from pytest_django import Settings

from portal.conf import env
from portal.kit import checks, context, safety
from portal.kit.postgres.base import ours

GOOD_KEY = "q7Wn3vXr9LkTz2BmYc5HdJ8sFpGa4EuR"
ENCRYPTION = "1:" + b64encode(bytes(range(32))).decode()
BACKUP = "1:" + b64encode(bytes(range(32, 64))).decode()
LOGIN = safety.Login("steward_app", superuser=False, bypasses=False, owned="", limit=97, version=160_004)


@pytest.fixture
def production(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A production installation with nothing wrong."""
    settings.PRODUCTION = True
    settings.SECRET_KEY = GOOD_KEY
    settings.STEWARD_ENCRYPTION_KEYS = ENCRYPTION
    settings.STEWARD_BACKUP_KEYS = BACKUP
    settings.ALLOWED_HOSTS = ["portal.example.com"]
    settings.STEWARD_PUBLIC_URL = "https://portal.example.com"
    settings.STEWARD_TRUSTED_PROXIES = 1
    settings.DATABASE_URL = "postgresql://steward_app:x@127.0.0.1/steward"
    settings.REDIS_URL = "redis://127.0.0.1:6379/0"
    settings.ROOT_PASSWORD = ""
    settings.METRICS_KEY = ""
    settings.DEMO = False
    settings.STEWARD_MAIL = "smtp"
    settings.STEWARD_MAIL_HOST = "127.0.0.1"
    settings.DEFAULT_FROM_EMAIL = "Steward <portal@example.com>"
    monkeypatch.setitem(env.VARIABLES, "REDIS_URL", replace(env.VARIABLES["REDIS_URL"], source="environment"))
    return settings


def _found() -> list[str]:
    return [str(message.id) for message in checks.check_settings()]


def test_a_safe_production_installation_has_no_finding(production: Settings) -> None:
    assert checks.check_settings() == []


def test_the_same_settings_are_fine_in_development(settings: Settings) -> None:
    settings.PRODUCTION = False
    settings.ALLOWED_HOSTS = ["*"]

    assert checks.check_settings() == []


@pytest.mark.parametrize(
    ("name", "value", "check", "words"),
    [
        ("SECRET_KEY", "", "E101", "SECRET_KEY is missing"),
        ("SECRET_KEY", GOOD_KEY[:31], "E101", "SECRET_KEY has 31 characters"),
        ("SECRET_KEY", "django-insecure-" + GOOD_KEY, "E101", "example"),
        ("SECRET_KEY", "ab" * 20, "E101", "example"),
        ("STEWARD_ENCRYPTION_KEYS", "", "E102", "STEWARD_ENCRYPTION_KEYS is missing"),
        ("STEWARD_ENCRYPTION_KEYS", "1:short", "E102", "malformed"),
        ("STEWARD_ENCRYPTION_KEYS", "1:" + b64encode(bytes(32)).decode(), "E102", "not random"),
        ("STEWARD_BACKUP_KEYS", "", "E113", "STEWARD_BACKUP_KEYS is missing"),
        ("STEWARD_BACKUP_KEYS", "1:short", "E113", "malformed"),
        ("STEWARD_BACKUP_KEYS", "1:" + b64encode(bytes(32)).decode(), "E113", "not random"),
        ("STEWARD_BACKUP_KEYS", ENCRYPTION, "E113", "a key of STEWARD_ENCRYPTION_KEYS"),
        ("STEWARD_BACKUP_TARGETS", [], "W105", "STEWARD_BACKUP_TARGETS is empty"),
        ("ALLOWED_HOSTS", [], "E103", "STEWARD_ALLOWED_HOSTS is empty"),
        ("ALLOWED_HOSTS", ["*"], "E103", "any Host"),
        ("ALLOWED_HOSTS", ["portal.example.com", "*.com"], "E103", "any Host"),
        ("ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"], "E103", "only this machine"),
        ("STEWARD_PUBLIC_URL", "http://portal.example.com", "E104", "STEWARD_PUBLIC_URL"),
        ("STEWARD_PUBLIC_URL", "https://", "E104", "STEWARD_PUBLIC_URL"),
        ("DATABASE_URL", "", "E105", "DATABASE_URL is missing"),
        ("REDIS_URL", "", "E106", "REDIS_URL is missing"),
        ("ROOT_PASSWORD", "changeme", "E107", "ROOT_PASSWORD"),
        ("ROOT_PASSWORD", "Short-9x", "E107", "ROOT_PASSWORD"),
        ("ROOT_PASSWORD", "aaaaaaaaaaaaaaaaaaaa", "E107", "ROOT_PASSWORD"),
        ("METRICS_KEY", "short", "E108", "STEWARD_METRICS_KEY has 5 characters"),
        ("STEWARD_TIME_ZONE", "Europe/Atlantis", "E109", "STEWARD_TIME_ZONE is 'Europe/Atlantis'"),
        ("DEMO", True, "W101", "DEMO is on"),
        ("REDIS_URL", "redis://cache.internal:6379/0", "W103", "REDIS_URL does not use TLS"),
        ("STEWARD_TRUSTED_PROXIES", 0, "W104", "STEWARD_TRUSTED_PROXIES is 0"),
    ],
)
def test_an_unsafe_setting_is_named_with_what_to_write(
    production: Settings, name: str, value: Any, check: str, words: str
) -> None:
    setattr(production, name, value)

    (message,) = checks.check_settings()

    assert message.id == f"steward.{check}"
    assert words in message.msg
    assert message.hint


def test_redis_of_the_embedded_server_does_not_count_in_production(
    production: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(env.VARIABLES, "REDIS_URL", replace(env.VARIABLES["REDIS_URL"], source="default"))

    assert _found() == ["steward.E106"]


@pytest.mark.parametrize(
    ("host", "options", "found"),
    [
        ("db.internal", {}, ["steward.W102"]),
        ("db.internal", {"sslmode": "prefer"}, ["steward.W102"]),
        ("db.internal", {"sslmode": "verify-full"}, []),
        ("/run/postgresql", {}, []),
        ("127.0.0.1", {}, []),
    ],
)
def test_a_database_elsewhere_without_tls_is_warned_about(
    production: Settings, monkeypatch: pytest.MonkeyPatch, host: str, options: dict[str, str], found: list[str]
) -> None:
    monkeypatch.setitem(project.DATABASES["default"], "HOST", host)
    monkeypatch.setitem(project.DATABASES["default"], "OPTIONS", options)

    assert _found() == found


def test_no_sentence_shows_a_secret(production: Settings) -> None:
    production.SECRET_KEY = "hunter2-planted"
    production.STEWARD_ENCRYPTION_KEYS = "hunter2-planted"
    production.ROOT_PASSWORD = "hunter2"
    production.METRICS_KEY = "hunter2"

    told = " ".join(f"{message.msg} {message.hint}" for message in checks.check_settings())

    assert len(checks.check_settings()) == 4
    assert "hunter2" not in told


def test_everything_wrong_is_told_at_once_when_the_start_is_refused(production: Settings) -> None:
    production.SECRET_KEY = ""
    production.ALLOWED_HOSTS = ["*"]
    production.DEMO = True

    with pytest.raises(CommandError) as refused:
        checks.refuse_insecure(connect=False)

    lines = str(refused.value).splitlines()
    assert lines[0] == "Steward does not start with these settings:"
    assert [line.split(":")[0].strip() for line in lines[1:]] == ["steward.E101", "steward.E103"]
    assert "openssl rand" in lines[1]


def test_a_warning_is_returned_and_does_not_stop_the_start(production: Settings) -> None:
    production.DEMO = True

    (warning,) = checks.refuse_insecure(connect=False)

    assert warning.startswith("steward.W101: DEMO is on")


@pytest.mark.parametrize(
    ("login", "check", "words"),
    [
        (replace(LOGIN, superuser=True, owned="public.audit_event"), "E110", "steward_app is a superuser, so"),
        (replace(LOGIN, bypasses=True), "E110", "has BYPASSRLS"),
        (replace(LOGIN, owned="public.audit_event"), "E110", "owns public.audit_event"),
        (replace(LOGIN, limit=3), "E111", "allows this login 3"),
        (replace(LOGIN, version=140_011), "E112", "PostgreSQL 14"),
        (replace(LOGIN, version=190_000), "E112", "PostgreSQL 19"),
    ],
)
def test_what_is_wrong_with_the_login_or_server_stops_every_start(
    monkeypatch: pytest.MonkeyPatch, login: safety.Login, check: str, words: str
) -> None:
    monkeypatch.setattr(safety, "login", lambda: login)

    with pytest.raises(CommandError) as refused:
        checks.refuse_insecure(connect=True)

    (line,) = str(refused.value).splitlines()[1:]
    assert line.strip().startswith(f"steward.{check}: ")
    assert words in line


@pytest.mark.parametrize("version", [150_000, 184_000])
def test_every_supported_server_may_be_used(monkeypatch: pytest.MonkeyPatch, version: int) -> None:
    monkeypatch.setattr(safety, "login", lambda: replace(LOGIN, version=version))

    assert list(safety.database()) == []


def test_threads_and_workers_are_counted_against_the_servers_connections(settings: Settings) -> None:
    settings.STEWARD_WEB_WORKERS, settings.STEWARD_WEB_THREADS, settings.STEWARD_WORKER_CONCURRENCY = 3, 4, 2

    assert safety.connections_wanted() == 3 * 4 + 2 + safety.SPARE_CONNECTIONS


def test_the_login_of_the_application_is_bound_by_row_level_security(db: None) -> None:
    with context.use(context.Context()), ours().transaction_later():  # As a request that has no right yet.
        found = safety.login()
        assert list(safety.database()) == []

    assert found.name == "steward_app"
    assert (found.superuser, found.bypasses, found.owned) == (False, False, "")
    assert found.limit > 0


@pytest.fixture
def as_owner(own_database: dict[str, str]) -> Iterator[psycopg.Cursor[Any]]:
    """A cursor of the owner, in a database of this test."""
    with psycopg.connect(own_database["DATABASE_OWNER_URL"]) as connection, connection.cursor() as cursor:
        yield cursor


def test_the_real_owner_of_the_tables_is_refused(as_owner: psycopg.Cursor[Any]) -> None:
    as_owner.execute(safety._LOGIN_SQL, ())
    row = as_owner.fetchone()
    assert row is not None

    found = safety.Login(*row)

    assert found.name == "steward_owner"
    assert found.owned.startswith("public.")


def test_every_check_has_an_id_of_its_own_that_is_explained() -> None:
    source = "".join(
        (Path(checks.__file__).parent / name).read_text() for name in ("checks.py", "safety.py", "mail/faults.py")
    )
    used = set(re.findall(r'"(steward\.[EW]\d{3})"', source.replace(source[: source.index("_EVENT")], "")))

    assert used == set(checks.EXPLAINED)
