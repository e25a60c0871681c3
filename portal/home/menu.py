"""Navigation of the roof."""

from django.utils.translation import gettext_lazy as _

from portal.kit.registry import MenuItem, menu

menu.add(MenuItem("home", _("Home"), "/", "home", "", "dashboard:read", 0))
menu.add(MenuItem("outbox", _("Outbox"), "/platform/outbox", "mail", "installation", "installation:admin", 20))
