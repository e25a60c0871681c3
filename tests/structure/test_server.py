"""The database server of the tests: the version that was asked for, and the same order of texts on each."""

import os
import subprocess
import sys
from pathlib import Path

from django.db import connection

ROOT = Path(__file__).resolve().parent.parent.parent


def test_the_tests_run_on_the_version_that_was_asked_for(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version_num')::int / 10000")
        assert cursor.fetchone() == (int(os.environ.get("STEWARD_TEST_PG") or 18),)


def test_texts_are_ordered_by_their_code_points_and_folded_beyond_ascii_on_every_version(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT array_agg(t ORDER BY t), lower('ÉÄŁ') FROM unnest(ARRAY['b', 'É', 'a', 'Z', 'é']) AS t")
        assert cursor.fetchone() == (["Z", "a", "b", "É", "é"], "éäł")


def test_a_version_that_is_not_installed_is_refused_with_the_way_out() -> None:
    environment = {key: value for key, value in os.environ.items() if key != "STEWARD_TEST_ADMIN_URL"}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "tests/structure/test_server.py", "-n", "0"],
        cwd=ROOT,
        env={**environment, "STEWARD_TEST_PG": "9"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode != 0
    assert "run `make test PG=9` as root, which installs it" in done.stdout + done.stderr
