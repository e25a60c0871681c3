"""Reads of imports. An upload is shown to whom uploaded it."""

from uuid import UUID

from billing.models import CustomerImport
from portal.kit.context import Actor
from portal.kit.errors import NotFound


def customer_import(actor: Actor, key: UUID) -> CustomerImport:
    """An import that the acting person uploaded (`subscription:admin`); `NotFound` otherwise."""
    rows = CustomerImport.objects.visible_to(actor, "subscription:admin")
    found = rows.filter(pk=key, uploaded_by_id=actor.id).first()
    if found is None:
        raise NotFound
    return found
