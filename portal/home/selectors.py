"""Reads of the roof."""

from uuid import UUID

from accounts.organisation_selectors import organisations
from portal.kit.context import Actor


def organisation_id_of(actor: Actor, slug: str) -> UUID | None:
    """The organisation of a short name, None when there is none that `actor` may see."""
    return organisations(actor).filter(slug=slug).values_list("pk", flat=True).first()
