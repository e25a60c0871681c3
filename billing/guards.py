"""Who may act for a customer: its organisation's people by the rights there, staff from outside."""

from uuid import UUID

from portal.kit.context import Actor
from portal.kit.decision import authorise
from portal.kit.errors import NotFound


def authorise_for(
    actor: Actor, organisation_id: UUID, code: str = "billing:admin", *, staff: str = "invoice:admin"
) -> None:
    """Raise unless `actor` may do `code` in that organisation, or from outside `staff`. Another organisation than the one
    it stands in is `NotFound`."""
    if actor.organisation_id is None:
        authorise(actor, staff)
    elif actor.organisation_id != organisation_id:
        raise NotFound
    else:
        authorise(actor, code)
