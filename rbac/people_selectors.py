"""Reads about what host products call people."""

from django.db.models import QuerySet

from portal.kit.context import Actor
from portal.kit.errors import NotFound
from rbac.models import Application, ExternalPerson
from rbac.tree_selectors import types


def application_named(code: str) -> Application:
    """The host product with this code; `NotFound` for none."""
    found = next((row.application for row in types() if row.application.code == code), None)
    if found is None:
        found = Application.objects.filter(code=code).first()
    if found is None:
        raise NotFound
    return found


def external_people(actor: Actor, application: Application) -> QuerySet[ExternalPerson]:
    """Whom a product knows by which id in the organisation that `actor` stands in (`member:read`)."""
    rows = ExternalPerson.objects.visible_to(actor, "member:read").filter(application=application)
    return rows.select_related("user") if actor.organisation_id is not None else rows.none()


def external_person(actor: Actor, application: Application, external_id: str) -> ExternalPerson:
    """One of them; `NotFound` for none."""
    found = external_people(actor, application).filter(external_id=external_id).first()
    if found is None:
        raise NotFound
    return found
