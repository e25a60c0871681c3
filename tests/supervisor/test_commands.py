"""The real project's commands, each alone."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management.base import CommandError
from django.test import override_settings

from portal.kit import serve

REPOSITORY = Path(__file__).resolve().parents[2]
# The project with one small folder of static files in place of its own.
COLLECT = """
import sys
import django
from django.conf import settings
settings.STATICFILES_DIRS = [sys.argv[1]]
settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
django.setup()
from portal.kit import serve
serve.collect_static()
"""
NOWHERE = "postgresql://steward_app:secret@127.0.0.1:1/steward"


def manage(*words: str, var: Path, **environ: str) -> "subprocess.CompletedProcess[str]":
    """Run manage.py on a folder where nothing was ever started."""
    inherited = {
        key: value
        for key, value in os.environ.items()
        if key not in {"DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL", "PORT", "STEWARD_CONNECT_AS"}
    }
    return subprocess.run(
        [sys.executable, str(REPOSITORY / "manage.py"), *words],
        env={**inherited, "STEWARD_VAR": str(var), **environ},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize("part", ["web", "worker", "beat"])
def test_part_without_a_database_says_what_to_do(tmp_path: Path, part: str) -> None:
    done = manage(part, "run", var=tmp_path)
    assert done.returncode == 1
    assert "No database (" in done.stderr
    assert "start `make run` here, or set DATABASE_URL." in done.stderr
    assert "Traceback" not in done.stderr


def test_address_that_does_not_answer_is_named_without_its_password(tmp_path: Path) -> None:
    for words in (("web", "run"), ("database", "init"), ("database", "prepare")):
        done = manage(*words, var=tmp_path, DATABASE_URL=NOWHERE)
        assert done.returncode == 1
        assert "start the server that DATABASE_URL names" in done.stderr
        assert "secret" not in done.stdout + done.stderr
        assert "Traceback" not in done.stderr


def test_printed_preparation_names_the_logins_and_no_password(tmp_path: Path) -> None:
    owner = "postgresql://migrator:hidden@127.0.0.1:1/steward"
    done = manage("database", "prepare", "--sql", var=tmp_path, DATABASE_URL=NOWHERE, DATABASE_OWNER_URL=owner)
    assert done.returncode == 0, done.stderr
    assert 'CREATE ROLE "migrator" LOGIN' in done.stdout
    assert "<password of migrator>" in done.stdout
    assert "secret" not in done.stdout
    assert "hidden" not in done.stdout


def test_two_addresses_must_be_logins_of_one_database(tmp_path: Path) -> None:
    other = "postgresql://steward_owner:x@127.0.0.1:1/other"
    done = manage("database", "prepare", var=tmp_path, DATABASE_URL=NOWHERE, DATABASE_OWNER_URL=other)
    assert done.returncode == 1
    assert "must be two logins of one database" in done.stderr


def test_supervisor_is_reached_without_django(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        port = stranger.getsockname()[1]
        done = manage("steward", "run", var=tmp_path / "var", PORT=str(port))
    assert done.returncode == 1
    assert f"port {port} is taken by process {os.getpid()}" in done.stdout


def test_static_files_are_collected_once_and_again_only_after_a_change(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "one.css").write_text("a { color: red }")

    def collect() -> tuple[int, set[str]]:
        subprocess.run(
            [sys.executable, "-c", COLLECT, str(source)],
            cwd=REPOSITORY,
            env={**os.environ, "STEWARD_VAR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "portal.conf.settings"},
            check=True,
        )
        manifest = tmp_path / "static/staticfiles.json"
        return manifest.stat().st_mtime_ns, set(json.loads(manifest.read_text())["paths"])

    first = collect()
    assert first[1] == {"one.css"}
    assert collect() == first
    (source / "two.css").write_text("b { color: blue }")
    assert collect()[1] == {"one.css", "two.css"}


def test_production_refuses_static_files_that_were_never_collected(tmp_path: Path) -> None:
    with (
        override_settings(PRODUCTION=True, STATIC_ROOT=tmp_path),
        pytest.raises(CommandError, match=r"manage\.py collectstatic"),
    ):
        serve.collect_static()
