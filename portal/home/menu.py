"""Navigation of the roof."""

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from portal.kit.registry import MenuItem, menu

menu.add(MenuItem("home", _("Home"), "/", "home", "", "dashboard:read", 0))
menu.add(MenuItem("kpis", _("Key figures"), "/platform/kpis", "activity", "money", "kpi:read", 5))
menu.add(MenuItem("settings", _("Settings"), "/platform/settings", "settings", "installation", "system:read", 10))
menu.add(MenuItem("outbox", _("Outbox"), "/platform/outbox", "mail", "installation", "installation:admin", 20))
menu.add(
    MenuItem(
        "announcements", _("Announcements"), "/platform/announcements", "info", "installation", "installation:admin", 25
    )
)
menu.add(
    MenuItem(
        "maintenance", _("Maintenance mode"), "/platform/maintenance", "power", "installation", "installation:admin", 30
    )
)
menu.add(MenuItem("admin", _("Advanced data"), "/admin/", "database", "installation", "installation:admin", 80))
menu.add(
    MenuItem(
        "notices",
        _("Notifications"),
        "/me/notifications",
        "bell",
        "self",
        "",
        60,
        realm="self",
    )
)
if not settings.PRODUCTION:
    menu.add(
        MenuItem(
            "components", _("Components"), "/platform/components", "columns", "installation", "installation:admin", 90
        )
    )
