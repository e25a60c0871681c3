"""Organisations, members and invitations as pages show them, and what one actor may do with each."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts import organisation_selectors as selectors
from accounts.forms import ReasonForm
from accounts.models import Invitation, Membership, Organisation
from accounts.organisation_forms import MemberRoleForm
from portal.kit import clock
from portal.kit.context import Actor
from portal.kit.decision import can
from portal.kit.templatetags.kit import count
from rbac import selectors as rbac
from rbac.models import Role

HUES = 5
Action = dict[str, Any]


def closing_text(actor: Actor, organisation_id: UUID) -> str:
    """What closing an organisation means, with whom it concerns."""
    members, invitations = selectors.closing_costs(actor, organisation_id)
    parts = [
        ngettext("%(n)s member loses it and is told by mail.", "%(n)s members lose it and are told by mail.", members)
        % {"n": count(members)}
    ]
    if invitations:
        text = ngettext("%(n)s open invitation dies.", "%(n)s open invitations die.", invitations)
        parts.append(text % {"n": count(invitations)})
    parts.append(_("Its pages and its API shut at once, its short name stays taken. This cannot be undone."))
    return " ".join(parts)


def organisation_state(state: str) -> tuple[str, str]:
    """Tone and word of an organisation's state."""
    words = {"active": _("Active"), "suspended": _("Suspended"), "closed": _("Closed")}
    tones = {"active": "ok", "suspended": "warn"}
    return tones.get(state, ""), words[state]


@dataclass(frozen=True)
class OrganisationRow:
    """One organisation in a list."""

    organisation: Organisation
    members: int

    @property
    def id(self) -> str:
        """Its id."""
        return str(self.organisation.pk)

    @property
    def label(self) -> str:
        """Its name."""
        return self.organisation.name

    @property
    def slug(self) -> str:
        """Its short name."""
        return self.organisation.slug

    @property
    def url(self) -> str:
        """Its page for staff."""
        return reverse("accounts:organisation", args=[self.organisation.pk])

    @property
    def hue(self) -> int:
        """Colour of its mark."""
        return self.organisation.pk.int % HUES

    @property
    def state_tone(self) -> str:
        """Tone of the chip."""
        return organisation_state(self.organisation.state)[0]

    @property
    def state_label(self) -> str:
        """Word of the chip."""
        return organisation_state(self.organisation.state)[1]

    @property
    def created_at(self) -> datetime:
        """When it was created."""
        return self.organisation.created_at


def organisation_rows(actor: Actor, found: Sequence[Organisation]) -> list[OrganisationRow]:
    """Rows of a list; one query for all numbers of members."""
    counts = selectors.member_counts(actor, [row.pk for row in found])
    return [OrganisationRow(row, counts.get(row.pk, 0)) for row in found]


@dataclass(frozen=True)
class MemberRow:
    """One member in a list."""

    membership: Membership
    role: str
    url: str

    @property
    def id(self) -> str:
        """The membership's id."""
        return str(self.membership.pk)

    @property
    def label(self) -> str:
        """The person's name."""
        return str(self.membership.user)

    @property
    def email(self) -> str:
        """The person's address."""
        return self.membership.user.email

    @property
    def hue(self) -> int:
        """Colour of the avatar."""
        return self.membership.user_id.int % HUES

    @property
    def state_tone(self) -> str:
        """Tone of the chip."""
        if not self.membership.user.is_active:
            return ""
        return "ok" if self.membership.state == Membership.State.ACTIVE else "warn"

    @property
    def state_label(self) -> str:
        """Word of the chip."""
        if not self.membership.user.is_active:
            return _("Account inactive")
        return _("Active") if self.membership.state == Membership.State.ACTIVE else _("Suspended")

    @property
    def joined_at(self) -> datetime:
        """When the person joined."""
        return self.membership.joined_at


def member_url(actor: Actor, membership: Membership) -> str:
    """A member's page: inside the organisation, or staff's."""
    if actor.organisation_id is None:
        return reverse("accounts:organisation_member", args=[membership.organisation_id, membership.pk])
    return reverse("accounts:member", args=[membership.organisation.slug, membership.pk])


def member_rows(actor: Actor, found: Sequence[Membership]) -> list[MemberRow]:
    """Rows of members of one organisation; one query for all roles."""
    if not found:
        return []
    roles = rbac.roles_in(found[0].organisation_id, [row.user_id for row in found])
    return [
        MemberRow(row, roles[row.user_id].label if row.user_id in roles else "", member_url(actor, row))
        for row in found
    ]


def invitation_rows(found: Iterable[Invitation]) -> list[dict[str, Any]]:
    """Invitations as the page lists them."""
    return [
        {
            "id": str(row.pk),
            "email": row.email,
            "role": row.role.label,
            "by": str(row.invited_by) if row.invited_by else "",
            "sent_at": row.sent_at,
            "expires_at": row.expires_at,
            "state": invitation_state(row),
            "open": row.accepted_at is None and row.revoked_at is None,
            "dialog": f"revoke-{row.pk}",
        }
        for row in found
    ]


def invitation_state(row: Invitation) -> tuple[str, str]:
    """Tone and word of an invitation."""
    if row.accepted_at is not None:
        return "ok", _("Accepted")
    if row.revoked_at is not None:
        return "", _("Withdrawn")
    if row.sent_at is None:
        return "info", _("Being sent")
    return ("warn", _("Expired")) if row.expires_at <= clock.now() else ("info", _("Open"))


