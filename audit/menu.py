"""Navigation of the record."""

from django.utils.translation import gettext_lazy as _

from portal.kit.registry import MenuItem, menu

menu.add(MenuItem("audit", _("Audit trail"), "/platform/audit", "audit", "proof", "audit:read", 10))
menu.add(
    MenuItem(
        "organisation_audit",
        _("Audit trail"),
        "/o/{slug}/audit",
        "audit",
        "proof",
        "audit:read",
        10,
        realm="organisation",
    )
)
