"""Rights over what the roof has of its own; `dashboard:read` stands in the kit, which asks for it as well."""

from django.utils.translation import gettext_lazy as _

from portal.kit.registry import Permission, permissions

permissions.add(Permission("dashboard:share", _("Share dashboards with others"), "system"))
