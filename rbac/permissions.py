"""Rights over roles."""

from django.utils.translation import gettext_lazy as _

from portal.kit.registry import Permission, permissions

permissions.add(Permission("role:admin", _("Give and take roles of the installation"), "security"))

for code, label in (
    ("team:admin", _("Make teams and say who is in them")),
    ("workspace:read", _("See workspaces")),
    ("workspace:admin", _("Make, change, archive and delete workspaces")),
):
    permissions.add(Permission(code, label, "organisations"))
for code, label in (
    ("resource:read", _("See the resources of host products")),
    ("resource:create", _("Register resources")),
    ("resource:update", _("Change, move and open resources")),
    ("resource:delete", _("Delete resources")),
):
    permissions.add(Permission(code, label, "data"))
permissions.add(Permission("role:create", _("Make roles of the organisation"), "security"))
permissions.add(Permission("role:update", _("Change roles of the organisation"), "security"))
permissions.add(Permission("role:delete", _("Delete roles of the organisation"), "security"))
permissions.add(
    Permission("member:admin", _("Give every right in the products of the organisation, held or not"), "organisations")
)
permissions.add(Permission("resource:execute", _("Start, report and stop runs of resources"), "data"))
permissions.add(Permission("module:read", _("See the modules of host products and who uses them"), "modules"))
permissions.add(Permission("module:update", _("Switch modules of host products on and off"), "modules"))
