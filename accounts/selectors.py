"""Reads about people."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
from django.db import connection
from django.db.models import Count, Q, QuerySet

from accounts.models import PeopleImport, User
from portal.kit.context import Actor
from portal.kit.errors import NotFound
from portal.kit.mail.letters import Manner
from rbac.counting import counting
from rbac.models import INSTALLATION, Binding

SEARCH_LIMIT = 100  # Longer texts name nobody.


@dataclass(frozen=True)
class PeopleFilter:
    """What the list of people is narrowed to: a text in name, user name, address or id, and a state ("" is all)."""

    text: str = ""
    state: str = ""


def people(actor: Actor, chosen: PeopleFilter) -> QuerySet[User]:
    """The people that `actor` may see (`user:read`), narrowed, by name."""
    rows = User.objects.visible_to(actor, "user:read")
    if chosen.state in {"active", "inactive"}:
        rows = rows.filter(is_active=chosen.state == "active")
    if text := chosen.text.replace("\0", "").strip()[:SEARCH_LIMIT]:
        rows = rows.filter(_matches(text))
    return rows.order_by("name", "id")


def people_visible(actor: Actor) -> QuerySet[User]:
    """The people that `actor` may see (`user:read`), as the list of people starts from them."""
    return User.objects.visible_to(actor, "user:read")


def people_with_roles(role_ids: Sequence[UUID]) -> QuerySet[Any]:
    """The ids of those who hold one of these roles of the installation now; for a list that they narrow.

    By the ids of the roles, which the planner can look up in its statistics; by their codes it would have to guess.
    """
    return Binding.objects.filter(counting(), scope_id=INSTALLATION, role_id__in=role_ids).values("user_id")


def _matches(text: str) -> Q:
    found = Q(name__icontains=text) | Q(username__icontains=text) | Q(email__icontains=text)
    try:
        return found | Q(pk=UUID(text))
    except ValueError:
        return found


def people_counts(actor: Actor) -> dict[str, int]:
    """How many people `actor` sees in all, active and inactive; one query."""
    counts: dict[str, int] = User.objects.visible_to(actor, "user:read").aggregate(
        all=Count("pk"), active=Count("pk", filter=Q(is_active=True)), inactive=Count("pk", filter=Q(is_active=False))
    )
    return counts


def person(actor: Actor, person_id: UUID, code: str = "user:read") -> User:
    """One person on whom `actor` holds `code`; `NotFound` otherwise."""
    found = User.objects.visible_to(actor, code).filter(pk=person_id).first()
    if found is None:
        raise NotFound
    return found


def people_matching(text: str) -> list[UUID]:
    """Fill of the port `kit.identity.people_matching`."""
    text = text.replace("\0", "")
    exact = Q(username=text.lower()) | Q(email__iexact=text)
    with suppress(ValueError):
        exact |= Q(pk=UUID(text))
    return list(User.objects.filter(exact).values_list("pk", flat=True)[:10])


def address_of(person_id: UUID) -> str:
    """Fill of the port `kit.notify.address_of`."""
    return User.objects.filter(pk=person_id).values_list("email", flat=True).first() or ""


def manner_of(person_id: UUID) -> Manner:
    """Fill of the port `kit.notify.manner_of`."""
    chosen = User.objects.filter(pk=person_id).values_list("preferences", flat=True).first() or {}
    return Manner(str(chosen.get("language", "")), str(chosen.get("time_zone", "")))


@dataclass(frozen=True)
class ImportPreview:
    """The head of an uploaded import: totals, its first good rows and its first refused values."""

    id: UUID
    filename: str
    run_id: UUID | None
    accepted_count: int
    accepted: list[list[Any]]
    refused_count: int
    refused_rows: int
    refused: list[list[Any]]
    ignored: list[str]


# Both lists may hold a hundred thousand rows; the database cuts out what a page shows.
_PREVIEW = """
WITH found AS (
    SELECT filename, run_id, accepted, jsonb_path_query_array(refused, 'strict $[*] ? (@[3] != "ignored")') AS bad,
        jsonb_path_query_array(refused, 'strict $[*] ? (@[3] == "ignored")[1]') AS ignored
    FROM accounts_people_import WHERE id = %(id)s AND uploaded_by_id = %(actor)s
)
SELECT filename, run_id, jsonb_array_length(accepted), jsonb_path_query_array(accepted, %(good)s::jsonpath),
    jsonb_array_length(bad), (SELECT count(DISTINCT row -> 0) FROM jsonb_array_elements(bad) AS row),
    jsonb_path_query_array(bad, %(bad)s::jsonpath), ignored
FROM found
"""


def import_preview(actor: Actor, import_id: UUID, *, good: int = 10, bad: int = 100) -> ImportPreview:
    """An import that the acting person uploaded, with at most so many good and refused rows; `NotFound` otherwise."""
    with connection.cursor() as cursor:
        cursor.execute(
            _PREVIEW, {"id": import_id, "actor": actor.id, "good": f"$[0 to {good - 1}]", "bad": f"$[0 to {bad - 1}]"}
        )
        row = cursor.fetchone()
    if row is None:
        raise NotFound
    filename, run_id, accepted_count, accepted, refused_count, refused_rows, refused, ignored = row
    return ImportPreview(
        import_id,
        filename,
        run_id,
        accepted_count,
        orjson.loads(accepted),
        refused_count,
        refused_rows,
        orjson.loads(refused),
        orjson.loads(ignored),
    )


def import_refused(actor: Actor, import_id: UUID) -> list[list[Any]]:
    """All refused values of an import that the acting person uploaded; `NotFound` for anybody else's."""
    found = PeopleImport.objects.filter(pk=import_id, uploaded_by_id=actor.id).values_list("refused", flat=True).first()
    if found is None:
        raise NotFound
    return [row for row in found if row[3] != "ignored"]


def account_of(identifier: str) -> User | None:
    """Who signs in by this user name or e-mail address; for the record of a failed sign-in, never for a reply."""
    return User.objects.by_identifier(identifier)
