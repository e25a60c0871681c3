"""Rights over people."""

from django.utils.translation import gettext_lazy as _

from portal.kit.registry import Permission, permissions

permissions.add(Permission("user:read", _("See people"), "users"))
permissions.add(Permission("user:update", _("Change people's details"), "users"))
permissions.add(Permission("user:admin", _("Create, import, activate and deactivate people"), "users"))

for code, label in (
    ("organisation:read", _("See an organisation")),
    ("organisation:admin", _("Create, suspend and close organisations, and act in any of them")),
    ("organisation:update", _("Change an organisation's name and address")),
    ("organisation:transfer", _("Hand an organisation over to another owner")),
    ("organisation:delete", _("Close an organisation")),
    ("member:read", _("See who belongs to an organisation")),
    ("member:create", _("Invite people to an organisation")),
    ("member:update", _("Suspend members of an organisation and let them back in")),
    ("member:delete", _("Remove members from an organisation")),
    ("role:assign", _("Give and take roles in an organisation")),
):
    permissions.add(Permission(code, label, "organisations"))
