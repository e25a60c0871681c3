"""Rights: documents. `invoice:admin` stands with the customers, `billing:read` too."""

from django.utils.translation import gettext_lazy as _

from portal.kit.registry import Permission, permissions

permissions.add(Permission("invoice:read", _("See the invoices and credit notes of every customer"), "billing"))
