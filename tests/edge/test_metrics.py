"""/metrics: who may read it, and that several processes add up."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings as project
from django.core.management.base import CommandError
from django.test import Client, RequestFactory
from pytest_django import Settings

from portal.kit import metrics

KEY = "a-metrics-key-of-this-test"
ROOT = project.BASE_DIR


def _ask(**meta: str) -> int:
    request = RequestFactory().get("/metrics", **meta)  # type: ignore[arg-type]
    try:
        return metrics.metrics(request).status_code
    except metrics.MetricsClosed as closed:
        return closed.status


@pytest.mark.parametrize(
    ("authorization", "status"),
    [
        (f"Bearer {KEY}", 200),
        (f"bearer {KEY}", 200),
        ("", 403),
        (KEY, 403),
        (f"Basic {KEY}", 403),
        (f"Bearer {KEY}x", 403),
        (f"Bearer {KEY[:-1]}", 403),
        ("Bearer ümlaut", 403),
    ],
)
def test_the_key_alone_opens_the_metrics(settings: Settings, authorization: str, status: int) -> None:
    settings.METRICS_KEY = KEY

    assert _ask(HTTP_AUTHORIZATION=authorization) == status


def test_with_a_key_this_machine_itself_needs_it_too(settings: Settings) -> None:
    settings.METRICS_KEY = KEY

    assert _ask(REMOTE_ADDR="127.0.0.1") == 403


@pytest.mark.parametrize(
    ("meta", "status"),
    [
        ({"REMOTE_ADDR": "127.0.0.1"}, 200),
        ({"REMOTE_ADDR": "::1"}, 200),
        ({"REMOTE_ADDR": "192.0.2.7"}, 403),
        ({"REMOTE_ADDR": ""}, 403),
        ({"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "192.0.2.7"}, 403),
        ({"REMOTE_ADDR": "127.0.0.1", "HTTP_FORWARDED": "for=192.0.2.7"}, 403),
        ({"REMOTE_ADDR": "127.0.0.1", "HTTP_X_REAL_IP": "192.0.2.7"}, 403),
        ({"REMOTE_ADDR": "127.0.0.1", "HTTP_VIA": "1.1 proxy"}, 403),
    ],
)
def test_without_a_key_only_this_machine_itself_is_answered(
    settings: Settings, meta: dict[str, str], status: int
) -> None:
    settings.METRICS_KEY = ""

    assert _ask(**meta) == status


def test_the_page_is_prometheus_text_with_our_series(client: Client, settings: Settings) -> None:
    settings.METRICS_KEY = KEY
    metrics.count_error("kit.test_of_metrics")

    reply = client.get("/metrics", headers={"Authorization": f"Bearer {KEY}"})

    assert reply["Content-Type"].startswith("text/plain; version=")
    assert reply["Cache-Control"] == "no-store"
    assert 'steward_kit_errors_total{code="kit.test_of_metrics"} 1.0' in reply.content.decode()


def test_a_stranger_gets_the_words_of_the_refusal_and_no_series(client: Client, settings: Settings) -> None:
    settings.METRICS_KEY = KEY

    reply = client.get("/metrics")

    assert reply.status_code == 403
    assert "steward_kit" not in reply.content.decode()


def test_an_unwritable_folder_names_the_setting(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(metrics.DIRECTORY, raising=False)
    settings.STEWARD_VAR = tmp_path / "file"
    settings.STEWARD_VAR.write_text("")

    with pytest.raises(CommandError, match="Make STEWARD_VAR writable"):
        metrics.prepare_directory()

    assert metrics.DIRECTORY not in os.environ


PROCESSES = """
import os
import django
django.setup()
from django.test import RequestFactory
from portal.kit import metrics

for part in ("worker", "web"):  # each part counts in a folder of its own
    children = []
    metrics.prepare_directory(part)
    for _ in range(2):
        child = os.fork()
        if child == 0:
            metrics.count_error("kit.forked")
            metrics.count_error("kit.forked")
            os._exit(0)
        children.append(child)
    assert all(os.waitpid(child, 0)[1] == 0 for child in children)
print(metrics.metrics(RequestFactory().get("/metrics")).content.decode())
"""


def _run(program: str, var: Path) -> str:
    return subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={**os.environ, "STEWARD_VAR": str(var), "STEWARD_METRICS_KEY": "", "STEWARD_LOG_LEVEL": "error"},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout


def test_processes_forked_after_the_folder_is_prepared_add_up(tmp_path: Path) -> None:
    out = _run(PROCESSES, tmp_path)

    assert 'steward_kit_errors_total{code="kit.forked"} 8.0' in out


AT_ONCE = """
import os
import django
django.setup()
from portal.kit import metrics

children = []
for _ in range(8):
    child = os.fork()
    if child == 0:
        for _ in range(50):  # Each as if it were a worker that starts beside the others.
            metrics.prepare_directory("worker")
        metrics.count_error("kit.forked")
        os._exit(0)
    children.append(child)
print([os.waitpid(child, 0)[1] for child in children])
"""


def test_workers_that_start_at_the_same_moment_leave_each_other_the_folder(tmp_path: Path) -> None:
    assert _run(AT_ONCE, tmp_path).strip() == str([0] * 8)


def test_who_starts_later_leaves_the_counters_of_a_running_one(tmp_path: Path) -> None:
    second = PROCESSES.replace("print(", "metrics.prepare_directory('worker')\nprint(")

    assert 'steward_kit_errors_total{code="kit.forked"} 8.0' in _run(second, tmp_path)


def test_a_later_start_begins_at_zero(tmp_path: Path) -> None:
    _run(PROCESSES, tmp_path)

    assert 'steward_kit_errors_total{code="kit.forked"} 8.0' in _run(PROCESSES, tmp_path)


def test_a_file_that_is_torn_does_not_hide_the_others(tmp_path: Path) -> None:
    tear = 'open(os.environ[metrics.DIRECTORY] + "/counter_999999.db", "wb").write(b"\\xff\\xff\\xff\\x00")'
    torn = PROCESSES.replace("print(", f"{tear}\nprint(")

    assert 'steward_kit_errors_total{code="kit.forked"} 8.0' in _run(torn, tmp_path)


FULL_DISK = """
import errno
import os
import django
django.setup()
from portal.kit import metrics

metrics.prepare_directory()
def full(*args):
    raise OSError(errno.ENOSPC, "No space left on device")
os.posix_fallocate = full
metrics.count_error("kit.full_disk")
print(metrics.ERRORS.labels("kit.full_disk")._value.get())
"""


def test_a_full_disk_costs_a_series_its_sharing_and_no_request(tmp_path: Path) -> None:
    assert _run(FULL_DISK, tmp_path).strip() == "1.0"


def test_a_counting_file_has_its_bytes_before_it_is_mapped(tmp_path: Path) -> None:
    path = tmp_path / "counter_1.db"
    kept = metrics.ReservedDict(str(path))
    for number in range(3_000):
        kept.write_value(f"{number}-{'x' * 50}", 1.0, 0.0)  # type: ignore[no-untyped-call]
    kept.close()  # type: ignore[no-untyped-call]

    stat = path.stat()
    assert stat.st_size > 1 << 16
    assert stat.st_blocks * 512 >= stat.st_size
    assert len(list(metrics.ReservedDict(str(path)).read_all_values())) == 3_000  # type: ignore[no-untyped-call]
