"""Planting events with a past, and looking at the trail's rows as they are stored."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
import psycopg
from django.db import connection
from psycopg.rows import dict_row

from accounts.models import Membership, Organisation, User
from audit.models import Event
from portal.kit import context, ids
from portal.kit.context import Actor
from portal.kit.record import record
from portal.kit.services import writing
from rbac import decision
from rbac.models import INSTALLATION, Binding, Role, Scope

CODE = "accounts.user.updated"
STAND_IN: dict[str, Any] = {
    "code": CODE,
    "category": "administration",
    "severity": "info",
    "outcome": "ok",
    "actor_kind": "system",
    "actor_label": "system",
}


def id_at(moment: datetime) -> UUID:
    """A UUIDv7 of that moment."""
    return UUID(int=ids.first_of(moment).int | int.from_bytes(os.urandom(7), "big"))


def plant(at: datetime, **values: Any) -> UUID:
    """An event of the past (or the future), written as the application writes; returns its id."""
    row = STAND_IN | {"id": id_at(at), "occurred_at": at} | values
    names = ", ".join(row)
    with context.system("a test"), writing(), connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO audit_event ({names}) VALUES ({', '.join(['%s'] * len(row))})", list(row.values()))
    assert isinstance(row["id"], UUID)
    return row["id"]


def unsaved(name: str = "Nora Quist", **values: Any) -> User:
    """A person who is in no table: enough to be named by an event."""
    return User(username=name.split(maxsplit=1)[0].lower(), email="nora@example.com", name=name, **values)


def told_of(
    user: User, changes: dict[str, tuple[Any, Any]] | None = None, *, by: Actor | None = None, **values: Any
) -> UUID:
    """Record one event about `user`, done by the system or by somebody; returns its id."""
    with context.system("a test"):
        if by is None:
            record(CODE, target=user, changes=changes, **values)
        else:
            with context.acting(by):
                record(CODE, target=user, changes=changes, **values)
    return newest().id


def newest() -> Event:
    """The event that was written last."""
    event = Event.objects.get_queryset().order_by("-id").first()
    assert event is not None
    return event


def stored(event_id: UUID) -> str:
    """The whole row as text, exactly as the database holds it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_jsonb(row)::text FROM audit_event AS row WHERE id = %s", [event_id])
        return str(cursor.fetchone()[0])


def count_of(code: str) -> int:
    """How many events of a code there are."""
    return Event.objects.get_queryset().filter(code=code).count()


@contextmanager
def as_owner(environment: dict[str, str]) -> Iterator[psycopg.Connection[dict[str, Any]]]:
    """A connection of the owner of the tables to the test's own database."""
    with psycopg.connect(environment["DATABASE_OWNER_URL"], autocommit=True, row_factory=dict_row) as owner:
        yield owner


@contextmanager
def as_application(environment: dict[str, str]) -> Iterator[psycopg.Connection[dict[str, Any]]]:
    """A bare connection of the application's login to the test's own database."""
    with psycopg.connect(environment["DATABASE_URL"], autocommit=True, row_factory=dict_row) as application:
        yield application


def forge(owner: psycopg.Connection[dict[str, Any]], event_id: UUID, **values: object) -> None:
    """Change a row as only an owner who switches the trigger off can."""
    owner.execute("ALTER TABLE audit_event DISABLE TRIGGER audit_event_append_only")
    for name, value in values.items():
        shown = orjson.dumps(value).decode() if isinstance(value, dict) else value
        owner.execute(f"UPDATE audit_event SET {name} = %s WHERE id = %s", [shown, event_id])
    owner.execute("ALTER TABLE audit_event ENABLE TRIGGER audit_event_append_only")


def ago(**values: float) -> datetime:
    """A moment before now."""
    return datetime.now(UTC) - timedelta(**values)


def in_organisation(slug: str, *members: tuple[User, str]) -> Organisation:
    """An organisation with these members, each with a role of its catalogue."""
    with context.system("a test"), writing():
        organisation = Organisation.objects.create(slug=slug, name=slug.replace("-", " ").capitalize())
        root = Scope.objects.get(pk=INSTALLATION)
        place = {"kind": "organisation", "parent": root, "organisation_id": organisation.pk}
        scope, _ = Scope.objects.get_or_create(pk=organisation.pk, defaults=place)
        for user, role in members:
            Membership.objects.create(organisation=organisation, user=user)
            found = Role.objects.get(catalogue="organisation", code=role)
            Binding.objects.create(user=user, scope=scope, role=found)
    decision.forget_everything()
    return organisation


def plant_activity(at: datetime, **values: Any) -> UUID:
    """A request of the past, written as the application's writer writes; returns its id."""
    row: dict[str, Any] = {
        "id": id_at(at),
        "occurred_at": at,
        "channel": "page",
        "method": "GET",
        "route": "platform/people",
        "status": 200,
        "duration_ms": 12.5,
        "bytes": 4096,
        "actor_kind": "person",
        "address": "192.0.2.0/24",
        "request_id": os.urandom(16).hex(),
    } | values
    row["family"] = row["status"] // 100
    with context.system("a test"), writing(), connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO audit_activity ({', '.join(row)}) VALUES ({', '.join(['%s'] * len(row))})", list(row.values())
        )
    assert isinstance(row["id"], UUID)
    return row["id"]
