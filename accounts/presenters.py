"""People as the templates show them: rows, actions with the reason when one is refused, facts."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from accounts.forms import ReasonForm, RoleForm
from accounts.models import User
from portal.kit.context import Actor
from portal.kit.decision import can, role_labels
from rbac import selectors as rbac
from rbac.models import Role

HUES = 5


@dataclass(frozen=True)
class PersonRow:
    """One person in a list or head."""

    user: User
    roles: list[str]

    @property
    def id(self) -> str:
        """The person's id."""
        return str(self.user.pk)

    @property
    def url(self) -> str:
        """Its page."""
        return reverse("accounts:person", args=[self.user.pk])

    @property
    def label(self) -> str:
        """Its name."""
        return str(self.user)

    @property
    def initials(self) -> str:
        """What the avatar draws its letters from."""
        return str(self.user)

    @property
    def hue(self) -> int:
        """Colour of the avatar: the same person, the same colour."""
        return self.user.pk.int % HUES

    @property
    def email(self) -> str:
        """Mail address."""
        return self.user.email

    @property
    def username(self) -> str:
        """User name."""
        return self.user.username

    @property
    def state_tone(self) -> str:
        """Tone of the chip."""
        return "ok" if self.user.is_active else ""

    @property
    def state_label(self) -> str:
        """Word of the chip."""
        return _("Active") if self.user.is_active else _("Inactive")

    @property
    def last_seen_at(self) -> datetime | None:
        """When it last did anything."""
        return self.user.last_seen_at

    @property
    def created_at(self) -> datetime:
        """When it was created."""
        return self.user.created_at


def rows(users: Iterable[User]) -> list[PersonRow]:
    """Rows of a list; one query for all roles."""
    found = list(users)
    labels = role_labels([user.pk for user in found])
    return [PersonRow(user, labels.get(user.pk, [])) for user in found]


