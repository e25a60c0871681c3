"""Log files: whole lines of several processes, a new file each day or when one is full, gone after their days."""

import json
import logging
import os
import stat
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.conf import settings as project
from pytest_django import Settings

from portal.kit import logfiles, logs

log = logging.getLogger("steward.test")
DAY = 86_400
MORNING = 1_800_000_000.0  # 2027-01-15 08:00 UTC
PLANTED = "hunter2-planted-Zk9"
Told = list[tuple[str, str]]
Make = Callable[..., logfiles.LogFile]


@pytest.fixture
def told() -> Told:
    """What the file said about itself."""
    return []


@pytest.fixture
def made(tmp_path: Path, told: Told) -> Make:
    """Makes the file of the kind web in an own folder."""

    def make(*, days: int = 14, largest: int = 10_000) -> logfiles.LogFile:
        return logfiles.LogFile(
            tmp_path / "log", "web", days=days, largest=largest, tell=lambda *words: told.append(words)
        )

    return make


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A clock of the test's own for days; `clock.moment` moves it."""
    own = SimpleNamespace(moment=MORNING, gmtime=time.gmtime, strftime=time.strftime)
    own.time = lambda: own.moment
    monkeypatch.setattr(logfiles, "time", own)
    return own


@pytest.fixture
def folder(settings: Settings, tmp_path: Path) -> Iterator[Path]:
    """Logging as a process with log files has it; the suite's own configuration comes back."""
    level = logging.getLogger().level
    settings.STEWARD_LOG_PATH = str(tmp_path / "logs")
    settings.SECRET_KEY = f"key-{PLANTED}-in-the-settings"
    logs.configure("info", "plain")
    yield tmp_path / "logs"
    settings.STEWARD_LOG_PATH = ""
    settings.SECRET_KEY = "0123456789abcdefghijklmnopqrstuvwxyz"
    logs.configure("info", "json")
    logging.getLogger().setLevel(level)


def _names(where: Path) -> list[str]:
    return [path.name for path in logfiles.files_of(where)]


def _texts(path: Path) -> list[str]:
    return path.read_text().splitlines()


# --- What is in them ---


def test_the_file_gets_json_whatever_standard_output_gets(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log.info("saved %s rows", 5)
    logs.access(method="GET", path="/people", route="people", status=200, duration_ms=1)

    first, second = map(json.loads, _texts(folder / "command.jsonl"))
    assert (first["message"], first["logger"]) == ("saved 5 rows", "steward.test")
    assert (second["logger"], second["status"]) == ("steward.access", 200)
    assert "steward.test: saved 5 rows" in capsys.readouterr().out


def test_secrets_are_hidden_in_the_file_too(folder: Path) -> None:
    log.info("the key is %s", f"key-{PLANTED}-in-the-settings", extra={"password": PLANTED})

    (line,) = _texts(folder / "command.jsonl")
    assert "***" in line
    assert PLANTED not in line


def test_only_the_account_and_its_group_may_read(folder: Path) -> None:
    before = os.umask(0)
    try:
        log.info("hello")
    finally:
        os.umask(before)

    assert stat.S_IMODE((folder / "command.jsonl").stat().st_mode) == 0o640
    assert stat.S_IMODE(folder.stat().st_mode) == 0o750


def test_a_closed_standard_output_does_not_keep_a_line_out_of_the_file(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Closed:
        def write(self, text: str) -> None:
            raise BrokenPipeError

    monkeypatch.setattr(sys, "stdout", Closed())

    log.info("hello")

    assert len(_texts(folder / "command.jsonl")) == 1


def test_without_the_setting_no_file_is_written(settings: Settings, tmp_path: Path) -> None:
    settings.STEWARD_LOG_PATH = ""
    settings.STEWARD_VAR = tmp_path

    logs.configure("info", "json")
    log.info("hello")

    assert list(tmp_path.rglob("*.jsonl")) == []


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        (["manage.py", "web", "run"], "web"),
        (["manage.py", "worker", "run"], "worker"),
        (["manage.py", "beat", "run"], "beat"),
        (["manage.py", "database", "init"], "command"),
        (["manage.py", "web"], "command"),
        (["/usr/bin/pytest"], "command"),
    ],
)
def test_a_process_is_known_by_its_command(monkeypatch: pytest.MonkeyPatch, words: list[str], kind: str) -> None:
    monkeypatch.setattr(sys, "argv", words)

    assert logfiles.kind_of_process() == kind


# --- A new file ---


