"""Writing the trail."""

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from datetime import date
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.core.exceptions import ImproperlyConfigured
from django.db import connection, models

from audit import personal
from audit.canonical import encoded, storable
from portal.kit import clock, context, ids, logs, registry, webhooks
from portal.kit.context import Actor
from portal.kit.postgres.base import Statement, ours
from portal.kit.record import Outcome
from portal.kit.services import in_writing, writing

SCHEMA = 1  # Version of the meaning of the columns; a verifier needs it to read rows of every age.
HIDDEN = "•••"
LABEL_LIMIT = 300  # Characters; the longest name that any room allows is shorter, and an index holds each label.
Changes = Mapping[str, tuple[Any, Any]]
Row = dict[str, Any]
Parts = dict[UUID, dict[str, Any]]
_COLUMNS = {
    "id": "uuid",
    "occurred_at": "timestamptz",
    "code": "text",
    "category": "text",
    "severity": "text",
    "outcome": "text",
    "actor_kind": "text",
    "actor_id": "uuid",
    "actor_label": "text",
    "behalf_id": "uuid",
    "behalf_label": "text",
    "organisation_id": "uuid",
    "target_type": "text",
    "target_id": "uuid",
    "target_label": "text",
    "changes": "jsonb",
    "data": "jsonb",
    "personal": "jsonb",
    "reason": "text",
    "source": "text",
    "request_id": "text",
    "correlation_id": "text",
    "session_id": "uuid",
    "address": "inet",
    "agent": "text",
}
_NOTHING: dict[str, Any] = {"uuid": None, "inet": None, "text": "", "jsonb": {}}
_EMPTY: Row = {name: _NOTHING[kind] for name, kind in _COLUMNS.items() if kind in _NOTHING}
_NAMES = ", ".join(_COLUMNS)
# Not COPY: row-level security refuses COPY FROM.
_INSERT_MANY = (
    f"INSERT INTO audit_event (schema, {_NAMES}) SELECT {SCHEMA}, {_NAMES} FROM jsonb_to_recordset(%s::jsonb) "  # noqa: S608 - constants
    f"AS row ({', '.join(f'{name} {kind}' for name, kind in _COLUMNS.items())})"
)
_MANY = 1000  # Rows of one INSERT, so that neither side holds a hundred thousand at once.


def event_record(
    code: str,
    *,
    target: models.Model | None = None,
    changes: Changes | None = None,
    outcome: Outcome = "ok",
    reason: str = "",
    data: Mapping[str, Any] | None = None,
) -> None:
    """Fill of the port `kit.record.record`: one INSERT in the running transaction. See there for the contract."""
    row, parts = _draft(code, target, changes, outcome)
    if reason:
        row["reason"] = storable(reason)
    if data:
        row["data"] = data
    with nullcontext() if in_writing() else writing():  # A second door would cost a savepoint.
        webhooks.emit(code, row)
        _append(row, parts)


def events_record(code: str, rows: Sequence[tuple[models.Model, Changes]]) -> None:
    """Fill of the port `kit.record.record_many`: one INSERT per thousand events, keys of new persons in one more."""
    if not rows:
        return
    with nullcontext() if in_writing() else writing():  # A second door would cost a savepoint.
        for start in range(0, len(rows), _MANY):
            drafts = [_draft(code, target, changes, "ok") for target, changes in rows[start : start + _MANY]]
            keys = personal.keys_for({subject for _, parts in drafts for subject in parts})
            body = [_EMPTY | row | {"personal": personal.seal(row["id"], parts, keys)} for row, parts in drafts]
            with connection.cursor() as cursor:
                cursor.execute(_INSERT_MANY, [encoded(body)])
            for row, _parts in drafts:
                webhooks.emit(code, row)


def _append(row: Row, parts: Parts) -> None:
    """Write one event. It stands in every small write, so columns that are empty are left to their defaults."""
    if parts:
        row["personal"] = encoded(personal.seal(row["id"], parts, personal.keys_for(parts.keys())))
    for name in ("changes", "data"):
        if name in row:
            row[name] = encoded(row[name])
    ours().write(_insert(tuple(row)), [None if value is None else str(value) for value in row.values()])


