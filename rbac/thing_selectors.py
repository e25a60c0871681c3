"""Reads about rights on single things that stand in no tree: runs, backups, and organisations as staff sees them."""

from typing import Any
from uuid import UUID

from django.db import models
from django.db.models import QuerySet

from portal.kit.context import Actor
from portal.kit.decision import can
from portal.kit.errors import Forbidden, NotFound
from rbac.grantable import grantable_model
from rbac.models import TeamGrant, UserGrant

THINGS = ("job", "backup", "organisation")  # That have a page of their own for who was given rights on them.


def thing_here(actor: Actor, kind: str, key: UUID, code: str) -> models.Model:
    """A single thing that rights can be granted on and that stands in no tree: a run, a backup, an organisation. For whom
    holds `code` on the installation; `NotFound` for none, and for another kind."""
    model = grantable_model(code=f"{kind}:read") if kind in THINGS else None
    rows: Any = model._default_manager if model is not None else None
    found: models.Model | None = None if rows is None else rows.visible_to(actor, code).filter(pk=key).first()
    if found is None or actor.organisation_id is not None:
        raise NotFound
    return found


def grants_on(actor: Actor, target: models.Model, code: str) -> tuple[QuerySet[UserGrant], QuerySet[TeamGrant]]:
    """The rights that people and teams were given on such a thing (`code`, on the installation)."""
    if not can(actor, code):
        raise Forbidden
    wanted = {
        "object_id": target.pk,
        "content_type__app_label": target._meta.app_label,
        "content_type__model": target._meta.model_name,
    }
    return (
        UserGrant.objects.filter(**wanted).select_related("permission", "user"),
        TeamGrant.objects.filter(**wanted).select_related("permission", "group"),
    )


def grants_of_installation(actor: Actor) -> QuerySet[UserGrant]:
    """The rights on single things that belong to no organisation (`role:admin`)."""
    rows = UserGrant.objects.filter(organisation=None).select_related("permission", "user", "content_type")
    return rows if can(actor, "role:admin") and actor.organisation_id is None else rows.none()


def grant_of_installation(actor: Actor, grant_id: UUID) -> UserGrant:
    """One of them; `NotFound` for any other."""
    found = grants_of_installation(actor).filter(pk=grant_id).first()
    if found is None:
        raise NotFound
    return found