class PersonPage:
    """What one actor may do with one person, and why not the rest. Asks the database once for each thing it needs."""

    def __init__(self, actor: Actor, user: User) -> None:
        self.actor, self.user = actor, user
        self.row = PersonRow(user, [role.label for role in self.roles])

    @cached_property
    def roles(self) -> list[Role]:
        """The roles that the person holds, highest first."""
        return rbac.roles_of(self.user.pk)

    @cached_property
    def own_rank(self) -> int:
        """The actor's rank."""
        return rbac.rank_of(self.actor.id) if self.actor.id else 0

    @property
    def oneself(self) -> bool:
        """Whether the actor looks at its own page."""
        return self.actor.id == self.user.pk

    @cached_property
    def protected(self) -> str:
        """Why the actor may not touch this person at all; empty when it may."""
        if self.oneself:
            return ""
        if self.user.is_root:
            return _("The root administrator cannot be changed by others.")
        if max((role.rank for role in self.roles), default=0) > self.own_rank:
            return _("This person ranks above you. Ask somebody with a role at least as high as theirs.")
        return ""

    @cached_property
    def last_administrator(self) -> str:
        """Why the person must stay an active super administrator; empty unless it is the last one."""
        last = any(role.code == "super_admin" for role in self.roles) and rbac.holders_of("super_admin") == [
            self.user.pk
        ]
        return _("The last administrator stays. Make another active person super administrator first.") if last else ""

    @cached_property
    def offered_roles(self) -> list[Role]:
        """Roles that the actor may give and the person lacks."""
        if not can(self.actor, "role:admin") or self.protected:
            return []
        held = {role.pk for role in self.roles}
        return [role for role in offered_roles(self.actor, self.own_rank) if role.pk not in held]

    def actions(self) -> list[dict[str, Any]]:
        """The buttons of the page's head."""
        found: list[dict[str, Any]] = []
        if can(self.actor, "user:update", self.user):
            found.append(
                {"label": _("Edit"), "icon": "edit", "url": self._url("person_edit"), "reason": self.protected}
            )
        if can(self.actor, "role:admin") and (self.offered_roles or self.protected):
            found.append({"label": _("Give role"), "icon": "shield", "dialog": "give-role", "reason": self.protected})
        if not can(self.actor, "user:admin", self.user):
            return found
        mine = _("Change your own password on its page.") if self.oneself else ""
        found.append(
            {
                "label": _("Issue temporary password"),
                "icon": "key",
                "dialog": "issue-password",
                "reason": self.protected or mine,
            }
        )
        if self.user.is_active:
            mine = _("You cannot deactivate yourself. Ask another administrator.") if self.oneself else ""
            why = self.protected or self.last_administrator or mine
            found.append(
                {"label": _("Deactivate"), "icon": "power", "tone": "danger", "dialog": "deactivate", "reason": why}
            )
        else:
            found.append(
                {
                    "label": _("Activate"),
                    "icon": "power",
                    "tone": "primary",
                    "dialog": "activate",
                    "reason": self.protected,
                }
            )
        return found

    def dialogs(self) -> list[dict[str, Any]]:
        """The confirmations behind the buttons that may be pressed."""
        wanted = {action["dialog"] for action in self.actions() if action.get("dialog") and not action["reason"]}
        return [dialog for dialog in self._dialogs() if dialog["id"] in wanted or dialog["id"].startswith("take-")]

    def _dialogs(self) -> list[dict[str, Any]]:
        name = {"name": self.row.label}
        return [
            {
                "id": "deactivate",
                "title": _("Deactivate %(name)s?") % name,
                "text": _(
                    "They are locked out at their next request. Nothing is deleted, and you can activate them again."
                ),
                "url": self._url("person_deactivate"),
                "confirm_label": _("Deactivate"),
                "glyph": "power",
                "form": ReasonForm(auto_id="deactivate_%s"),
            },
            {
                "id": "activate",
                "title": _("Activate %(name)s?") % name,
                "text": _("They can sign in again, with the roles they have."),
                "url": self._url("person_activate"),
                "confirm_label": _("Activate"),
                "tone": "primary",
                "glyph": "power",
            },
            {
                "id": "issue-password",
                "title": _("Issue a temporary password for %(name)s?") % name,
                "text": _(
                    "Their password stops working and all their sessions end. You see the temporary password once."
                ),
                "url": self._url("person_password"),
                "confirm_label": _("Issue password"),
                "glyph": "key",
            },
            {
                "id": "give-role",
                "title": _("Give %(name)s a role?") % name,
                "text": _("The role works from their next request on."),
                "url": self._url("person_role"),
                "confirm_label": _("Give role"),
                "tone": "primary",
                "glyph": "shield",
                "form": RoleForm(roles=self.offered_roles, auto_id="give_%s"),
                "hidden": [("do", "give")],
            },
            *(self._take_dialog(role) for role in self.roles if not self.why_kept(role)),
        ]

    def _take_dialog(self, role: Role) -> dict[str, Any]:
        return {
            "id": f"take-{role.code}",
            "title": _("Take the role %(role)s from %(name)s?") % {"role": role.label, "name": self.row.label},
            "text": _("Its rights end with their next request."),
            "url": self._url("person_role"),
            "confirm_label": _("Take role"),
            "glyph": "shield",
            "form": ReasonForm(auto_id=f"take_{role.code}_%s"),
            "hidden": [("do", "take"), ("role", role.code)],
        }

    def why_kept(self, role: Role) -> str:
        """Why the actor may not take a role from the person; empty when it may."""
        if not can(self.actor, "role:admin"):
            return _("Only who may give roles takes them.")
        if self.user.is_root:
            return _("The root administrator keeps its roles.")
        if self.protected or role.rank > self.own_rank:
            return self.protected or _("This role ranks above yours.")
        return self.last_administrator if role.code == "super_admin" else ""

    def role_rows(self) -> list[dict[str, Any]]:
        """The roles panel."""
        may = can(self.actor, "role:admin")
        return [
            {
                "label": role.label,
                "scope": _("Whole installation"),
                "action": {"label": _("Take"), "dialog": f"take-{role.code}", "reason": self.why_kept(role)}
                if may
                else None,
            }
            for role in self.roles
        ]

    def facts(self) -> list[dict[str, Any]]:
        """The account panel."""
        user = self.user
        found: list[dict[str, Any]] = [
            {"label": _("Name"), "value": user.name},
            {"label": _("User name"), "value": user.username, "mono": True},
            {"label": _("E-mail address"), "value": user.email},
            {
                "label": _("Password"),
                "value": self._password_fact(),
                **({"when": user.password_changed_at} if user.password_changed_at else {}),
            },
            {"label": _("Last seen"), "value": _("never"), "when": user.last_seen_at},
            {"label": _("Created"), "when": user.created_at, "style": "date"},
            {"label": _("Id"), "value": str(user.pk), "mono": True},
        ]
        if user.is_root:
            found.insert(
                0, {"label": _("Root administrator"), "value": _("yes"), "note": _("protected from changes by others")}
            )
        return found

    def _password_fact(self) -> str:
        if not self.user.has_usable_password():
            return _("none yet; issue a temporary one")
        return _("temporary, must be changed") if self.user.must_change_password else _("set")

    def _url(self, name: str) -> str:
        return reverse(f"accounts:{name}", args=[self.user.pk])


def offered_roles(actor: Actor, rank: int | None = None) -> list[Role]:
    """The roles of the installation that `actor` may give; rbac checks again when one is given."""
    if actor.id is None or not can(actor, "role:admin"):
        return []
    own = rbac.rank_of(actor.id) if rank is None else rank
    return [role for role in rbac.platform_roles() if role.rank <= own]
