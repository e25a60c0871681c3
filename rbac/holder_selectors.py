"""Finding whom something is given to: people, service accounts and teams, by what one types."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.apps import apps
from django.contrib.auth import get_user_model
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from portal.kit.context import Actor
from portal.kit.errors import Invalid
from portal.kit.lists import Search
from portal.kit.lists.search import Found, narrowed
from rbac.access_selectors import may_choose, teams_here
from rbac.holders import Holder
from rbac.models import Team

SUGGESTED = 20
EVERYONE = "everyone"
# What stands in brackets at the end tells two of one name apart: a user name, or with a colon the short name of a team.
_MARKED = re.compile(r"\((?:(?P<word>[^():]+):\s*)?(?P<name>[^():]+)\)\s*$")


@dataclass(frozen=True, slots=True)
class Named:
    """Somebody who can be chosen. `text` is what a field holds then; typed as it stands, it names the same one."""

    key: str
    text: str


@dataclass(frozen=True, slots=True)
class Circle:
    """Among whom is chosen: the active members of an organisation, or with None the people of the installation."""

    actor: Actor
    organisation_id: UUID | None
    teams: bool = True

    @property
    def _inside(self) -> bool:
        return self.organisation_id is not None

    def rows(self) -> QuerySet[Any]:
        """Memberships of an organisation; people where there is none."""
        if self.organisation_id is None:
            return get_user_model().objects.visible_to(self.actor, "user:read").filter(is_active=True, kind="person")
        rows = apps.get_model("accounts.Membership")._default_manager.filter(organisation_id=self.organisation_id)
        if not may_choose(self.actor):
            rows = rows.none()
        return rows.filter(state="active", user__is_active=True).select_related("user")

    def same(self, name: str, value: object) -> Q:
        """The condition on a field of the person."""
        return Q(**{f"user__{name}" if self._inside else name: value})

    def person(self, row: Any) -> Any:
        """The person of a row."""
        return row.user if self._inside else row

    def searched(self, text: str, limit: int) -> list[Any]:
        """People by the beginnings of words, by name; two queries."""
        search = Search("user", "", on="user_id" if self._inside else "id")
        rows = narrowed(Found(self.rows()), search, text).rows
        ordered = rows.order_by("user__name", "user_id") if self._inside else rows.order_by("name", "id")
        return [self.person(row) for row in ordered[:limit]]

    def among(self, condition: Q, limit: int = 2) -> list[Any]:
        """People whom a condition names."""
        return [self.person(row) for row in self.rows().filter(condition)[:limit]]

    def team_rows(self) -> QuerySet[Team]:
        """The teams that can be chosen."""
        rows = teams_here(self.actor)
        return rows if self.teams and self._inside else rows.none()


def holders_found(circle: Circle, text: str = "", *, limit: int = SUGGESTED) -> list[Named]:
    """Whom somebody may mean by `text`: everybody, teams, then people and service accounts. Two or three queries."""
    wanted = text.strip()
    marked = _MARKED.search(wanted)
    wanted = marked["name"].strip() if marked else wanted
    found: list[Named] = []
    if circle.teams and circle.organisation_id is not None:
        if any(one.lower().startswith(wanted.lower()) for one in (EVERYONE, _("Everybody here"))):
            found.append(Named(EVERYONE, _("Everybody here")))
        rows = circle.team_rows().filter(Q(name__icontains=wanted) | Q(slug__startswith=wanted.lower()))
        found += [Named(f"team:{row.pk}", team_text(row)) for row in rows[: limit // 2]]
    people = circle.searched(wanted, limit - len(found))
    return found + [Named(f"person:{user.pk}", person_text(user)) for user in people]


def holder_named(circle: Circle, text: str) -> Holder:
    """The one that `text` names: as suggested, by user name, address, full name or key. `Invalid` for none or several."""
    wanted = text.strip()
    if circle.teams and circle.organisation_id is not None and wanted in {EVERYONE, _("Everybody here")}:
        return Holder()
    kind, _colon, key = wanted.partition(":")
    if kind in {"person", "team"} and (known := _uuid(key)) is not None:
        if kind == "team":
            return _one_team(list(circle.team_rows().filter(pk=known)))
        return _one(circle.among(circle.same("pk", known)))
    marked = _MARKED.search(wanted)
    if marked and marked["word"] is not None:
        return _one_team(list(circle.team_rows().filter(slug=marked["name"].strip())[:2]))
    name = marked["name"].strip() if marked else wanted
    if not name:
        raise _nobody()
    people = circle.among(circle.same("username", name.lower()) | circle.same("email__iexact", name))
    if not people and not marked:
        people = circle.among(circle.same("name__iexact", name))
        if not people:
            return _one_team(list(circle.team_rows().filter(name__iexact=name)[:2]))
    return _one(people)


def team_text(row: Team) -> str:
    """A team, told apart from others of the name."""
    return _("%(name)s (team: %(slug)s)") % {"name": row.name, "slug": row.slug}


def person_text(user: Any) -> str:
    """A person, told apart from others of the name."""
    return f"{user.name} ({user.username})" if user.name else str(user.username)


def _one(people: Sequence[Any]) -> Holder:
    if len(people) > 1:
        raise Invalid(fields={"holder": [_("Several people are called so. Choose one of the list.")]})
    if not people:
        raise _nobody()
    return Holder(person_id=people[0].pk)


def _one_team(found: Sequence[Team]) -> Holder:
    if len(found) != 1:
        raise _nobody()
    return Holder(team=found[0])


def _nobody() -> Invalid:
    return Invalid(fields={"holder": [_("Nobody here is called so. Type a name and choose from the list.")]})


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
