"""Rights: payments and their providers."""

from django.utils.translation import gettext_lazy as _

from portal.kit.registry import Permission, permissions

permissions.add(
    Permission("payment:admin", _("See payments, pay back, replay webhooks and set up payment providers"), "billing")
)
