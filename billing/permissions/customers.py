"""Rights: who buys and who sells."""

from django.utils.translation import gettext_lazy as _

from portal.kit.registry import Permission, permissions

permissions.add(Permission("billing:read", _("See the plan, invoices and payments of the organisation"), "billing"))
permissions.add(Permission("billing:admin", _("Change plan, payment methods and billing data"), "billing"))
permissions.add(Permission("invoice:admin", _("Issue, change and settle documents, name legal entities"), "billing"))
permissions.add(Permission("customer:read", _("See customers, their details and who sells to them"), "billing"))
