"""The Makefile's own words, in a copy of it: help, refusals, what clean says."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
TARGETS = {"run", "test", "soak", "lint", "types", "check", "bench", "docs", "demo", "deps", "clean", "requirements"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a space in its name and nothing but the Makefile and its lists."""
    here = tmp_path / "a clone"
    (here / "deploy").mkdir(parents=True)
    for name in ("Makefile", "requirements.txt", "requirements-dev.txt", "deploy/apt.txt"):
        shutil.copy(REPOSITORY / name, here / name)
    return here


def make(folder: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    """Run make in that folder, untouched by the make that may run these tests."""
    env = {key: value for key, value in os.environ.items() if key not in {"MAKEFLAGS", "MAKELEVEL", "MFLAGS"}}
    return subprocess.run(["make", *words], cwd=folder, env=env, capture_output=True, text=True, check=False)


def test_make_alone_lists_every_target_with_a_description(folder: Path) -> None:
    done = make(folder)
    assert done.returncode == 0
    listed = {line.split()[1]: line.split()[2:] for line in done.stdout.splitlines()}
    assert listed.keys() >= TARGETS
    assert all(listed.values())


def test_old_python_is_refused_with_the_way_out(folder: Path) -> None:
    old = folder / "old-python"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    done = make(folder, "run", "PYTHON=./old-python")
    assert done.returncode != 0
    assert "Steward needs Python 3.11 or newer: make PYTHON=/path/to/python3.11 run" in done.stderr
    assert not (folder / ".venv").exists()


def test_missing_python_is_named(folder: Path) -> None:
    done = make(folder, "run", "PYTHON=no-such-python")
    assert done.returncode != 0
    assert "no-such-python is not installed" in done.stderr


def test_clean_removes_caches_keeps_data_and_says_where_they_are(folder: Path) -> None:
    (folder / "portal/__pycache__").mkdir(parents=True)
    (folder / "build").mkdir()
    (folder / "var").mkdir()
    (folder / "var/embedded.json").write_text(json.dumps({"data": "/var/lib/steward/0123456789ab"}, indent=1))
    done = make(folder, "clean")
    assert done.returncode == 0, done.stderr
    assert not (folder / "portal/__pycache__").exists()
    assert not (folder / "build").exists()
    assert (folder / "var/embedded.json").exists()
    assert "stay in: /var/lib/steward/0123456789ab" in done.stdout
    assert "rm -rf '/var/lib/steward/0123456789ab' var" in done.stdout


def test_installed_packages_need_no_apt(folder: Path) -> None:
    (folder / "deploy/apt.txt").write_text("# the base of every Debian\ndpkg # always there\n")
    done = make(folder, "deps")
    assert (done.returncode, done.stdout) == (0, "")


def test_another_postgresql_is_installed_only_for_the_tests_that_ask_for_it(folder: Path) -> None:
    (folder / "deploy/apt.txt").write_text("dpkg\n")
    asked = make(folder, "--dry-run", "deps", "PG=99")
    assert asked.returncode == 0, asked.stderr
    assert "postgresql-99" in asked.stdout.replace("sudo apt-get", "")
    assert "apt-get install" in asked.stdout
    assert "apt-get" not in make(folder, "deps").stdout
