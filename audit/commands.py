"""What the palette offers to do with the trail, and which letters lead to it."""

from django.utils.translation import gettext_lazy as _

from portal.kit.search import Command, Jump, commands, jumps

for command in (
    Command(
        "audit.export",
        "platform",
        _("Export the audit trail"),
        "/platform/audit/exports",
        "download",
        "audit:export",
    ),
    Command(
        "audit.organisation_export",
        "organisation",
        _("Export the audit trail"),
        "/o/{slug}/audit/exports",
        "download",
        "audit:export",
    ),
):
    commands.add(command)

for entry in ("audit", "organisation_audit"):
    jumps.add(Jump("a", entry))
