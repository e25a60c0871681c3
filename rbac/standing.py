"""Standing on a scope for a while: what is written there belongs to the organisation that the scope is of."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from portal.kit import context, tenancy
from portal.kit.services import writing
from rbac import decision
from rbac.models import INSTALLATION


@contextmanager
def standing_on(scope_id: UUID) -> Iterator[None]:
    """Write inside the organisation `scope_id`: its rows can be reached and events belong to it. The installation, or
    the organisation that the acting one stands in already, changes nothing."""
    with writing():
        now = context.current()
        if scope_id == INSTALLATION or (now is not None and now.actor.organisation_id == scope_id):
            yield
            return
        with tenancy.within(scope_id):
            yield
        # Inside, another context remembered; what changed there has to be known to the one outside as well.
        decision.mark_changed()
