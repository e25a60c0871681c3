"""Rights over people."""

from django.utils.translation import gettext_lazy as _

from portal.kit.registry import Permission, permissions

permissions.add(Permission("user:read", _("See people"), "users"))
permissions.add(Permission("user:update", _("Change people's details"), "users"))
permissions.add(Permission("user:admin", _("Create, import, activate and deactivate people"), "users"))