def offered_roles(actor: Actor, organisation: Organisation) -> list[Role]:
    """The roles that `actor` may give there, highest first: all as staff, else up to the own rank."""
    roles = rbac.roles_for(organisation.pk)
    if actor.organisation_id is None:
        return roles
    own = rbac.rank_of(actor.id, organisation.pk) if actor.id else 0
    return [role for role in roles if role.rank <= own]


class MemberPage:
    """What one actor may do with one member."""

    def __init__(self, actor: Actor, membership: Membership) -> None:
        self.actor, self.membership = actor, membership

    @cached_property
    def row(self) -> MemberRow:
        """Name, state and role."""
        return member_rows(self.actor, [self.membership])[0]

    @cached_property
    def role(self) -> Role | None:
        """The role that the person has there."""
        organisation_id = self.membership.organisation_id
        return rbac.roles_in(organisation_id, [self.membership.user_id]).get(self.membership.user_id)

    @property
    def oneself(self) -> bool:
        """Whether the actor looks at its own membership, from inside."""
        return self.actor.id == self.membership.user_id

    def may(self, code: str) -> bool:
        """Whether the actor may do `code` here: by the right inside, or as staff from outside."""
        if self.actor.organisation_id is None:
            return can(self.actor, "organisation:admin").allowed
        return can(self.actor, code).allowed

    @cached_property
    def protected(self) -> str:
        """Why the actor may not touch this member at all; empty when it may."""
        if self.actor.organisation_id is None or self.oneself or self.role is None:
            return ""
        own = rbac.rank_of(self.actor.id, self.membership.organisation_id) if self.actor.id else 0
        return _("This member ranks above you.") if self.role.rank > own else ""

    @cached_property
    def last_owner(self) -> str:
        """Why the member must stay an active owner; empty unless it is the last one."""
        last = rbac.holders_of("owner", self.membership.organisation_id) == [self.membership.user_id]
        return _("The last owner stays. Make another member owner first.") if last else ""

    def actions(self) -> list[Action]:
        """The buttons of the head."""
        found: list[Action] = []
        active = self.membership.state == Membership.State.ACTIVE
        why = self.protected or self.last_owner
        if self.may("role:assign"):
            resting = "" if active else _("Resume the membership first.")
            found.append(_action(_("Change role"), "shield", why or resting, "role"))
        if self.may("member:update"):
            mine = _("You cannot suspend yourself.") if self.oneself else ""
            if active:
                found.append(_action(_("Suspend"), "lock", why or mine, "suspend"))
            else:
                found.append(_action(_("Resume"), "unlock", self.protected, "resume"))
        if self.may("member:delete"):
            mine = _("Leave on the page of settings.") if self.oneself and self.actor.organisation_id else ""
            found.append(_action(_("Remove"), "trash", why or mine, "remove", tone="danger"))
        if self.actor.organisation_id is not None:
            where = reverse("rbac:person_access", args=[self.membership.organisation.slug, self.membership.user_id])
            found.insert(0, _action(_("Access"), "key", "", "") | {"url": where})
        return found

    def dialogs(self) -> list[dict[str, Any]]:
        """A confirmation for each button that may be pressed."""
        name, url = {"name": self.row.label}, self.row.url
        organisation = self.membership.organisation
        made: dict[str, dict[str, Any]] = {
            "role": {
                "title": _("Change the role of %(name)s") % name,
                "text": _("The new role takes the place of the present one and counts from their next request."),
                "confirm_label": _("Change role"),
                "tone": "primary",
                "glyph": "shield",
                "form": MemberRoleForm(auto_id="role_%s", roles=offered_roles(self.actor, organisation)),
            },
            "suspend": {
                "title": _("Suspend %(name)s in this organisation?") % name,
                "text": _("They are shut out here at their next request and keep their role for later."),
                "confirm_label": _("Suspend"),
                "glyph": "lock",
                "form": ReasonForm(auto_id="suspend_%s"),
            },
            "resume": {
                "title": _("Let %(name)s in again?") % name,
                "text": _("They can enter this organisation again, with the role they had."),
                "confirm_label": _("Resume"),
                "tone": "primary",
                "glyph": "unlock",
            },
            "remove": {
                "title": _("Remove %(name)s from this organisation?") % name,
                "text": _("They lose every right here at their next request. Their account stays."),
                "confirm_label": _("Remove"),
                "glyph": "trash",
                "form": ReasonForm(auto_id="remove_%s"),
            },
        }
        pressable = {action["dialog"] for action in self.actions() if not action["reason"]}
        return [{"id": key, "url": url, "hidden": [("do", key)], **made[key]} for key in made if key in pressable]

    def facts(self) -> list[dict[str, Any]]:
        """What is known of the membership."""
        return [
            {"label": _("Role"), "value": self.row.role or _("none")},
            {"label": _("Status"), "status": {"tone": self.row.state_tone, "label": self.row.state_label}},
            {"label": _("E-mail address"), "value": self.row.email},
            {"label": _("Joined"), "when": self.row.joined_at},
        ]


def _action(label: str, icon: str, reason: str, dialog: str, *, tone: str = "") -> Action:
    return {"label": label, "icon": icon, "reason": reason, "dialog": dialog, "tone": tone}
