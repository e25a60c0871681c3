"""From end to end: a real Prometheus reads a real web server, and an old backup raises an alert."""

import json
import subprocess
import urllib.request
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings

from maintenance.services import heartbeats
from portal.kit import clock, context, logfiles
from portal.kit.services import writing
from tests.browser.server import Web, free_port
from tests.monitoring.conftest import KEY
from tests.monitoring.world import make_backup
from tests.waiting import wait_for

DEPLOY = Path(settings.BASE_DIR) / "deploy" / "prometheus"


class Prometheus:
    """Debian's Prometheus with our example configuration, in a hurry: it asks every second, and nothing has to last."""

    def __init__(self, folder: Path, target: str) -> None:
        config = yaml.safe_load((DEPLOY / "prometheus.yml").read_text("utf-8"))
        config["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
        (scrape,) = config["scrape_configs"]
        scrape["static_configs"] = [{"targets": [target]}]
        scrape["authorization"] = {"type": "Bearer", "credentials": KEY}
        rules = yaml.safe_load((DEPLOY / "rules" / "steward.yml").read_text("utf-8"))
        for rule in (rule for group in rules["groups"] for rule in group["rules"]):
            rule.pop("for", None)
        (folder / "rules").mkdir()
        (folder / "rules" / "steward.yml").write_text(yaml.safe_dump(rules))
        (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
        self._address = f"127.0.0.1:{free_port()}"
        self._log = (folder / "prometheus.log").open("wb")
        self._process = subprocess.Popen(
            [
                "prometheus",
                f"--config.file={folder / 'prometheus.yml'}",
                f"--storage.tsdb.path={folder / 'data'}",
                f"--web.listen-address={self._address}",
            ],
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )

    def ask(self, path: str) -> Any:
        """The data of a reply of its API; None while it does not answer."""
        assert self._process.poll() is None, "Prometheus has ended; see its log"
        try:
            with urllib.request.urlopen(f"http://{self._address}/api/v1/{path}", timeout=10) as reply:
                return json.load(reply)["data"]
        except OSError:
            return None

    def firing(self) -> dict[str, dict[str, Any]]:
        """The alerts that fire, by name."""
        told = self.ask("alerts") or {"alerts": []}
        return {alert["labels"]["alertname"]: alert for alert in told["alerts"] if alert["state"] == "firing"}

    def stop(self) -> None:
        """End it."""
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(20)
        self._log.close()


@pytest.fixture
def web(own_database: dict[str, str], tmp_path: Path) -> Iterator[Web]:
    """A real web server on this test's database, with a key for its metrics and with log files."""
    place = {"STEWARD_METRICS_KEY": KEY, "STEWARD_LOG_PATH": str(tmp_path / "log"), "STEWARD_WEB_WORKERS": "2"}
    server = Web({**own_database, **place})
    yield server
    server.stop()


@pytest.fixture
def prometheus(web: Web, tmp_path: Path) -> Iterator[Prometheus]:
    """A real Prometheus that reads it."""
    running = Prometheus(tmp_path, f"127.0.0.1:{web.port}")
    yield running
    running.stop()


def _beats(*kinds: str) -> None:
    with context.system("a test"):
        for kind in kinds:
            heartbeats.heartbeat_write(name=f"{kind} of a test", kind=kind)


def test_an_old_backup_raises_an_alert_that_a_new_one_ends(prometheus: Prometheus, tmp_path: Path) -> None:
    make_backup(clock.now() - timedelta(hours=31), verified=True)
    wait_for(lambda: "BackupTooOld" in prometheus.firing(), what="the alert")

    alert = prometheus.firing()["BackupTooOld"]
    assert alert["labels"] == {
        "alertname": "BackupTooOld",
        "job": "steward",
        "service": "steward",
        "severity": "critical",
    }
    assert alert["annotations"]["summary"].startswith("The newest backup is 1d 7h ")
    assert "BackupNotVerified" in prometheus.firing()
    (target,) = prometheus.ask("targets")["activeTargets"]
    assert (target["health"], target["lastError"]) == ("up", "")

    backup = make_backup(clock.now())
    wait_for(lambda: "BackupTooOld" not in prometheus.firing(), what="the end of the alert")
    assert "BackupNotVerified" in prometheus.firing()

    with context.system("a test"), writing():
        backup.verified_at = clock.now()
        backup.save(update_fields=["verified_at"])
    wait_for(lambda: "BackupNotVerified" not in prometheus.firing(), what="the end of the other alert")

    # All processes of the web server write into its one log file.
    lines = [json.loads(line) for path in logfiles.files_of(tmp_path / "log", "web") for line in path.open()]
    assert any(line.get("path") == "/metrics" for line in lines)
    assert not (tmp_path / "log" / "command.jsonl").exists()


def test_a_worker_that_is_missed_raises_an_alert_and_one_that_comes_ends_it(prometheus: Prometheus) -> None:
    wait_for(lambda: {"NoWorker", "NoBeat"} <= prometheus.firing().keys(), what="the alerts", tick=lambda: None)

    wait_for(
        lambda: not {"NoWorker", "NoBeat"} & prometheus.firing().keys(),
        what="the end of the alerts",
        tick=lambda: _beats("worker", "beat"),
    )
