"""Navigation of the record."""

from django.utils.translation import gettext_lazy as _

from portal.kit.registry import MenuItem, menu

menu.add(MenuItem("audit", _("Audit trail"), "/platform/audit", "audit", "proof", "audit:read", 10))
