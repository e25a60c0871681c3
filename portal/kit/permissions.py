"""Rights that pages of the common floor demand."""

from django.utils.translation import gettext_lazy as _

from portal.kit.registry import Permission, permissions

permissions.add(Permission("kpi:read", _("See key figures of the business"), "billing"))
permissions.add(Permission("installation:admin", _("Run the installation"), "system"))
permissions.add(Permission("system:read", _("See the state of the installation, its settings and logs"), "system"))
permissions.add(Permission("dashboard:read", _("See the home page"), "system"))
permissions.add(Permission("settings:update", _("Change the settings of the installation"), "system"))
