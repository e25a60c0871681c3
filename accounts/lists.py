"""The list of people, and what lists learn of roles."""

from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts import columns, presenters, selectors
from accounts.developer_selectors import marked_label
from accounts.models import User
from accounts.presenters import PersonRow
from accounts.presenters.roles import offered_roles, role_text
from accounts.services import bulk
from portal.kit.context import Actor
from portal.kit.lists import (
    Action,
    Choice,
    Column,
    Dates,
    Empty,
    Field,
    List,
    Many,
    Option,
    Search,
    cells,
    ports,
    register,
)
from portal.kit.lists.columns import moment_column
from portal.kit.templatetags.kit import count
from rbac import selectors as rbac
from rbac.models import Role

KIND = "user"  # Of the tokens that accounts/migrations/0004 makes.


@dataclass(frozen=True)
class ListedPerson(PersonRow):
    """A person with what its roles are for."""

    badges: Sequence[dict[str, str]] = ()


def _present(who: Actor, users: Sequence[User]) -> list[ListedPerson]:
    texts = {option.label: option.text for option in _roles()}
    marked = marked_label()
    return [
        ListedPerson(
            row.user,
            row.roles,
            row.locked_until,
            [
                {"label": label, "text": texts.get(label, ""), "css": "role warn" if label == marked else "role"}
                for label in row.roles
            ],
        )
        for row in presenters.rows(users)
    ]


@dataclass(frozen=True)
class RoleOption(Option):
    """A role with its id and what it is for."""

    key: UUID | None = None
    text: str = ""


def _roles() -> list[RoleOption]:
    return [RoleOption(role.code, role.label, role.pk, role_text(role)) for role in rbac.platform_roles()]


def _with_roles(codes: Sequence[str]) -> QuerySet[Any]:
    return selectors.people_with_roles([option.key for option in _roles() if option.value in codes and option.key])


ROLE = Many(name="role", label=gettext_lazy("Role"), options=_roles, ids=_with_roles, counted=True)


def _people(number: int) -> str:
    return ngettext("%(count)s person", "%(count)s people", number) % {"count": count(number)}


def _state(rows: QuerySet[User], value: str) -> QuerySet[User]:
    return rows.filter(is_active=value == "active")


def _given_roles(who: Actor) -> list[tuple[str, str]]:
    return [(role.code, role.label) for role in offered_roles(who)]


def _taken_roles(who: Actor) -> list[tuple[str, str]]:
    """Also the developer role, which is given on a person's own page only."""
    own = rbac.rank_of(who.id) if who.id else 0
    return [(role.code, role.label) for role in rbac.platform_roles() if role.rank <= own]


def _role(code: str) -> Role:
    return next(role for role in rbac.platform_roles() if role.code == code)


REASON = Field("reason", gettext_lazy("Reason"), help=gettext_lazy("Kept in the audit trail."))
ROLE_FIELD = Field("role", gettext_lazy("Role"), required=True, options=_given_roles, read=_role)
TAKEN_ROLE_FIELD = Field("role", gettext_lazy("Role"), required=True, options=_taken_roles, read=_role)

BADGES = 2  # So many fit into a row; the rest is a number that names them all on hover.


def _badges(row: ListedPerson) -> str:
    if not row.badges:
        return format_html('<span class="quiet">{}</span>', _("none"))
    shown = format_html_join(
        "",
        '<span class="{}" title="{}">{}</span>',
        ((one["css"], one["text"], one["label"]) for one in row.badges[:BADGES]),
    )
    more = len(row.badges) - BADGES
    if more > 0:
        shown += format_html('<span class="role" title="{}">+{}</span>', ", ".join(row.roles), more)
    return format_html('<span class="roles">{}</span>', shown)


