"""The page of one person: what one actor may do with it, and why not the rest."""

from typing import Any

from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from accounts.developer_selectors import allowed_now, marked_label
from accounts.errors import ViewsOff
from accounts.lockout import locked_people
from accounts.models import User
from accounts.person_selectors import Held, organisations_of, roles_held
from accounts.presenters.dialogs import person_dialogs, take_dialog, view_as_dialog
from accounts.presenters.roles import offered_roles, role_badges, role_text
from accounts.presenters.rows import PersonRow, locked_text
from accounts.services.impersonation import RIGHT_TO_WRITE
from accounts.settings import IMPERSONATION
from portal.kit.context import Actor
from portal.kit.decision import can
from portal.kit.detail import Head
from rbac import selectors as rbac
from rbac.counting import bounded_here, is_bounded
from rbac.models import Role

Action = dict[str, Any]


class PersonPage:
    """What one actor may do with one person. Asks the database once for each thing it needs."""

    def __init__(self, actor: Actor, user: User) -> None:
        self.actor, self.user = actor, user

    @cached_property
    def row(self) -> PersonRow:
        """Name, avatar and state."""
        return PersonRow(
            self.user, [role.label for role in self.roles], locked_people([self.user.pk]).get(self.user.pk)
        )

    @cached_property
    def held(self) -> list[Held]:
        """The roles of the installation that the person holds, with reason and expiry, highest first."""
        return roles_held(self.actor, self.user)

    @property
    def roles(self) -> list[Role]:
        """Those roles alone."""
        return [held.binding.role for held in self.held]

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
        if self.user.erased_at is not None or self.protected or not can(self.actor, "role:admin"):
            return []
        held = {role.pk for role in self.roles}
        return [role for role in offered_roles(self.actor, self.own_rank) if role.pk not in held]

    @cached_property
    def head(self) -> Head:
        """What stands above the tabs."""
        people = (_("People"), reverse("accounts:people"))
        return Head(
            title=self.row.label,
            subtitle=self.row.email,
            states=self._states(),
            actions=self.actions(),
            more=self.more(),
            dialogs=self.dialogs(),
            crumbs=[people],
            avatar=(self.row.initials, self.row.hue, self.row.avatar),
        )

    def _states(self) -> list[tuple[str, str]]:
        found = [(self.row.state_tone, self.row.state_label)]
        if marked_label() in self.row.roles:
            found.append(("warn", _("Developer in production")))
        if self.user.is_root:
            found.append(("info", _("Root administrator")))
        return found

    def actions(self) -> list[Action]:
        """The buttons of the page's head."""
        if self.user.erased_at is not None:
            return []
        found: list[Action] = []
        if can(self.actor, "user:update", self.user):
            found.append(_action(_("Edit"), "edit", self.protected, url=self._url("person_edit")))
        if can(self.actor, "role:admin") and (self.offered_roles or self.protected):
            found.append(_action(_("Give role"), "shield", self.protected, dialog="give-role"))
        if not can(self.actor, "user:admin", self.user):
            return found
        if self.row.locked_until is not None:
            found.append(_action(_("Unlock"), "unlock", self.protected, dialog="unlock"))
        if self.user.is_active:
            why = self.protected or self.last_administrator or self._mine(_("You cannot deactivate yourself."))
            found.append(_action(_("Deactivate"), "power", why, dialog="deactivate", tone="danger"))
        else:
            found.append(_action(_("Activate"), "power", self.protected, dialog="activate", tone="primary"))
        return found

    def more(self) -> list[Action]:
        """What is done rarely, behind one button."""
        if self.user.erased_at is not None or not can(self.actor, "user:admin", self.user):
            return []
        mine = _("Change your own password on its page.") if self.oneself else ""
        inactive = "" if self.user.is_active else _("Activate the account first.")
        return [
            _action(_("View as this person"), "eye", self._why_not_viewed(), dialog="view-as"),
            *self._developer(),
            _action(_("Send password link"), "mail", self.protected or mine or inactive, dialog="send-link"),
            _action(_("Issue temporary password"), "key", self.protected or mine, dialog="issue-password"),
            self._recovery(),
            _action(_("End all sessions"), "sign-out", self.protected, dialog="end-sessions"),
            _action(_("Erase for good"), "trash", self._why_not_erased(), dialog="erase", tone="danger"),
        ]

    def _recovery(self) -> Action:
        """The way to the page of a lost device, which says why not where the person has none to lose."""
        oneself = _("You cannot recover yourself. Ask two other administrators.") if self.oneself else ""
        inactive = "" if self.user.is_active else _("Activate the account first.")
        why = self.protected or oneself or inactive
        return _action(_("Recover lost device"), "shield", why, url=self._url("person_recovery"))

    def _developer(self) -> list[Action]:
        """The button that gives the developer role, for who may give roles at all."""
        if not can(self.actor, "role:admin") or any(is_bounded(role) for role in self.roles):
            return []
        why = ""
        if bounded_here() and allowed_now() is None:
            why = _("Refused in production. A super administrator allows it on the page of the developer role.")
        return [_action(_("Give developer role"), "shield", self.protected or why, dialog="give-developer")]

    def _why_not_viewed(self) -> str:
        if self.user.is_root:
            return _("Nobody sees the console as the root administrator.")
        if self.oneself:
            return _("You see the console as yourself already.")
        if not IMPERSONATION.value():
            return str(ViewsOff.title)
        gone = not self.user.is_active or self.user.kind != User.Kind.PERSON
        return self.protected or (_("Only whoever can sign in has a console to see.") if gone else "")

    def _why_not_erased(self) -> str:
        if self.user.is_root:
            return _("The root administrator cannot be erased.")
        return self.protected or self.last_administrator or self._mine(_("You cannot erase yourself."))

    def _mine(self, text: str) -> str:
        return f"{text} {_('Ask another administrator.')}" if self.oneself else ""

    def dialogs(self) -> list[dict[str, Any]]:
        """The confirmations behind the buttons that may be pressed."""
        wanted = [
            action["dialog"] for action in self.actions() + self.more() if action["dialog"] and not action["reason"]
        ]
        if not wanted and not self.roles:
            return []
        known = person_dialogs(self.user, self.row.label, self.offered_roles)
        may_write = can(self.actor, RIGHT_TO_WRITE).allowed
        known["view-as"] = view_as_dialog(self.user, self.row.label, may_write=may_write)
        takes = [take_dialog(self.user, self.row.label, role) for role in self.roles if not self.why_kept(role)]
        return [known[name] for name in wanted] + takes

    def why_kept(self, role: Role) -> str:
        """Why the actor may not take a role from the person; empty when it may."""
        if not can(self.actor, "role:admin"):
            return _("Only who may give roles takes them.")
        if self.user.is_root:
            return _("The root administrator keeps its roles.")
        if self.protected or role.rank > self.own_rank:
            return self.protected or _("This role ranks above yours.")
        return self.last_administrator if role.code == "super_admin" else ""

    def badges(self) -> list[dict[str, str]]:
        """The roles as badges with their description."""
        return role_badges(self.roles)

    def role_rows(self) -> list[dict[str, Any]]:
        """The roles with who gave them, why and until when, and the button that takes them."""
        may = can(self.actor, "role:admin")
        return [
            {
                "label": held.binding.role.label,
                "text": role_text(held.binding.role),
                "scope": _("Whole installation"),
                "since": held.binding.created_at,
                "until": held.binding.expires_at,
                "giver": held.giver,
                "reason": held.binding.reason,
                "action": _action(
                    _("Take"), "", self.why_kept(held.binding.role), dialog=f"take-{held.binding.role.code}"
                )
                if may
                else None,
            }
            for held in self.held
        ]

    def organisations(self) -> list[dict[str, Any]]:
        """The organisations that the person belongs to, as far as the actor may see them."""
        return [
            {
                "label": one.membership.organisation.name,
                # Staff's page of an organisation; members have their own.
                "url": f"/platform/organisations/{one.membership.organisation_id}",
                "role": one.role or _("no role"),
                "state": one.membership.get_state_display() if one.membership.state != "active" else "",
                "organisation_state": one.membership.organisation.get_state_display()
                if one.membership.organisation.state != "active"
                else "",
            }
            for one in organisations_of(self.actor, self.user)
        ]

    def facts(self) -> list[dict[str, Any]]:
        """The account panel."""
        user = self.user
        if user.erased_at is not None:
            return [
                {"label": _("Erased"), "when": user.erased_at, "style": "exact"},
                {"label": _("Created"), "when": user.created_at, "style": "date"},
                {"label": _("Id"), "value": str(user.pk), "mono": True},
            ]
        password = {"label": _("Password"), "value": self._password_fact(), "when": user.password_changed_at}
        found: list[dict[str, Any]] = [
            {"label": _("Name"), "value": user.name},
            {"label": _("User name"), "value": user.username, "mono": True},
            {"label": _("E-mail address"), "value": user.email},
            password,
            {"label": _("Last seen"), "value": _("never"), "when": user.last_seen_at},
            {"label": _("Created"), "when": user.created_at, "style": "date"},
            {"label": _("Id"), "value": str(user.pk), "mono": True},
        ]
        if self.row.locked_until is not None:
            lock = {"status": {"tone": "warn", "label": locked_text(self.row.locked_until)}}
            found.insert(3, {"label": _("Sign-in"), **lock, "note": _("after wrong passwords")})
        if user.is_root:
            found.insert(
                0, {"label": _("Root administrator"), "value": _("yes"), "note": _("protected from changes by others")}
            )
        return found

    def _password_fact(self) -> str:
        if not self.user.has_usable_password():
            return _("none yet; send a link or issue a temporary one")
        return _("temporary, must be changed") if self.user.must_change_password else _("set")

    def _url(self, name: str) -> str:
        return reverse(f"accounts:{name}", args=[self.user.pk])


def _action(label: str, icon: str, reason: str, *, dialog: str = "", url: str = "", tone: str = "") -> Action:
    return {"label": label, "icon": icon, "reason": reason, "dialog": dialog, "url": url, "tone": tone}
