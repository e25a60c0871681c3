"""Entries of the navigation."""

from django.utils.translation import gettext_lazy as _

from portal.kit.registry import MenuItem, menu

menu.add(
    MenuItem(
        name="suppliers.suppliers",
        label=_("Suppliers"),
        url="/o/{slug}/suppliers",
        icon="building",
        section="",
        permission="supplier:read",
        order=90,
        realm="organisation",
    )
)