def test_a_full_file_is_put_aside_and_counted_up(made: Make, clock: SimpleNamespace, tmp_path: Path) -> None:
    file = made(largest=100)

    for number in range(7):
        file.write(f"{number} " + "x" * 38 + "\n")

    assert _names(tmp_path / "log") == [
        "web.2027-01-15-001.jsonl",
        "web.2027-01-15-002.jsonl",
        "web.2027-01-15-003.jsonl",
        "web.jsonl",
    ]
    kept = [line[0] for path in logfiles.files_of(tmp_path / "log") for line in _texts(path)]
    assert kept == list("0123456")


def test_a_line_longer_than_a_file_may_be_is_kept_whole(made: Make, tmp_path: Path) -> None:
    file = made(largest=100)

    file.write("x" * 500 + "\n")
    file.write("next\n")

    older, newest = logfiles.files_of(tmp_path / "log")
    assert (_texts(older), _texts(newest)) == (["x" * 500], ["next"])


def test_the_first_line_of_a_day_begins_a_new_file(made: Make, clock: SimpleNamespace, tmp_path: Path) -> None:
    file = made()
    file.write("today\n")
    clock.moment += DAY

    file.write("tomorrow\n")

    older, newest = logfiles.files_of(tmp_path / "log")
    assert (older.name, _texts(older)) == ("web.2027-01-15-001.jsonl", ["today"])
    assert (newest.name, _texts(newest)) == ("web.jsonl", ["tomorrow"])


def test_a_start_on_another_day_does_not_go_on_with_the_old_file(
    made: Make, clock: SimpleNamespace, tmp_path: Path
) -> None:
    made().write("before the stop\n")
    os.utime(tmp_path / "log" / "web.jsonl", (MORNING, MORNING))
    clock.moment += 3 * DAY

    made().write("after the start\n")

    assert _names(tmp_path / "log") == ["web.2027-01-15-001.jsonl", "web.jsonl"]
    assert _texts(tmp_path / "log" / "web.jsonl") == ["after the start"]


def test_files_go_after_their_days_and_nothing_else_does(made: Make, clock: SimpleNamespace, tmp_path: Path) -> None:
    where = tmp_path / "log"
    where.mkdir()
    old = ["web.2026-12-31-001.jsonl", "worker.2026-12-31-012.jsonl", "beat.jsonl"]
    kept = ["web.2027-01-01-001.jsonl", "worker.jsonl", "postgres.log", "web.2020-01-01.jsonl", "notes.2020.jsonl"]
    for name in old + kept:
        (where / name).write_text("x\n")
        os.utime(where / name, (MORNING, MORNING))
    os.utime(where / "beat.jsonl", (MORNING - 20 * DAY,) * 2)
    file = made(days=14, largest=100)

    file.write("x" * 90 + "\n")
    file.write("x" * 90 + "\n")

    left = {path.name for path in where.iterdir()}
    assert left == {*kept, "web.2027-01-15-001.jsonl", "web.jsonl", logfiles.LOCK}


def test_a_file_that_another_process_renamed_is_left_for_the_new_one(made: Make, tmp_path: Path) -> None:
    one, other = made(largest=100), made(largest=100)
    one.write("a" * 60 + "\n")
    other.write("b" * 30 + "\n")

    one.write("c" * 60 + "\n")
    other.write("d\n")

    older, newest = logfiles.files_of(tmp_path / "log")
    assert _texts(older) == ["a" * 60, "b" * 30]
    assert _texts(newest) == ["c" * 60, "d"]


