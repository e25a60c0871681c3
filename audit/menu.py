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
menu.add(MenuItem("activity", _("Activity"), "/platform/activity", "activity", "proof", "audit:read", 20))
menu.add(
    MenuItem(
        "organisation_activity",
        _("Activity"),
        "/o/{slug}/activity",
        "activity",
        "proof",
        "audit:read",
        20,
        realm="organisation",
    )
)
