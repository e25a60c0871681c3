"""Rights over suppliers."""

from django.utils.translation import gettext_lazy as _

from portal.kit.registry import Permission, permissions

permissions.add(Permission("supplier:read", _("See suppliers"), "data"))
permissions.add(Permission("supplier:create", _("Add suppliers"), "data"))
