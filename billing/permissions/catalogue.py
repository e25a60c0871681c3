"""Rights: what is sold."""

from django.utils.translation import gettext_lazy as _

from portal.kit.registry import Permission, permissions

permissions.add(Permission("plan:read", _("See all plans, prices, meters, features and coupons"), "billing"))
permissions.add(Permission("plan:admin", _("Make, publish and archive plans, meters and features"), "billing"))
permissions.add(Permission("coupon:admin", _("Make, change and archive coupons"), "billing"))
