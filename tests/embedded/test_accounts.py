"""Root gives the servers to an account; an ordinary user runs them; files of others are refused in a sentence."""

import json
import os
import pwd
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import psycopg_binary
import pytest

from portal.embedded import account, servers
from portal.embedded.errors import EmbeddedError

from .conftest import Starter, make_folder

AS_ROOT = os.geteuid() == 0
REPOSITORY = Path(__file__).resolve().parents[2]
SITE_PACKAGES = Path(psycopg_binary.__file__).resolve().parents[1]
# What an ordinary user does: start, use, stop, start again; says what it saw.
JOURNEY = """
import json, os, pathlib, sys
import psycopg
from portal.embedded import servers
from portal.embedded.errors import EmbeddedError
root = pathlib.Path(sys.argv[1])
try:
    one = servers.start(root, say=lambda text: None, fsync=False)
except EmbeddedError as error:
    print(json.dumps({"refused": str(error)}))
    sys.exit(1)
with psycopg.connect(one.database_owner_url) as connection:
    connection.execute("CREATE TABLE kept AS SELECT 'still here' AS word")
one.stop()
two = servers.start(root, say=lambda text: None, fsync=False)
with psycopg.connect(two.database_owner_url) as connection:
    word = connection.execute("SELECT word FROM kept").fetchone()[0]
print(json.dumps({"uid": os.getuid(), "word": word, "place": str(two.place)}))
two.stop()
"""


def interpreter() -> str:
    """An interpreter that an ordinary user can execute; that of the tests may lie below /root."""
    nobody = account.choose({"STEWARD_EMBEDDED_USER": "nobody"}) if AS_ROOT else account.current()
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for candidate in (sys.executable, shutil.which(version, path="/usr/local/bin:/usr/bin")):
        if candidate and nobody.run_test('"$1" -c ""', Path(candidate)):
            return candidate
    raise AssertionError(f"No {version} that an ordinary user can execute: install it in /usr/bin.")


def as_ordinary_user(root: Path) -> tuple[int, dict[str, object]]:
    """Run the journey as `nobody` when we are root, as ourselves otherwise; return exit code and what it said."""
    become = {"user": "nobody", "group": pwd.getpwnam("nobody").pw_gid, "extra_groups": []} if AS_ROOT else {}
    done = subprocess.run(
        [interpreter(), "-c", JOURNEY, str(root)],
        cwd="/",
        env={"PYTHONPATH": f"{REPOSITORY}:{SITE_PACKAGES}", "PATH": "/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
        **become,  # type: ignore[call-overload]
    )
    assert "Traceback" not in done.stderr, done.stderr
    said = json.loads(done.stdout)
    assert isinstance(said, dict)
    return done.returncode, said


def give_to_ordinary_user(folder: Path) -> None:
    """Make `nobody` the owner when we are root."""
    if AS_ROOT:
        shutil.chown(folder, "nobody")


def test_ordinary_user_keeps_everything_in_the_folder(open_tmp: Path) -> None:
    root = make_folder(open_tmp, "of an ordinary user", 0o700)
    give_to_ordinary_user(root)
    code, said = as_ordinary_user(root)
    assert (code, said["word"], said["place"]) == (0, "still here", str(root / "var/embedded"))
    assert {path.stat().st_uid for path in root.rglob("*")} == {said["uid"]}
    assert stat.S_IMODE(root.stat().st_mode) == 0o700
    assert stat.S_IMODE((root / "var/embedded").stat().st_mode) == 0o700


def test_unwritable_folder_is_one_sentence(open_tmp: Path) -> None:
    root = make_folder(open_tmp, "read-only", 0o555)
    code, said = as_ordinary_user(root)
    assert code == 1
    assert f"The folder {root}/var cannot be written" in str(said["refused"])
    assert "give it to the account that starts Steward" in str(said["refused"])


@pytest.mark.skipif(not AS_ROOT, reason="only root can leave files of another account behind")
def test_ordinary_user_is_told_whose_data_these_are(open_tmp: Path, start: Starter) -> None:
    root = make_folder(open_tmp, "started-by-root")
    start(root, redis=False).stop()
    for path in (root, root / "var", root / "var/log", root / "var/embedded.json", root / "var/steward.lock"):
        shutil.chown(path, "nobody")
    code, said = as_ordinary_user(root)
    assert code == 1
    assert "start Steward as" in str(said["refused"])


@pytest.mark.skipif(not AS_ROOT, reason="only root starts after an ordinary user")
def test_root_after_an_ordinary_user_uses_the_same_data_and_locks_nobody_out(open_tmp: Path, start: Starter) -> None:
    root = make_folder(open_tmp, "user-then-root")
    give_to_ordinary_user(root)
    assert as_ordinary_user(root)[1]["word"] == "still here"
    owner = (root / "var/embedded").stat().st_uid
    running = start(root)
    assert running.record.account == "nobody"
    running.stop()
    assert {path.stat().st_uid for path in root.rglob("*")} == {owner}


@pytest.mark.skipif(not AS_ROOT, reason="only root drops privileges")
def test_root_runs_servers_as_the_named_account(
    open_tmp: Path, start: Starter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STEWARD_EMBEDDED_USER", "nobody")
    running = start(make_folder(open_tmp, "as-nobody"))
    for name in ("postgres", "redis"):
        who = running.record.process(name)
        assert who is not None
        status = Path(f"/proc/{who.pid}/status").read_text()
        uid = pwd.getpwnam("nobody").pw_uid
        assert f"Uid:\t{uid}\t{uid}\t{uid}\t{uid}" in status
        assert "Groups:\t \n" in status


@pytest.mark.skipif(not AS_ROOT, reason="an ordinary user has no choice of account")
@pytest.mark.parametrize(("name", "sentence"), [("no-such-account", "does not exist"), ("root", "names root")])
def test_account_that_will_not_do_is_named(
    project: Path, start: Starter, monkeypatch: pytest.MonkeyPatch, name: str, sentence: str
) -> None:
    monkeypatch.setenv("STEWARD_EMBEDDED_USER", name)
    with pytest.raises(EmbeddedError, match=f"STEWARD_EMBEDDED_USER.*{sentence}"):
        start(project)
    assert servers.read(project) is None
