"""Teams as pages show them, and what one actor may do with each."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.kit.context import Actor
from portal.kit.decision import can
from portal.kit.templatetags.kit import count
from rbac import team_selectors as selectors
from rbac.models import Team, TeamMember
from rbac.tree_forms import TeamNestForm

HUES = 5
Action = dict[str, Any]


def team_url(team: Team) -> str:
    """The page of a team."""
    return reverse("rbac:team", args=[team.organisation.slug, team.pk])


def people_text(number: int) -> str:
    """So many members, in words."""
    return ngettext("%(n)s member", "%(n)s members", number) % {"n": count(number)}


@dataclass(frozen=True)
class TeamRow:
    """One team in a list."""

    team: Team
    members: int

    @property
    def id(self) -> str:
        """Its id."""
        return str(self.team.pk)

    @property
    def label(self) -> str:
        """Its name."""
        return self.team.name

    @property
    def slug(self) -> str:
        """Its short name."""
        return self.team.slug

    @property
    def url(self) -> str:
        """Its page."""
        return team_url(self.team)

    @property
    def inside(self) -> str:
        """The team around it."""
        return self.team.parent.name if self.team.parent else ""

    @property
    def description(self) -> str:
        """What it is for."""
        return self.team.description

    @property
    def created_at(self) -> datetime:
        """When it was made."""
        return self.team.created_at


def team_rows(actor: Actor, found: Sequence[Team]) -> list[TeamRow]:
    """Rows of a list; one query for all numbers of members."""
    counts = selectors.member_counts(actor, found)
    return [TeamRow(row, counts.get(row.pk, 0)) for row in found]


def member_row(member: TeamMember, *, removable: bool) -> dict[str, Any]:
    """Somebody in a team."""
    user = member.user
    service = getattr(user, "kind", "") == "service"
    return {
        "label": str(user),
        "hue": user.pk.int % HUES,
        "picture": getattr(user, "avatar", None),
        "second": user.get_username() if service else getattr(user, "email", ""),
        "kind": _("Service account") if service else "",
        "added_at": member.added_at,
        "dialog": f"leave-{user.pk}" if removable else "",
        "hidden": [("person", str(user.pk))],
    }


class TeamPage:
    """What one actor may do with one team."""

    def __init__(self, actor: Actor, team: Team) -> None:
        self.actor, self.team = actor, team
        self.may = can(actor, "team:admin").allowed

    def facts(self) -> list[dict[str, Any]]:
        """What is known of it."""
        team = self.team
        inside: dict[str, Any] = {"label": _("Inside"), "value": _("no other team")}
        if team.parent is not None:
            inside = {"label": _("Inside"), "value": team.parent.name, "url": self._url(team.parent)}
        held = selectors.roles_held(self.actor, team)
        return [
            {"label": _("Short name"), "value": team.slug, "mono": True},
            {"label": _("Purpose"), "value": team.description or _("not told")},
            inside,
            {"label": _("Members with those of teams inside"), "value": selectors.reach(self.actor, team)},
            {"label": _("Roles of the team"), "value": ", ".join(held) or _("none")},
            {"label": _("Created"), "when": team.created_at},
        ]

    def _url(self, team: Team) -> str:
        return reverse("rbac:team", args=[self.team.organisation.slug, team.pk])

    def actions(self) -> list[Action]:
        """The buttons of the head."""
        if not self.may:
            return []
        where = team_url(self.team)
        why = _("There are teams inside. Move or delete them first.") if self.inside else ""
        return [
            {"label": _("Edit"), "icon": "edit", "url": f"{where}/edit"},
            {"label": _("Move"), "icon": "arrow-right", "dialog": "nest"},
            {"label": _("Delete"), "icon": "trash", "dialog": "delete", "tone": "danger", "reason": why},
        ]

    def dialogs(self) -> list[dict[str, Any]]:
        """What the buttons open."""
        if not self.may:
            return []
        where, name = team_url(self.team), {"name": self.team}
        found = [
            {
                "id": "nest",
                "url": f"{where}/nest",
                "title": _("Move %(name)s") % name,
                "text": _("Its members are also members of the team around it, and get what that team holds."),
                "confirm_label": _("Move team"),
                "tone": "primary",
                "glyph": "people",
                "form": TeamNestForm(
                    {"parent": self.team.parent_id or ""},
                    auto_id="nest_%s",
                    teams=selectors.places_for(self.actor, self.team),
                ),
            }
        ]
        if not self.inside:
            text = _("%(members)s lose what they hold through it. Nobody leaves the organisation.")
            found.append(
                {
                    "id": "delete",
                    "url": f"{where}/delete",
                    "title": _("Delete %(name)s?") % name,
                    "text": text % {"members": people_text(self.number)},
                    "confirm_label": _("Delete team"),
                    "glyph": "trash",
                    "word": self.team.slug,
                }
            )
        return found

    def leave_dialog(self, row: dict[str, Any]) -> dict[str, Any]:
        """The question before somebody is taken out."""
        name = {"person": row["label"], "team": self.team}
        return {
            "id": row["dialog"],
            "url": f"{team_url(self.team)}/remove",
            "title": _("Take %(person)s out of %(team)s?") % name,
            "text": _("What the team holds no longer counts for them, from the next click on."),
            "confirm_label": _("Take out"),
            "glyph": "user",
            "hidden": row["hidden"],
        }

    @cached_property
    def inside(self) -> list[Team]:
        """The teams directly inside."""
        return selectors.teams_inside(self.actor, self.team)

    @cached_property
    def counts(self) -> dict[UUID, int]:
        """How many are directly in the team and in each of those inside."""
        return selectors.member_counts(self.actor, [self.team, *self.inside])

    @property
    def number(self) -> int:
        """How many are directly in the team."""
        return self.counts.get(self.team.pk, 0)

    def inside_rows(self) -> list[TeamRow]:
        """The teams inside, as lists show them."""
        return [TeamRow(row, self.counts.get(row.pk, 0)) for row in self.inside]
