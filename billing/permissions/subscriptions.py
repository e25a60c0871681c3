"""Rights: what was agreed."""

from django.utils.translation import gettext_lazy as _

from portal.kit.registry import Permission, permissions

permissions.add(Permission("subscription:read", _("See subscriptions of every customer"), "billing"))
permissions.add(Permission("subscription:admin", _("Make, change and end subscriptions of every customer"), "billing"))
