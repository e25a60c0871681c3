"""Reads about suppliers."""

from django.db.models import QuerySet

from docs.examples.suppliers.models import Supplier
from portal.kit.context import Actor


def suppliers(actor: Actor) -> QuerySet[Supplier]:
    """The suppliers of the organisation that the actor stands in, for whom holds `supplier:read` there."""
    rows = Supplier.objects.visible_to(actor, "supplier:read")
    return rows if actor.organisation_id is not None else rows.none()
