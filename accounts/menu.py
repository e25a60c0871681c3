"""Entries of the navigation."""

from django.utils.translation import gettext_lazy as _

from accounts import organisation_lists
from portal.kit.registry import MenuItem, menu

menu.add(MenuItem("accounts.people", _("People"), "/platform/people", "people", "people", "user:read", order=10))
menu.add(
    MenuItem(
        "accounts.organisations",
        organisation_lists.organisations.label,
        organisation_lists.organisations.url,
        "building",
        "people",
        organisation_lists.organisations.code,
        order=20,
    )
)
for name, label, path, icon, section, code, order in (
    ("home", _("Overview"), "", "home", "", "organisation:read", 0),
    ("members", _("Members"), "members", "people", "people", "member:read", 10),
    ("invitations", _("Invitations"), "invitations", "mail", "people", "member:create", 20),
    ("settings", _("Settings"), "settings", "settings", "installation", "organisation:read", 90),
):
    menu.add(
        MenuItem(
            f"accounts.organisation_{name}",
            label,
            f"/o/{{slug}}/{path}",
            icon,
            section,  # type: ignore[arg-type]  # mypy reads the tuple's strings as str
            code,
            order,
            realm="organisation",
        )
    )

for name, label, path, icon, order in (
    ("password", _("Password"), "/me/password", "lock", 30),
    ("organisations", _("Organisations"), "/me/organisations", "building", 80),
):
    menu.add(MenuItem(f"accounts.own_{name}", label, path, icon, "self", "", order, realm="self"))
