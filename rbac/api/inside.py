"""What the endpoints below one organisation share, and those that the installation has as well."""

from uuid import UUID

from portal.kit import errors
from portal.kit.api import ApiView
from portal.kit.decision import authorise, holds_somewhere


class InsideView(ApiView, abstract=True):
    """An endpoint of the organisation that the caller stands in."""

    def here(self) -> UUID:
        """The organisation that the caller stands in; `NotFound` outside of any."""
        if self.actor.organisation_id is None:
            raise errors.NotFound
        return self.actor.organisation_id

    def place(self, organisation_id: UUID | None, code: str, *, somewhere: bool = False) -> None:
        """Raise unless the caller stands in the organisation of the address (None: on the installation) and holds `code`
        there: `NotFound`, or `Forbidden` without it.

        The gate lets in who sees the organisation, so that one that is not there is told like any other. `somewhere`:
        holding it on some part is enough; what is asked for there is looked up among what the caller may see.
        """
        if self.actor.organisation_id != organisation_id:
            raise errors.NotFound
        if not (somewhere and holds_somewhere(self.actor, code)):
            authorise(self.actor, code)

    @staticmethod
    def below(organisation_id: UUID | None, rest: str) -> str:
        """The address of what lies below the organisation of the address, or below the installation."""
        root = "admin" if organisation_id is None else f"organisations/{organisation_id}"
        return f"/api/v1/{root}/{rest}"
