"""How somebody has arranged a list, and which views it may open."""

from dataclasses import dataclass
from uuid import UUID

import orjson
from django.db import connection
from django.db.models import Q, QuerySet

from portal.kit.context import Actor
from portal.kit.errors import NotFound
from portal.kit.lists import ports
from portal.kit.lists.declare import List
from portal.kit.models import ListPreference, SavedView

VIEWS_LIMIT = 50  # Of one list, as far as a menu can show them.


@dataclass(frozen=True)
class Arrangement:
    """What one person has set for one list, and the views it sees there, by name."""

    preference: ListPreference | None
    views: list[SavedView]

    def view(self, view_id: UUID) -> SavedView:
        """One of its views; `NotFound` for any other."""
        for view in self.views:
            if view.pk == view_id:
                return view
        raise NotFound

    def first(self, actor: Actor) -> SavedView | None:
        """What the list opens with: the person's own choice, else that of its highest role; None for the whole list.

        Asks for the person's roles only where a role has a view.
        """
        chosen = self.preference.view_id if self.preference else None
        if chosen is not None:
            return next((view for view in self.views if view.pk == chosen), None)
        by_role = {view.role_id: view for view in self.views if view.role_id is not None}
        if not by_role or actor.id is None:
            return None
        return next((by_role[role.id] for role in ports.roles_held(actor.id) if role.id in by_role), None)


# On the way of every list, so both come in one round.
_ARRANGEMENT = """
SELECT p.id, p.columns, p.sort, p.compact, p.size, p.view_id,
    v.id, v.owner_id, v.name, v.query, v.shared, v.role_id
FROM (SELECT 1) AS once
LEFT JOIN kit_list_preference p ON p.person_id = %(person)s AND p.list_name = %(list)s
LEFT JOIN LATERAL (
    SELECT * FROM kit_saved_view WHERE list_name = %(list)s AND (owner_id = %(person)s OR shared)
        AND organisation_id IS NOT DISTINCT FROM %(organisation)s::uuid
    ORDER BY name, id LIMIT %(limit)s
) AS v ON true
"""
_PREFERENCE = ("id", "columns", "sort", "compact", "size", "view_id")
_VIEW = ("id", "owner_id", "name", "query", "shared", "role_id")


def arrangement(actor: Actor, declared: List) -> Arrangement:
    """What `actor` has set for the list, and the views it sees there; one query."""
    with connection.cursor() as cursor:
        cursor.execute(
            _ARRANGEMENT,
            {
                "person": actor.id,
                "list": declared.name,
                "organisation": actor.organisation_id,
                "limit": VIEWS_LIMIT,
            },
        )
        rows = cursor.fetchall()
    split = len(_PREFERENCE)
    own = dict(zip(_PREFERENCE, rows[0][:split], strict=True))
    preference = ListPreference(**own | {"columns": orjson.loads(own["columns"])}) if own["id"] else None
    views = [SavedView(**dict(zip(_VIEW, row[split:], strict=True))) for row in rows if row[split] is not None]
    return Arrangement(preference, views)


def views_of(actor: Actor, declared: List) -> QuerySet[SavedView]:
    """The views of the list that `actor` may open: its own and the shared ones of where it stands."""
    where = Q(organisation=None) if actor.organisation_id is None else Q(organisation_id=actor.organisation_id)
    return SavedView.objects.filter(Q(owner_id=actor.id) | Q(shared=True), where, list_name=declared.name)
