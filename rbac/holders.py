"""Who can hold a role or a right in an organisation: a person, a team or everybody in it."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db import connection

from rbac.models import Binding, Team


@dataclass(frozen=True, slots=True)
class Holder:
    """A person or service account, a team, or with neither everybody who is an active member."""

    person_id: UUID | None = None
    team: Team | None = None

    @property
    def everyone(self) -> bool:
        """Whether it is everybody in the organisation."""
        return self.person_id is None and self.team is None

    @classmethod
    def of(cls, binding: Binding) -> Holder:
        """Who holds a binding."""
        return cls(binding.user_id, binding.team)


def active_members(organisation_id: UUID, people: list[UUID] | None = None) -> list[UUID]:
    """The active members of an organisation, service accounts included, or those of `people` who are."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT m.user_id FROM accounts_membership m JOIN accounts_user u ON u.id = m.user_id AND u.is_active "
            "WHERE m.organisation_id = %s AND m.state = 'active' AND (%s::uuid[] IS NULL OR m.user_id = ANY(%s))",
            [organisation_id, people, people],
        )
        return [row[0] for row in cursor.fetchall()]


def people_of(holder: Holder, organisation_id: UUID) -> list[UUID]:
    """The people whom it concerns: the person, the members of the team and of the teams inside it, or every member."""
    if holder.person_id is not None:
        return [holder.person_id]
    if holder.team is None:
        return active_members(organisation_id)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT m.user_id FROM rbac_team_path p JOIN rbac_team_member m ON m.team_id = p.descendant_id "
            "WHERE p.ancestor_id = %s",
            [holder.team.pk],
        )
        return [row[0] for row in cursor.fetchall()]
