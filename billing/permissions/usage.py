"""Rights: use and what a plan entitles to."""

from django.utils.translation import gettext_lazy as _

from portal.kit.registry import Permission, permissions

permissions.add(Permission("usage:read", _("See what is used, against the limits of the plan"), "billing"))
permissions.add(Permission("usage:create", _("Report use, as host products do"), "billing"))
permissions.add(Permission("entitlement:check", _("Ask what the plan allows, as host products do"), "billing"))
