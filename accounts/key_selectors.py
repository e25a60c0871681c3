"""Reads about keys and service accounts.

In an organisation by the rights held there; one's own before any organisation is named, by a function of the owner.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from datetime import date, timedelta
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from accounts.models import Key, KeyUse, Organisation, ServiceAccount, User
from accounts.organisation_selectors import own_memberships
from portal.kit import clock, registry, tenancy
from portal.kit.context import Actor
from portal.kit.decision import can
from portal.kit.errors import NotFound
from rbac import selectors as rbac
from rbac.decision import permissions_of
from rbac.models import Role

DAYS = 30  # Of use on a key's page.


def keys_here(actor: Actor) -> QuerySet[Key]:
    """The keys of the organisation that `actor` stands in (`apikey:read`); outside of any there are none to list."""
    rows = Key.objects.visible_to(actor, "apikey:read").select_related("owner", "organisation")
    return rows if actor.organisation_id is not None else rows.none()


def key_here(actor: Actor, key_id: UUID, organisation_id: UUID | None = None) -> Key:
    """One of them; `NotFound` for that of another organisation."""
    found = keys_here(actor).filter(pk=key_id).first()
    if found is None or organisation_id not in {None, found.organisation_id}:
        raise NotFound
    return found


def own_keys(person_id: UUID) -> list[Key]:
    """The keys of a person wherever they work, the newest first, ended ones of the last month at the end."""
    found = _owned(person_id)
    recent = clock.now() - timedelta(days=DAYS)
    live = [key for key in found if not key.is_over]
    return live + [key for key in found if key.is_over and key.expires_at > recent]


def own_key(person_id: UUID, key_id: UUID) -> Key:
    """One key of a person; `NotFound` for anybody else's."""
    found = next((key for key in _owned(person_id) if key.pk == key_id), None)
    if found is None:
        raise NotFound
    return found


def _owned(person_id: UUID) -> list[Key]:
    # The wall hides keys of an organisation until it is named, and here none is.
    found = list(Key.objects.raw("SELECT * FROM accounts_keys_of(%s)", [person_id]))
    places = {key.organisation_id for key in found if key.organisation_id is not None}
    named = {row.pk: row for row in Organisation.objects.filter(pk__in=places)}
    owner = User.objects.get(pk=person_id) if found else None
    for key in found:
        key.organisation = named.get(key.organisation_id) if key.organisation_id else None
        if owner is not None:
            key.owner = owner
    return found


def keys_of(actor: Actor, person_id: UUID) -> list[Key]:
    """The keys of a person for staff (`key:admin`): live ones and those that ended within a month."""
    rows = Key.objects.visible_to(actor, "key:admin").select_related("owner", "organisation")
    recent = clock.now() - timedelta(days=DAYS)
    return list(rows.filter(owner_id=person_id, expires_at__gt=recent).order_by("-expires_at", "id"))


def key_of(actor: Actor, person_id: UUID, key_id: UUID) -> Key:
    """One of them; `NotFound` otherwise."""
    found = next((key for key in keys_of(actor, person_id) if key.pk == key_id), None)
    if found is None:
        raise NotFound
    return found


@dataclass(frozen=True)
class Day:
    """The calls of a key on one day (UTC)."""

    day: date
    calls: int = 0
    refused: int = 0
    failed: int = 0


def uses_of(key: Key) -> list[Day]:
    """The last thirty days of a key that the caller was shown, today the last; days without a call too. One query."""
    today = clock.now().date()
    first = today - timedelta(days=DAYS - 1)
    with _inside(key):
        rows = KeyUse.objects.filter(key_id=key.pk, day__gte=first)
        found = {row.day: Day(row.day, row.calls, row.refused, row.failed) for row in rows}
    return [found.get(day, Day(day)) for day in (first + timedelta(days=number) for number in range(DAYS))]


def _inside(key: Key) -> AbstractContextManager[None]:
    """Behind the wall of the key's organisation, for its owner who has named none."""
    return nullcontext() if key.organisation_id is None else tenancy.reading(key.organisation_id)


@dataclass(frozen=True)
class Place:
    """Where a person may make a key: an organisation, or (None) the installation; and what it may give it there."""

    organisation: Organisation | None
    codes: tuple[str, ...]


def places_of(actor: Actor) -> list[Place]:
    """Where `actor` may make keys of its own, the installation first. A few queries for each of its organisations."""
    if actor.id is None:
        return []
    held = tuple(permissions_of(replace(actor, organisation_id=None)))
    places = [Place(None, held)] if held else []
    open_to = [
        row.organisation_id for row in own_memberships(actor.id) if row.state == row.membership_state == "active"
    ]
    for organisation in Organisation.objects.filter(pk__in=open_to).order_by("name", "id"):
        inside = replace(actor, organisation_id=organisation.pk)
        if can(inside, "apikey:create"):
            places.append(Place(organisation, tuple(permissions_of(inside))))
    return places


def codes_for(actor: Actor, service: ServiceAccount | None = None) -> list[str]:
    """The permissions that `actor` may give a key where it stands: its own, and for a service account those that both
    hold; sorted."""
    held = permissions_of(actor)
    if service is None:
        return held
    machine = Actor("service", service.user_id, "", actor.organisation_id)
    return [code for code in held if can(machine, code)]


def labels_of(codes: Sequence[str]) -> list[tuple[str, str]]:
    """Permissions with their labels, in the order given; a code that is no more stands for itself."""
    known = {spec.code: str(spec.label) for spec in registry.permissions}
    return [(code, known.get(code, code)) for code in codes]


def service_accounts(actor: Actor) -> QuerySet[ServiceAccount]:
    """The service accounts of the organisation that `actor` stands in (`apikey:read`), deleted ones left out."""
    rows = ServiceAccount.objects.visible_to(actor, "apikey:read").select_related("user", "organisation")
    rows = rows.filter(user__erased_at=None)
    return rows if actor.organisation_id is not None else rows.none()


def service_account(actor: Actor, service_id: UUID) -> ServiceAccount:
    """One of them; `NotFound` for that of another organisation."""
    found = service_accounts(actor).filter(pk=service_id).first()
    if found is None:
        raise NotFound
    return found


def keys_of_service(actor: Actor, service: ServiceAccount) -> list[Key]:
    """The keys of a service account, live ones first."""
    return list(keys_here(actor).filter(owner_id=service.user_id).order_by("-expires_at", "id"))


def live_counts(actor: Actor, owners: Sequence[UUID]) -> dict[UUID, int]:
    """How many live keys each owner has in the organisation that `actor` stands in; one query."""
    rows = Key.objects.visible_to(actor, "apikey:read").filter(owner_id__in=owners, expires_at__gt=clock.now())
    return dict(rows.values_list("owner_id").annotate(n=Count("pk")))


def roles_of(services: Sequence[ServiceAccount]) -> dict[UUID, Role]:
    """The role of each service account of one organisation by its user; one query."""
    return rbac.roles_in(services[0].organisation_id, [row.user_id for row in services]) if services else {}


def in_state(rows: QuerySet[Key], state: str) -> QuerySet[Key]:
    """Keys that work (`live`), are about to end (`ending`: within 30 days), or have ended (`over`)."""
    now = clock.now()
    soon = Q(expires_at__lte=now + timedelta(days=30))
    if state == "over":
        return rows.filter(expires_at__lte=now)
    return rows.filter(soon if state == "ending" else ~soon, expires_at__gt=now)
