"""Entries of the navigation."""

from django.utils.translation import gettext_lazy as _

from portal.kit.registry import MenuItem, menu

menu.add(MenuItem("accounts.people", _("People"), "/platform/people", "people", "people", "user:read", order=10))