def test_nobody_waits_for_a_process_that_is_renaming(made: Make, tmp_path: Path) -> None:
    file = made(largest=100)
    file.write("x" * 90 + "\n")
    holder = subprocess.Popen(
        ["flock", str(tmp_path / "log" / logfiles.LOCK), "sh", "-c", "echo held; read line"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"

    file.write("meanwhile\n")
    assert _texts(tmp_path / "log" / "web.jsonl") == ["x" * 90, "meanwhile"]

    holder.communicate("\n")
    file.write("after\n")
    assert _texts(tmp_path / "log" / "web.jsonl") == ["after"]


def test_a_removed_folder_comes_back(made: Make, tmp_path: Path) -> None:
    file = made()
    file.write("one\n")
    (tmp_path / "log" / "web.jsonl").unlink()
    (tmp_path / "log").rmdir()

    file.write("two\n")

    assert _texts(tmp_path / "log" / "web.jsonl") == ["two"]


# --- Several processes ---

WRITER = """
import sys
from pathlib import Path
from portal.kit.logfiles import LogFile

file = LogFile(Path(sys.argv[1]), "web", days=14, largest=50_000, tell=lambda *words: sys.exit(repr(words)))
print("ready", flush=True)
sys.stdin.readline()
for number in range(3_000):
    file.write(f'{{"writer": {sys.argv[2]}, "number": {number}, "fill": "{"x" * (number % 300)}"}}\\n')
"""
PROCESSES, LINES = 4, 3_000


def test_four_processes_lose_and_tear_no_line_while_files_are_renamed_under_them(tmp_path: Path) -> None:
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path), str(number)],
            cwd=project.BASE_DIR,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(PROCESSES)
    ]
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write("go\n")
        writer.stdin.flush()
    assert [writer.communicate(timeout=60)[1] for writer in writers] == [""] * PROCESSES

    files = logfiles.files_of(tmp_path)
    lines = [json.loads(line) for path in files for line in _texts(path)]
    assert Counter((line["writer"], line["number"]) for line in lines) == Counter(
        {(writer, number): 1 for writer in range(PROCESSES) for number in range(LINES)}
    )
    # Some 45 files of 50 KB; while one process renames, the others go on writing, so each may be a little larger.
    assert len(files) > 10


BATCHED = """
import django
django.setup()
from portal.kit import lines, logs
logs.batch()
logs.batch()
with lines.later:
    for number in range(5):
        logs.access(method="GET", path=f"/{number}", route="", status=200, duration_ms=1)
"""


def test_access_lines_that_wait_are_in_the_file_at_an_orderly_end(tmp_path: Path) -> None:
    said = _run(BATCHED, tmp_path)

    kept = [json.loads(line) for line in _texts(tmp_path / "command.jsonl")]
    assert [line["path"] for line in kept] == ["/0", "/1", "/2", "/3", "/4"]
    assert said == kept


# --- A full disk ---

FULL = """
import logging, resource, signal, sys
import django
django.setup()
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # the write fails then, as on a full disk
log = logging.getLogger("steward.test")
resource.setrlimit(resource.RLIMIT_FSIZE, (2_500, resource.RLIM_INFINITY))
for number in range(40):
    log.info("line %s", number)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
log.info("room again")
log.info("the end")
"""


def _run(program: str, where: Path) -> list[dict[str, str]]:
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=project.BASE_DIR,
        env={**os.environ, "STEWARD_LOG_PATH": str(where), "STEWARD_LOG_FORMAT": "json", "STEWARD_LOG_LEVEL": "info"},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=60,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_on_a_full_disk_the_process_goes_on_and_says_so_once(tmp_path: Path) -> None:
    said = _run(FULL, tmp_path / "log")

    assert [line["message"] for line in said if line["logger"] == "steward.test"] == [
        *(f"line {number}" for number in range(40)),
        "room again",
        "the end",
    ]
    full, again = (line for line in said if line["logger"] == "steward.logs")
    assert full["level"] == "error"
    assert "lines go to standard output alone until it can. Make room" in full["message"]
    assert again["message"].endswith("command.jsonl is written again.")


def test_after_a_full_disk_the_file_goes_on_with_whole_lines(tmp_path: Path) -> None:
    _run(FULL, tmp_path / "log")

    *before, torn, first, last = _texts(tmp_path / "log" / "command.jsonl")
    assert [json.loads(line)["message"] for line in (first, last)] == ["room again", "the end"]
    assert [json.loads(line)["message"] for line in before] == [f"line {number}" for number in range(len(before))]
    with pytest.raises(json.JSONDecodeError):
        json.loads(torn)


def test_a_folder_that_cannot_be_made_is_told_once(made: Make, told: Told, tmp_path: Path) -> None:
    (tmp_path / "log").write_text("a file is in the way")
    file = made()

    file.write("one\n")
    file.write("two\n")
    assert len(told) == 1
    assert told[0][0] == "error"
    assert str(tmp_path / "log" / "web.jsonl") in told[0][1]

    (tmp_path / "log").unlink()
    file.write("three\n")
    assert _texts(tmp_path / "log" / "web.jsonl") == ["three"]
    assert [level for level, _sentence in told] == ["error", "info"]


def test_a_link_in_place_of_the_file_is_not_followed(made: Make, told: Told, tmp_path: Path) -> None:
    (tmp_path / "log").mkdir()
    (tmp_path / "elsewhere").write_text("")
    (tmp_path / "log" / "web.jsonl").symlink_to(tmp_path / "elsewhere")

    made().write("one\n")

    assert (tmp_path / "elsewhere").read_text() == ""
    assert [level for level, _sentence in told] == ["error"]