@lru_cache(maxsize=1024)
def _insert(names: tuple[str, ...]) -> Statement:
    places = ", ".join(f"${number}" for number in range(1, len(names) + 1))
    return Statement(f"INSERT INTO audit_event (schema, {', '.join(names)}) VALUES ({SCHEMA}, {places})")  # noqa: S608 - constants


def _draft(code: str, target: models.Model | None, changes: Changes | None, outcome: Outcome) -> tuple[Row, Parts]:
    """What is known of an event, without empty columns and before its personal parts are sealed."""
    spec = registry.events.get(code)
    now = context.current() or context.Context(source="command")
    actor, parts = now.actor, Parts()
    if now.through is not None:
        actor = replace(now.through, organisation_id=actor.organisation_id, on_behalf_of=actor)
    row: Row = {
        "id": ids.uuid7(),
        "occurred_at": clock.now(),
        "code": code,
        "category": spec.category,
        "severity": spec.severity,
        "outcome": outcome,
        "actor_kind": actor.kind,
        "actor_id": actor.id,
        "actor_label": _label(actor, "actor", parts),
        "source": now.source,
        "reason": storable(now.reason),
        "request_id": now.request_id,
        "correlation_id": now.correlation_id,
        "session_id": now.session_id,
        "address": now.address,
        "agent": storable(now.agent),
        "organisation_id": actor.organisation_id,
    }
    behalf = actor.on_behalf_of
    if behalf is not None:
        row |= {"behalf_id": behalf.id, "behalf_label": _label(behalf, "behalf", parts)}
    if target is not None:
        _describe(target, changes, row, parts)
    elif changes:
        raise ImproperlyConfigured("A diff needs its target; pass facts that belong to no object as data.")
    return {name: value for name, value in row.items() if value}, parts


def _label(actor: Actor, role: str, parts: Parts) -> str:
    """A person's label goes into that person's sealed part; any other actor's stands in clear."""
    if actor.kind in {"person", "key"} and actor.id is not None:
        parts.setdefault(actor.id, {})[role] = actor.label
        return ""
    return storable(actor.label[:LABEL_LIMIT])


def _describe(target: models.Model, changes: Changes | None, row: Row, parts: Parts) -> None:
    """Name the target and part its diff by the field registry: in clear or masked, or sealed for the person it is of."""
    kind = target._meta.label_lower
    key = getattr(target, "audit_id", None) or target.pk  # What is named by a word has an id for its history.
    row["target_type"] = kind
    row["target_id"] = key if isinstance(key, UUID) else None
    row["organisation_id"] = getattr(target, "organisation_id", None) or row["organisation_id"]
    subject: UUID | None = getattr(target, "audit_subject", None)
    if subject is None:
        row["target_label"] = storable(str(target)[:LABEL_LIMIT])
    else:
        parts.setdefault(subject, {})["target"] = str(target)
    if not changes:
        return
    shown: dict[str, tuple[Any, Any]] = {}
    for name, pair in changes.items():
        visibility = registry.fields.get(f"{kind}.{name}").visibility
        if visibility == "public":
            shown[name] = pair
        elif visibility == "personal" and subject is not None:
            parts[subject].setdefault("changes", {})[name] = pair
        else:
            shown[name] = (HIDDEN, HIDDEN)
    row["changes"] = shown


def partitions_ensure(*, months: int = 14, first: date | None = None) -> int:
    """Make the partitions of `months` months from `first` on (last month), where missing; returns how many were made."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT audit_ensure_partitions(coalesce(%s, (now() - interval '1 month')::date), %s)", [first, months]
        )
        return int(cursor.fetchone()[0])


def kept_denials_record() -> int:
    """Record the denials that were kept in the spool while the database was away, each under its own actor and request;
    returns how many. Called when the beat starts."""
    return logs.drain(_record_kept)


def _record_kept(line: Mapping[str, Any]) -> None:
    actor = line["actor"]
    as_uuid = {name: UUID(actor[name]) if actor[name] else None for name in ("id", "organisation_id")}
    who = Actor(actor["kind"], as_uuid["id"], actor["label"], as_uuid["organisation_id"])
    kept = context.Context(
        actor=who,
        request_id=line["request_id"],
        correlation_id=line["correlation_id"],
        address=line["address"],
    )
    with context.use(kept):
        event_record(line["code"], outcome=line["outcome"], reason=line["reason"], data={"happened_at": line["time"]})
