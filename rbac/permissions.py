"""Rights over roles."""

from django.utils.translation import gettext_lazy as _

from portal.kit.registry import Permission, permissions

permissions.add(Permission("role:admin", _("Give and take roles of the installation"), "security"))
