"""Rights of the record."""

from django.utils.translation import gettext_lazy as _

from portal.kit.registry import Permission, permissions

permissions.add(Permission("audit:read", _("Read the audit trail"), "security"))
permissions.add(Permission("audit:export", _("Export the audit trail"), "security"))