_COLUMNS = (
    columns.named("person", gettext_lazy("Person"), under="email", by=("name",)),
    columns.state(by=("is_active", "name")),
    Column(
        "roles",
        gettext_lazy("Roles"),
        cell=_badges,
        value=attrgetter("roles"),
    ),
    Column(
        "username",
        gettext_lazy("User name"),
        cell=cells.text("username"),
        value=attrgetter("username"),
        by=("username",),
        css="mono",
    ),
    Column(
        "email",
        gettext_lazy("E-mail address"),
        cell=cells.text("email"),
        value=attrgetter("email"),
        by=("email",),
        shown=False,
    ),
    moment_column("seen", gettext_lazy("Last seen"), "last_seen_at", sortable=True, nullable=True, card="line"),
    columns.day("created", gettext_lazy("Created"), field="created_at", newest=True),
)

_ACTIONS = (
    Action(
        "activate",
        gettext_lazy("Activate"),
        "user:admin",
        bulk.users_activate_bulk,
        question=lambda number: _("Activate %(people)s?") % {"people": _people(number)},
        consequence=gettext_lazy("They can sign in again, with the roles they have."),
        done=lambda number: _("Activated: %(people)s.") % {"people": _people(number)},
        fields=(REASON,),
        inverse="deactivate",
        icon="power",
    ),
    Action(
        "give",
        gettext_lazy("Give role"),
        "role:admin",
        bulk.roles_give_bulk,
        question=lambda number: _("Give %(people)s a role?") % {"people": _people(number)},
        consequence=gettext_lazy("The role works from their next request on."),
        done=lambda number: _("Given the role: %(people)s.") % {"people": _people(number)},
        fields=(ROLE_FIELD, REASON),
        inverse="take",
        icon="shield",
        step_up=True,
    ),
    Action(
        "take",
        gettext_lazy("Take role"),
        "role:admin",
        bulk.roles_take_bulk,
        question=lambda number: _("Take a role from %(people)s?") % {"people": _people(number)},
        consequence=gettext_lazy("Its rights end with their next request."),
        done=lambda number: _("Taken the role: %(people)s.") % {"people": _people(number)},
        fields=(TAKEN_ROLE_FIELD, REASON),
        inverse="give",
        icon="shield",
        step_up=True,
        tone="destroy",
    ),
    Action(
        "deactivate",
        gettext_lazy("Deactivate"),
        "user:admin",
        bulk.users_deactivate_bulk,
        question=lambda number: _("Deactivate %(people)s?") % {"people": _people(number)},
        consequence=gettext_lazy("They are locked out at their next request. Nothing is deleted."),
        done=lambda number: _("Deactivated: %(people)s.") % {"people": _people(number)},
        fields=(REASON,),
        inverse="activate",
        icon="power",
        tone="destroy",
    ),
)

people = register(
    List(
        name="accounts.people",
        label=gettext_lazy("People"),
        url="/platform/people",
        code="user:read",
        source=selectors.people_visible,
        present=_present,
        items=_people,
        columns=_COLUMNS,
        sort="person",
        empty=Empty(
            gettext_lazy("Nobody here yet"),
            gettext_lazy("Create the first person, or import a list from a CSV file."),
            "people",
        ),
        no_match=gettext_lazy("No person matches"),
        filters=(
            Choice(
                name="state",
                label=gettext_lazy("Status"),
                options=(Option("active", gettext_lazy("Active")), Option("inactive", gettext_lazy("Inactive"))),
                apply=_state,
                tabs=True,
                counted=True,
            ),
            ROLE,
            Dates(name="created", label=gettext_lazy("Created"), field="created_at"),
            Dates(
                name="seen",
                label=gettext_lazy("Last seen"),
                field="last_seen_at",
                never=gettext_lazy("Never signed in"),
            ),
        ),
        search=Search(KIND, gettext_lazy("Name, e-mail, user name or id")),
        actions=_ACTIONS,
    )
)


def _named(roles: Sequence[Any]) -> list[ports.NamedRole]:
    return [ports.NamedRole(role.pk, role.label) for role in roles]


ports.roles_held.fill(lambda person_id: _named(rbac.roles_of(person_id)))
ports.roles_offered.fill(lambda: _named(rbac.platform_roles()))
