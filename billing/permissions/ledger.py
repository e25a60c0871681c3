"""Rights: the ledger."""

from django.utils.translation import gettext_lazy as _

from portal.kit.registry import Permission, permissions

permissions.add(Permission("ledger:read", _("See the ledger: accounts, journals and statements"), "billing"))
permissions.add(
    Permission("ledger:admin", _("Post and reverse journals, match bank statements, close periods"), "billing")
)
