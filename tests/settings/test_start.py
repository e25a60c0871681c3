"""The settings as a process meets them: with nothing set, and with something wrong."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

ROOT = settings.BASE_DIR


def _python(program: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_settings_import_without_any_environment(tmp_path: Path) -> None:
    # STEWARD_VAR only keeps the made secrets out of the tree; the values below come from nowhere else.
    done = _python(
        "from portal.conf import settings, env;"
        "print(settings.STEWARD_ENV, settings.PORT, settings.DEBUG, len(settings.SECRET_KEY) >= 32,"
        "{v.source for v in env.VARIABLES.values() if v.name != 'STEWARD_VAR'})",
        {"STEWARD_VAR": str(tmp_path)},
    )

    assert done.stderr == ""
    assert done.stdout.split() == ["development", "8000", "False", "True", "{'default'}"]


def test_the_settings_import_in_production_without_any_secret(tmp_path: Path) -> None:
    done = _python(
        "from portal.conf import settings; print(repr(settings.SECRET_KEY), repr(settings.STEWARD_ENCRYPTION_KEYS))",
        {"STEWARD_VAR": str(tmp_path), "STEWARD_ENV": "production"},
    )

    assert done.stderr == ""
    assert done.stdout.split() == ["''", "''"]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("PORT", "http", "PORT is 'http'. Write a whole number from 1 to 65535."),
        ("STEWARD_ENV", "prod", "STEWARD_ENV is 'prod'. Write one of: development, staging, production."),
        ("DEMO", "maybe", "DEMO is 'maybe'. Write 1 or 0."),
        ("STEWARD_WEB_THREADS", "0", "STEWARD_WEB_THREADS is '0'. Write a whole number from 1 to 64."),
        ("STEWARD_LOG_LEVEL", "loud", "STEWARD_LOG_LEVEL is 'loud'. Write one of: info, debug, warning, error."),
        ("DATABASE_URL", "mysql://h/db", "DATABASE_URL is not a PostgreSQL URL."),
        ("REDIS_URL", "http://h", "REDIS_URL is not a Redis URL."),
        ("SECRET_KEY_FILE", "/nowhere/key", "SECRET_KEY_FILE names /nowhere/key, which cannot be read"),
    ],
)
def test_a_bad_setting_stops_a_command_with_its_name(tmp_path: Path, name: str, value: str, words: str) -> None:
    done = _python(
        "import sys, manage; sys.exit(manage.main(['manage.py', 'settings', 'example']))",
        {"STEWARD_VAR": str(tmp_path), "PATH": os.environ["PATH"], name: value},
    )

    assert done.returncode != 0
    assert words in done.stderr


def test_production_without_settings_refuses_to_check_and_names_every_one(tmp_path: Path) -> None:
    done = _python(
        "import sys, manage; sys.exit(manage.main(['manage.py', 'check']))",
        {"STEWARD_VAR": str(tmp_path), "STEWARD_ENV": "production"},
    )

    assert done.returncode != 0
    for name in ("E101", "E102", "E103", "E104", "E105", "E106"):
        assert f"(steward.{name})" in done.stderr
    for name in (
        "SECRET_KEY",
        "STEWARD_ENCRYPTION_KEYS",
        "STEWARD_ALLOWED_HOSTS",
        "STEWARD_PUBLIC_URL",
        "DATABASE_URL",
    ):
        assert name in done.stderr
