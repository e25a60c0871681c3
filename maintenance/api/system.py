"""The system over the API: the same facts as its pages."""

from dataclasses import asdict
from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.request import Request

from maintenance.system import configuration, logs, snapshot
from maintenance.system.panels import Answer
from portal.kit.api import ApiView, Reply, endpoint, one_of, text, whole
from portal.kit.api.view import json


class SystemReply(Reply):
    """How the installation stands. Each part holds `value` (null where it could not be read) and `problem`: empty,
    slow (no answer in time), hidden (not for this login) or away."""

    status = serializers.ChoiceField(choices=["ok", "degraded", "down"])
    checks = serializers.ListField(child=serializers.DictField())
    parts = serializers.DictField(child=serializers.DictField())
    versions = serializers.DictField(child=serializers.CharField())
    embedded = serializers.BooleanField()
    one_login = serializers.BooleanField()
    example = {
        "status": "degraded",
        "checks": [
            {
                "name": "worker",
                "label": "Worker",
                "state": "degraded",
                "detail": "No worker is running.",
                "duration_ms": 1.2,
            }
        ],
        "parts": {"queue": {"problem": "", "value": {"due": 3, "oldest": 41.5, "running": 0}}},
        "versions": {"Steward": "0.1.0", "PostgreSQL": "18.4"},
        "embedded": False,
        "one_login": False,
    }


class SettingReply(Reply):
    """A setting. A secret shows only whether it is set; an address all but its password."""

    name = serializers.CharField()
    group = serializers.CharField()
    value = serializers.CharField(allow_blank=True)
    default = serializers.CharField(allow_blank=True)
    source = serializers.ChoiceField(choices=["default", "environment", "file", "generated"])  # type: ignore[assignment]
    secret = serializers.BooleanField()
    example = {
        "name": "STEWARD_RATE_API",
        "group": "Rate limits",
        "value": "250",
        "default": "100",
        "source": "environment",
        "secret": False,
    }


class LineReply(Reply):
    """A line of the log files."""

    at = serializers.DateTimeField()
    level = serializers.CharField()
    logger = serializers.CharField()
    message = serializers.CharField(allow_blank=True)
    request_id = serializers.CharField(allow_blank=True)
    process = serializers.CharField()
    more = serializers.CharField(allow_blank=True)
    error = serializers.CharField(allow_blank=True)
    example = {
        "at": "2026-01-31T02:30:04Z",
        "level": "info",
        "logger": "steward.access",
        "message": "request",
        "request_id": "5f2b6c1e9d3a4b7c8e1f2a3b4c5d6e7f",
        "process": "web",
        "more": "method=GET path=/ status=200 duration_ms=3.1",
        "error": "",
    }


class LogsReply(Reply):
    """The newest lines that fit, newest first. `whole`: every line that is kept was looked at."""

    items = LineReply(many=True)
    whole = serializers.BooleanField()
    written = serializers.BooleanField()
    example = {"items": [LineReply.example], "whole": True, "written": True}


class ConfigurationReply(Reply):
    """Every setting, in the order of the reference."""

    items = SettingReply(many=True)
    example = {"items": [SettingReply.example]}


class SystemView(ApiView):
    """The state of the installation."""

    access = "system:read"

    @endpoint(reply=SystemReply)
    def get(self, request: Request) -> HttpResponse:
        """Read health, processes, queue, machine, servers, folders and the inside of the database. Bytes and seconds."""
        live, slow = snapshot.live(self.actor), snapshot.installation(self.actor)
        inside = snapshot.inside(self.actor)
        server, broker = slow.database.value, slow.broker.value
        versions = dict(slow.versions) | {"pg_dump": slow.dump_tool.value or ""}
        parts = {
            **{name: _part(getattr(live, name)) for name in ("processes", "queue")},
            **{name: _part(getattr(slow, name)) for name in ("machine", "disks", "folders", "database", "broker")},
            **{name: _part(getattr(inside, name)) for name in ("growth", "tables", "indexes", "statements")},
        }
        return json(
            {
                "status": live.health.status,
                "checks": [asdict(check) for check in live.health.checks],
                "parts": parts,
                "versions": versions
                | ({"PostgreSQL": server.version} if server else {})
                | ({"Redis": broker.version} if broker else {}),
                "embedded": slow.embedded,
                "one_login": slow.one_login,
            }
        )


class ConfigurationView(ApiView):
    """The configuration of the installation."""

    access = "system:read"

    @endpoint(reply=ConfigurationReply)
    def get(self, request: Request) -> HttpResponse:
        """Read every setting with its value and source."""
        names = ("name", "group", "value", "default", "source", "secret")
        found = configuration.settings_read()
        return json({"items": [{name: getattr(one, name) for name in names} for one in found]})


class LogsView(ApiView):
    """The newest lines of the log files of this machine."""

    access = "system:read"

    @endpoint(
        reply=LogsReply,
        query=(
            one_of("level", _("Only lines of this level and above."), logs.LEVELS),
            text("logger", _("Only lines of this logger and those below it."), example="steward.access"),
            text("request", _("Only lines of this request or correlation id.")),
            text("q", _("Words, all of which stand in the line.")),
            whole("limit", _("Most lines."), low=1, high=logs.LINES, default=50),
        ),
    )
    def get(self, request: Request) -> HttpResponse:
        """Read the newest lines. Secrets were taken out when they were written."""
        asked = self.asked
        found = logs.tail(
            logs.Asked(asked["level"] or "", asked["logger"] or "", asked["request"] or "", asked["q"] or ""),
            limit=asked["limit"],
        )
        items = [asdict(line) for line in found.lines]
        return json({"items": items, "whole": found.whole, "written": bool(found.folder)})


def _part(answer: Answer[Any]) -> dict[str, Any]:
    return {"problem": answer.problem, "value": _plain(answer.value)}


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if hasattr(value, "__dataclass_fields__"):
        return {name: _seconds(one) for name, one in asdict(value).items()}
    return value


def _seconds(value: Any) -> Any:
    return value.total_seconds() if hasattr(value, "total_seconds") else value
