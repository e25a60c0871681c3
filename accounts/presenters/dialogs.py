"""The confirmations of a person's page, each naming the consequence."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.forms import ReasonForm, RoleForm
from accounts.models import User
from accounts.people_forms import ViewAsForm
from rbac.models import Role

Dialog = dict[str, Any]


def person_dialogs(user: User, label: str, offered: list[Role]) -> dict[str, Dialog]:
    """Every dialog about a person by its id; the page shows those whose button may be pressed."""
    made = [*_access(user, label, offered), _developer(user, label), *_passwords(user, label), *_ends(user, label)]
    return {dialog["id"]: dialog for dialog in made}


def take_dialog(user: User, label: str, role: Role) -> Dialog:
    """Take a role away."""
    return {
        "id": f"take-{role.code}",
        "title": _("Take the role %(role)s from %(name)s?") % {"role": role.label, "name": label},
        "text": _("Its rights end with their next request."),
        "url": _url(user, "person_role"),
        "confirm_label": _("Take role"),
        "glyph": "shield",
        "form": ReasonForm(auto_id=f"take_{role.code}_%s"),
        "hidden": [("do", "take"), ("role", role.code)],
    }


def view_as_dialog(user: User, label: str, *, may_write: bool) -> Dialog:
    """See the console as this person."""
    name = {"name": label}
    return {
        "id": "view-as",
        "title": _("See the console as %(name)s?") % name,
        "text": _(
            "For 30 minutes you see what they see, and change nothing. Their password, second factors, sessions and "
            "keys stay closed. They are told, and what happens is recorded with both names."
        ),
        "url": _url(user, "person_view_as"),
        "confirm_label": _("View as this person"),
        "tone": "primary",
        "glyph": "eye",
        "form": ViewAsForm(may_write=may_write, auto_id="view_%s"),
    }


def _access(user: User, label: str, offered: list[Role]) -> list[Dialog]:
    name = {"name": label}
    return [
        {
            "id": "deactivate",
            "title": _("Deactivate %(name)s?") % name,
            "text": _(
                "They are locked out at their next request. Nothing is deleted, and you can activate them again."
            ),
            "url": _url(user, "person_deactivate"),
            "confirm_label": _("Deactivate"),
            "glyph": "power",
            "form": ReasonForm(auto_id="deactivate_%s"),
        },
        {
            "id": "activate",
            "title": _("Activate %(name)s?") % name,
            "text": _("They can sign in again, with the roles they have."),
            "url": _url(user, "person_activate"),
            "confirm_label": _("Activate"),
            "tone": "primary",
            "glyph": "power",
        },
        {
            "id": "unlock",
            "title": _("Unlock %(name)s?") % name,
            "text": _("They can try to sign in again at once. If it was not them who failed, so can whoever it was."),
            "url": _url(user, "person_unlock"),
            "confirm_label": _("Unlock sign-in"),
            "tone": "primary",
            "glyph": "unlock",
        },
        {
            "id": "give-role",
            "title": _("Give %(name)s a role?") % name,
            "text": _("The role works from their next request on."),
            "url": _url(user, "person_role"),
            "confirm_label": _("Give role"),
            "tone": "primary",
            "glyph": "shield",
            "form": RoleForm(roles=offered, auto_id="give_%s"),
            "hidden": [("do", "give")],
        },
    ]


def _developer(user: User, label: str) -> Dialog:
    return {
        "id": "give-developer",
        "title": _("Give %(name)s the developer role?") % {"name": label},
        "text": _(
            "It lets them do all that an administrator may, for maintenance. In production it ends with the time for "
            "which the role is allowed. Give it to nobody who does not need it now."
        ),
        "url": _url(user, "person_developer"),
        "confirm_label": _("Give developer role"),
        "glyph": "shield",
        "form": ReasonForm(auto_id="developer_%s"),
    }


def _passwords(user: User, label: str) -> list[Dialog]:
    name = {"name": label, "email": user.email}
    return [
        {
            "id": "send-link",
            "title": _("Mail %(name)s a link for a new password?") % name,
            "text": _(
                "It goes to %(email)s, works once and for an hour. Their present password works until they use it; "
                "a link they were sent before stops working."
            )
            % name,
            "url": _url(user, "person_link"),
            "confirm_label": _("Send link"),
            "tone": "primary",
            "glyph": "mail",
        },
        {
            "id": "issue-password",
            "title": _("Issue a temporary password for %(name)s?") % name,
            "text": _("Their password stops working and all their sessions end. You see the temporary password once."),
            "url": _url(user, "person_password"),
            "confirm_label": _("Issue password"),
            "glyph": "key",
        },
    ]


def _ends(user: User, label: str) -> list[Dialog]:
    name = {"name": label}
    return [
        {
            "id": "end-sessions",
            "title": _("Sign %(name)s out everywhere?") % name,
            "text": _("Every session ends; what they have not saved is lost. They can sign in again at once."),
            "url": f"{_url(user, 'person')}?tab=sessions",
            "confirm_label": _("End all sessions"),
            "glyph": "sign-out",
            "hidden": [("do", "end-all")],
        },
        {
            "id": "erase",
            "title": _("Erase %(name)s for good?") % name,
            "text": _(
                "Name, user name, address, notes and mails are gone and cannot be brought back, not even by you. They "
                "are signed out, their roles end, and their name becomes unreadable in the audit trail, whose events stay. "
                "To only lock them out, deactivate them."
            ),
            "url": _url(user, "person_erase"),
            "confirm_label": _("Erase for good"),
            "glyph": "trash",
            "form": ReasonForm(auto_id="erase_%s"),
            "word": user.username,
        },
    ]


def _url(user: User, name: str) -> str:
    return reverse(f"accounts:{name}", args=[user.pk])
