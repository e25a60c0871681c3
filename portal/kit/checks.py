"""System checks of the house, with stable ids: a declaration that cannot work, or a setting that is not safe.

E0xx hold the declarations of the rooms, in every environment. E1xx and W1xx hold the settings, in production;
E11x ask the database, before web, worker or beat start. `EXPLAINED` is the list in docs/configuration.md.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any
from zoneinfo import available_timezones

from cronsim import CronSim, CronSimError
from django.apps import AppConfig, apps
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register, run_checks  # noqa: A004 - Django's own name
from django.core.management.base import CommandError

from portal.kit import clock, ports, registry, safety
from portal.kit.mail import faults
from portal.kit.models import Evidence
from portal.kit.services import OUR_APPS

PRODUCTION_TAG = "steward_production"
HOUSE_TAG = "steward_house"

EXPLAINED: dict[str, str] = {
    "steward.E001": "A port of the common floor is empty: the room that fills it is not installed.",
    "steward.E002": "A model does not state its evidence.",
    "steward.E003": "A job demands a permission that no room declares.",
    "steward.E004": "A schedule names an unknown job, an unreadable cron expression or an unknown time zone.",
    "steward.E005": "A menu entry or cleanup demands a permission that no room declares.",
    "steward.E006": "An event code is not of the form room.noun.past, or its room does not exist.",
    "steward.E007": "A permission code is not of the form noun:verb.",
    "steward.E101": "SECRET_KEY is missing, too short or a known example.",
    "steward.E102": "STEWARD_ENCRYPTION_KEYS is missing or malformed.",
    "steward.E103": "STEWARD_ALLOWED_HOSTS is empty, *, or names only this machine.",
    "steward.E104": "STEWARD_PUBLIC_URL is not an https address.",
    "steward.E105": "DATABASE_URL is missing: the embedded server is not for production.",
    "steward.E106": "REDIS_URL is missing: the embedded server is not for production.",
    "steward.E107": "ROOT_PASSWORD is one that anybody would try first.",
    "steward.E108": "STEWARD_METRICS_KEY is too short to keep anybody out.",
    "steward.E109": "STEWARD_TIME_ZONE is not an IANA time zone (in every environment).",
    "steward.E110": "The login of the application is a superuser, bypasses row-level security or owns a table.",
    "steward.E111": "Threads and workers may open more connections than the database server allows.",
    "steward.E112": "The database server is not PostgreSQL 15 to 18.",
    "steward.E113": "STEWARD_BACKUP_KEYS is missing, malformed or a key of STEWARD_ENCRYPTION_KEYS.",
    "steward.E121": "STEWARD_MAIL names a delivery whose settings are missing (in every environment).",
    "steward.E122": "STEWARD_MAIL_WEBHOOK_SECRET is malformed or too short (in every environment).",
    "steward.W101": "DEMO is on in production.",
    "steward.W102": "The database is on another machine and TLS is not demanded.",
    "steward.W103": "Redis is on another machine and TLS is not used.",
    "steward.W104": "No reverse proxy is trusted, but the web server speaks plain HTTP.",
    "steward.W105": "STEWARD_BACKUP_TARGETS is empty: no backup can be made.",
    "steward.W121": "No mail leaves: STEWARD_MAIL is outbox.",
    "steward.W122": "Mail goes to another machine without TLS.",
    "steward.W123": "The mail provider cannot report bounces: STEWARD_MAIL_WEBHOOK_SECRET is empty.",
}
_EVENT = re.compile(r"([a-z]+)\.[a-z]+(?:_[a-z]+)*\.([a-z]+)(?:_[a-z]+)*\Z")
_PERMISSION = re.compile(r"[a-z]+(?:_[a-z]+)*:[a-z]+(?:_[a-z]+)*\Z")
# Past participles that do not end in -ed; the third part of an event code tells what has happened.
_IRREGULAR = frozenset(
    {
        *(
            "begun",
            "bound",
            "bought",
            "broken",
            "brought",
            "built",
            "caught",
            "chosen",
            "cut",
            "done",
            "drawn",
            "driven",
        ),
        *("fallen", "forgotten", "found", "frozen", "given", "gone", "grown", "held", "hidden", "hit", "kept", "known"),
        *("left", "lent", "lost", "made", "met", "overridden", "overrun", "paid", "put", "read", "rebuilt", "reset"),
        *("resent", "rerun", "run", "said", "seen", "sent", "set", "shown", "shut", "sold", "sought", "split", "spent"),
        *("stolen", "stuck", "taken", "taught", "thrown", "told", "torn", "undone", "unset", "upheld", "withdrawn"),
        *("withheld", "won", "written"),
    }
)


@register(HOUSE_TAG)
def check_ports(app_configs: Sequence[AppConfig] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """steward.E001."""
    return [
        Error(
            f"The port {port.name} is empty.",
            hint="Fill it once in the ready() of the room that provides it, and install that room.",
            obj=port.name,
            id="steward.E001",
        )
        for port in ports.PORTS
        if not port.filled
    ]


@register(HOUSE_TAG)
def check_evidence(app_configs: Sequence[AppConfig] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """steward.E002."""
    found: list[CheckMessage] = []
    for model in apps.get_models(include_auto_created=True):
        if model._meta.app_label not in OUR_APPS or model._meta.proxy:
            continue
        wrong = _evidence_fault(getattr(model, "evidence", None))
        if wrong:
            found.append(
                Error(
                    f"{model._meta.label} {wrong}",
                    hint="Write evidence = EVENT, SUMMARY or no_evidence('why nobody will miss it') on the class.",
                    obj=model,
                    id="steward.E002",
                )
            )
    return found


def _evidence_fault(evidence: object) -> str:
    if not isinstance(evidence, Evidence):
        return "does not state its evidence."
    if evidence.kind not in {"event", "summary", "none"}:
        return f"states an unknown evidence, {evidence.kind!r}."
    if evidence.kind == "none" and not evidence.reason.strip():
        return "leaves no evidence and gives no reason."
    return ""


@register(HOUSE_TAG)
def check_jobs(app_configs: Sequence[AppConfig] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """steward.E003."""
    return [_undeclared("Job", job.name, job.permission, "steward.E003") for job in registry.jobs if _unknown(job)]


@register(HOUSE_TAG)
def check_schedules(app_configs: Sequence[AppConfig] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """steward.E004."""
    zones = available_timezones()
    return [
        Error(f"Schedule {schedule.name} {wrong}", hint=hint, obj=schedule.name, id="steward.E004")
        for schedule in registry.schedules
        for wrong, hint in _schedule_faults(schedule, zones)
    ]


def _schedule_faults(schedule: registry.Schedule, zones: set[str]) -> Iterator[tuple[str, str]]:
    if schedule.job not in registry.jobs:
        yield f"starts the job {schedule.job!r}, which no room declares.", "Declare the job, or name a declared one."
    try:
        next(CronSim(schedule.cron, clock.now()))
    except (CronSimError, StopIteration):
        yield (
            f"has the cron expression {schedule.cron!r}, which names no time.",
            "Write five fields: minute hour day month weekday, such as 30 3 * * *.",
        )
    if schedule.time_zone and schedule.time_zone not in zones:
        yield f"has the time zone {schedule.time_zone!r}.", "Write an IANA name, such as Europe/Vienna."


@register(HOUSE_TAG)
def check_demanded_permissions(app_configs: Sequence[AppConfig] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """steward.E005."""
    entries = [
        _undeclared("Menu entry", item.name, item.permission, "steward.E005")
        for item in registry.menu
        if item.realm != "self" and _unknown(item)
    ]
    cleanups = [
        _undeclared("Cleanup", item.name, item.permission, "steward.E005")
        for item in registry.cleanups
        if _unknown(item)
    ]
    return entries + cleanups


def _unknown(item: registry.Job | registry.MenuItem | registry.Cleanup) -> bool:
    return item.permission not in registry.permissions


def _undeclared(kind: str, name: str, code: str, check: str) -> CheckMessage:
    return Error(
        f"{kind} {name} demands the permission {code!r}, which no room declares.",
        hint="Declare it in the room's permissions.py, or demand a declared one.",
        obj=name,
        id=check,
    )


@register(HOUSE_TAG)
def check_event_codes(app_configs: Sequence[AppConfig] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """steward.E006."""
    found: list[CheckMessage] = []
    for event in registry.events:
        match = _EVENT.match(event.code)
        if match is None:
            wrong = "is not of the form room.noun.past."
        elif match[1] not in OUR_APPS:
            wrong = f"names {match[1]}, which is no room."
        elif not (match[2].endswith("ed") or match[2] in _IRREGULAR):
            wrong = f"ends in {match[2]!r}, which does not say what has happened."
        else:
            continue
        found.append(
            Error(
                f"The event code {event.code} {wrong}",
                hint="Write one such as accounts.user.created.",
                id="steward.E006",
            )
        )
    return found


@register(HOUSE_TAG)
def check_permission_codes(app_configs: Sequence[AppConfig] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """steward.E007."""
    return [
        Error(
            f"The permission code {permission.code!r} is not of the form noun:verb.",
            hint="Write one such as audit:read.",
            id="steward.E007",
        )
        for permission in registry.permissions
        if not _PERMISSION.match(permission.code)
    ]


@register(PRODUCTION_TAG)
def check_settings(app_configs: Sequence[AppConfig] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """steward.E101 to E109, E113, E121, E122, W101 to W105 and W121 to W123."""
    found = [*safety.everywhere(), *faults.everywhere()]
    if settings.PRODUCTION:
        found += [*safety.production(), *faults.production()]
    return [_message(fault) for fault in found]


def _message(fault: safety.Fault) -> CheckMessage:
    kind = Warning if fault.check.startswith("steward.W") else Error
    return kind(fault.sentence, hint=fault.remedy, id=fault.check)


def refuse_insecure(*, connect: bool = True) -> list[str]:
    """Refuse to start with an insecure setting: CommandError with every sentence. Called by web, worker and beat.

    With `connect` the database is asked too, in every environment: a login that row-level security does not bind, too
    few connections, or a version that Steward does not know. Returns the warnings, which do not stop the start.
    """
    found = run_checks(tags=[PRODUCTION_TAG])
    if connect:
        found += [_message(fault) for fault in safety.database()]
    wrong = [message for message in found if message.level >= 40 and not message.is_silenced()]
    if wrong:
        lines = "\n".join(f"  {message.id}: {message.msg} {message.hint}" for message in wrong)
        raise CommandError(f"Steward does not start with these settings:\n{lines}")
    return [f"{message.id}: {message.msg} {message.hint}" for message in found]
