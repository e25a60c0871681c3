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

permissions.add(Permission("session:verify", _("Ask whose session somebody showed to a host product"), "security"))
for code, label in (
    ("apikey:read", _("See an organisation's API keys and service accounts")),
    ("apikey:create", _("Make API keys of one's own in an organisation")),
    ("apikey:admin", _("Revoke any API key of an organisation, and look after its service accounts")),
):
    permissions.add(Permission(code, label, "organisations"))
permissions.add(Permission("survey:read", _("See what people answer when they are asked how they like it"), "data"))
permissions.add(Permission("key:admin", _("See and revoke the API keys of anybody"), "security"))
permissions.add(Permission("security:read", _("See how people sign in, and what is wrong with it"), "security"))
permissions.add(
    Permission(
        "break_glass:execute", _("Break the glass: every right for an hour, and changes as somebody else"), "security"
    )
)
