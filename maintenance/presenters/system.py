"""The system in the words of its pages."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from django.conf import settings
from django.urls import reverse
from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from maintenance.presenters.runs import TONES, title_of
from maintenance.system import configuration, database, logs
from maintenance.system.panels import Answer
from maintenance.system.snapshot import Inside, Installation, Live
from portal.kit import charts, health
from portal.kit.templatetags.kit import duration, size

T = TypeVar("T")
Facts = list[dict[str, Any]]
HEALTH = {
    "ok": ("ok", gettext_lazy("Works")),
    "degraded": ("warn", gettext_lazy("Degraded")),
    "down": ("bad", gettext_lazy("Down")),
}
KINDS = {"worker": gettext_lazy("Worker"), "beat": gettext_lazy("Scheduler")}
FOLDERS = {
    "uploads": gettext_lazy("Uploads"),
    "temporary": gettext_lazy("Temporary files"),
    "logs": gettext_lazy("Log files"),
    "backups": gettext_lazy("Backups"),
    "spool": gettext_lazy("Spool"),
}
SOURCES = {
    "default": ("none", gettext_lazy("Default")),
    "environment": ("info", gettext_lazy("Environment")),
    "file": ("info", gettext_lazy("File")),
    "generated": ("ok", gettext_lazy("Generated")),
}
LEVEL_TONES = {"debug": "none", "info": "info", "warning": "warn", "error": "bad", "critical": "bad"}
FULL_SOON_DAYS = 30


def problem(answer: Answer[Any]) -> str:
    """Why a panel is empty, as a sentence; empty when it is not."""
    if answer.problem == "slow":
        return _("No answer in 2 s. The rest of the page is not affected.")
    if answer.problem == "hidden":
        return _("The login of the application may not see that.")
    if answer.problem == "away":
        return _("It cannot be asked at the moment (%(why)s).") % {"why": answer.detail}
    return ""


def panel(answer: Answer[T], facts: Callable[[T], Facts]) -> dict[str, Any]:
    """A panel of facts, or the sentence that stands in its place."""
    return {"problem": problem(answer), "facts": facts(answer.value) if answer.value is not None else []}


def live_values(found: Live) -> dict[str, Any]:
    """The part that refreshes itself."""
    processes, queue = found.processes.value or [], found.queue.value
    alive = {process.kind for process in processes if not process.silent}
    tone, label = HEALTH[found.health.status]
    checks = [_check(check) for check in found.health.checks]
    return {
        "version": "-".join([*(f"{check['tone']}" for check in checks), str(len(processes)), str(queue)]),
        "status": {"tone": tone, "label": label, "name": found.health.status},
        "checks": checks,
        "worker_missing": not found.processes.problem and "worker" not in alive,
        "beat_missing": not found.processes.problem and "beat" not in alive,
        "processes": [
            {
                "kind": KINDS.get(process.kind, process.kind),
                "host": process.host,
                "number": process.number,
                "started_at": process.started_at,
                "seen_at": process.seen_at,
                "tone": "bad" if process.silent else "ok",
                "state_label": _("Silent") if process.silent else _("Alive"),
            }
            for process in processes
        ],
        "processes_problem": problem(found.processes),
        "queue": panel(found.queue, _queue),
        "jobs_url": reverse("maintenance:jobs"),
    }


def _check(check: health.CheckResult) -> dict[str, Any]:
    tone, label = HEALTH[check.state]
    return {
        "label": check.label,
        "tone": tone,
        "state_label": label,
        "detail": check.detail,
        "seconds": check.duration_ms / 1000,
    }


def _queue(queue: Any) -> Facts:
    waits = {"seconds": queue.oldest.total_seconds()} if queue.oldest is not None else {"value": "–"}
    return [
        {"label": _("Due and waiting"), "value": queue.due},
        {"label": _("The oldest waits for"), **waits},
        {"label": _("For later"), "value": queue.later},
        {"label": _("Running"), "value": queue.running},
        {"label": _("Running without a sign of life"), "value": queue.lost},
        {"label": _("Failed in the last 24 hours"), "value": queue.failed},
    ]


def installation_values(found: Installation) -> dict[str, Any]:
    """The panels below."""
    return {
        "machine": panel(found.machine, _machine),
        "disks": {"problem": problem(found.disks), "rows": [_disk(disk) for disk in found.disks.value or []]},
        "folders": {"problem": problem(found.folders), "rows": [_folder(one) for one in found.folders.value or []]},
        "database": panel(found.database, _database) | {"notes": _database_notes(found)},
        "growth": growth_values(found.growth, found.disks)["sentence"],
        "broker": panel(found.broker, _broker),
        "broker_none": not found.broker.problem and found.broker.value is None,
        "versions": _versions(found),
        "last_runs": {
            "problem": problem(found.last_runs),
            "rows": [
                {
                    "title": title_of(run),
                    "when": run.finished_at,
                    "tone": TONES[run.state],
                    "label": run.get_state_display(),
                    "url": reverse("maintenance:job", args=[run.pk]),
                }
                for run in found.last_runs.value or []
            ],
        },
        "environment": settings.STEWARD_ENV,
        "embedded": found.embedded,
        "one_login": found.one_login,
    }


def _machine(machine: Any) -> Facts:
    used = machine.memory_total - machine.memory_free
    share = round(100 * used / machine.memory_total) if machine.memory_total else 0
    return [
        {"label": _("Host"), "value": machine.host, "mono": True},
        {"label": _("System"), "value": machine.system},
        {"label": _("Processors"), "value": machine.processors},
        {"label": _("Load of the last minute"), "value": formats.number_format(machine.load, 2)},
        {"label": _("Memory in use"), "bytes": used, "note": f"{share} %, {_of(machine.memory_total)}"},
        {"label": _("Swap in use"), "bytes": machine.swap_used, "note": _of(machine.swap_total)},
        {"label": _("Memory of this process"), "bytes": machine.process_bytes},
        {"label": _("This process started"), "when": machine.process_started_at},
        {"label": _("Machine started"), "when": machine.booted_at},
    ]


def _of(number: int) -> str:
    return _("of %(size)s") % {"size": size(number)}


def _disk(disk: Any) -> dict[str, Any]:
    tone = "bad" if disk.used_percent >= 95 else "warn" if disk.used_percent >= 90 else "ok"
    text = _("%(free)s of %(total)s free") % {"free": size(disk.free), "total": size(disk.total)}
    return {"path": disk.path, "text": text, "percent": disk.used_percent, "tone": tone}


def _folder(folder: Any) -> dict[str, Any]:
    return {
        "label": FOLDERS[folder.name],
        "path": folder.path,
        "files": folder.files,
        "bytes": folder.bytes,
        "partial": folder.partial,
        "oldest_at": folder.oldest_at,
    }


def _database(server: database.Server) -> Facts:
    facts: Facts = [
        {"label": _("Size"), "bytes": server.size},
        {
            "label": _("Sessions"),
            "value": _("%(n)s of %(most)s") % {"n": server.sessions, "most": server.most_sessions},
        },
        {"label": _("Reads found in memory"), "value": _share(server.hit_rate)},
        {"label": _("Deadlocks"), "value": server.deadlocks},
        {"label": _("Temporary files written"), "bytes": server.temporary_bytes},
        {"label": _("Server started"), "when": server.started_at},
    ]
    oldest = server.oldest_transaction_seconds
    facts.insert(3, {"label": _("Oldest open transaction"), **({"seconds": oldest} if oldest else {"value": "–"})})
    return facts


def _database_notes(found: Installation) -> list[str]:
    notes = []
    server = found.database.value
    if server is not None and server.hidden_sessions:
        text = ngettext(
            "%(n)s session of another login cannot be looked into.",
            "%(n)s sessions of other logins cannot be looked into.",
            server.hidden_sessions,
        )
        notes.append(text % {"n": server.hidden_sessions})
    if not found.embedded:
        notes.append(_("The disk and memory of the database server cannot be seen from here."))
    return notes


def growth_values(growth: Answer[Any], disks: Answer[Any]) -> dict[str, Any]:
    """How the database grows: a chart and a sentence; the sentence says what is missing."""
    days, found = [], growth.value
    if growth.problem:
        return {"sentence": problem(growth), "chart": None, "tone": ""}
    if found is None or not found.days:
        return {
            "sentence": _("No sizes have been kept yet, so nothing is known about growth."),
            "chart": None,
            "tone": "",
        }
    days = [charts.Point(formats.date_format(day, "j M"), round(number / 1e6, 1)) for day, number in found.days]
    chart = charts.line(days, title=_("Size of the database"), unit="MB") if len(days) > 1 else None
    if found.bytes_per_day is None:
        return {"sentence": _("A forecast needs a week of sizes."), "chart": chart, "tone": ""}
    return {"chart": chart, **_forecast(found, disks)}


def _forecast(found: database.Growth, disks: Answer[Any]) -> dict[str, str]:
    slope = found.bytes_per_day or 0.0
    if slope <= 0:
        return {"sentence": _("It does not grow."), "tone": "ok"}
    grows = _("It grows by %(size)s a day.") % {"size": size(slope)}
    if not settings.STEWARD_EMBEDDED:
        return {"sentence": f"{grows} {_('The disk it lies on cannot be seen from here.')}", "tone": ""}
    if not disks.value:
        return {"sentence": grows, "tone": ""}
    full = found.full_in_days(disks.value[0].free) or 0
    text = ngettext(
        "At that rate the disk is full in about %(n)s day.", "At that rate the disk is full in about %(n)s days.", full
    )
    return {"sentence": f"{grows} {text % {'n': f'{full:,}'}}", "tone": "warn" if full < FULL_SOON_DAYS else ""}


def _broker(broker: Any) -> Facts:
    most = _of(broker.most_bytes) if broker.most_bytes else _("without a limit")
    return [
        {"label": _("Memory in use"), "bytes": broker.used_bytes, "note": most},
        {"label": _("Keys"), "value": broker.keys},
        {"label": _("Reads that found a key"), "value": _share(broker.hit_rate)},
        {"label": _("Keys thrown out"), "value": broker.evicted},
        {"label": _("Connections"), "value": broker.clients},
        {"label": _("Up for"), "seconds": broker.up_seconds},
    ]


def _share(share: float | None) -> str:
    return "–" if share is None else f"{formats.number_format(100 * share, 1)} %"


def _versions(found: Installation) -> Facts:
    server, broker = found.database.value, found.broker.value
    tool = found.dump_tool.value
    missing = _("none on this machine") if not found.dump_tool.problem else problem(found.dump_tool)
    return [
        *({"label": name, "value": number} for name, number in found.versions),
        {"label": "PostgreSQL", "value": server.version if server else "–"},
        {"label": "Redis", "value": broker.version if broker else "–"},
        {"label": "pg_dump", "value": tool or missing},
    ]


def inside_values(found: Inside) -> dict[str, Any]:
    """The page of the database."""
    return {
        "tables": {"problem": problem(found.tables), "rows": [_table(table) for table in found.tables.value or []]},
        "indexes": {"problem": problem(found.indexes), "rows": found.indexes.value or []},
        "statements": {
            "problem": problem(found.statements),
            "missing": not found.statements.problem and found.statements.value is None,
            "rows": [
                {
                    "text": one.text,
                    "calls": one.calls,
                    "total": duration(one.total_ms / 1000),
                    "mean": _("%(n)s ms") % {"n": formats.number_format(one.mean_ms, 2)},
                    "rows": one.rows,
                }
                for one in found.statements.value or []
            ],
        },
        "growth": growth_values(found.growth, found.disks),
    }


def _table(table: database.Table) -> dict[str, Any]:
    dead = table.dead_share
    return {
        "name": table.name,
        "parts": table.parts,
        "rows": table.rows,
        "bytes": table.bytes,
        "index_bytes": table.index_bytes,
        "dead": _share(dead),
        "dead_tone": "warn" if dead is not None and dead > 0.2 and table.rows > 1_000 else "",
        "vacuumed_at": table.vacuumed_at,
        "analysed_at": table.analysed_at,
    }


def setting_rows(found: list[configuration.Setting]) -> list[dict[str, Any]]:
    """Settings as the page shows them, by group."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for one in found:
        tone, label = SOURCES[one.source]
        groups.setdefault(one.group, []).append(
            {
                "name": one.name,
                "help": one.help,
                "value": one.value,
                "empty": _("not set") if one.secret else _("empty"),
                "source_tone": tone,
                "source_label": label,
                "where": one.where,
                "default": one.default if one.changed and one.default else "",
                "secret": one.secret,
            }
        )
    return [{"name": name, "settings": rows} for name, rows in groups.items()]


def log_lines(lines: list[logs.Line]) -> list[dict[str, Any]]:
    """Lines of the logs as the page shows them."""
    return [
        {
            "at": line.at,
            "level": line.level,
            "tone": LEVEL_TONES.get(line.level, "none"),
            "logger": line.logger,
            "message": line.message,
            "process": line.process,
            "request_id": line.request_id,
            "more": line.more,
            "error": line.error,
        }
        for line in lines
    ]


def tabs(current: str) -> list[Mapping[str, Any]]:
    """The pages about the system."""
    every = (
        ("system", _("Overview")),
        ("system_database", _("Database")),
        ("system_configuration", _("Configuration")),
        ("system_logs", _("Logs")),
    )
    return [
        {"label": label, "url": reverse(f"maintenance:{name}"), "current": name == current} for name, label in every
    ]
