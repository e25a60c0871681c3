"""Rights: events that leave by HTTP."""

from django.utils.translation import gettext_lazy as _

from portal.kit.registry import Permission, permissions

permissions.add(Permission("webhook:admin", _("Have events sent to addresses of one's own"), "system"))
