"""Entries of the navigation."""

from django.utils.translation import gettext_lazy as _

from accounts import key_lists, organisation_lists, recovery_lists
from portal.kit.registry import MenuItem, Section, Text, menu

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
menu.add(MenuItem("accounts.surveys", _("Surveys"), "/platform/surveys", "chat", "people", "survey:read", order=40))
_INSIDE: tuple[tuple[str, Text, str, str, Section, str, int], ...] = (
    ("home", _("Overview"), "", "home", "", "organisation:read", 0),
    ("members", _("Members"), "members", "people", "people", "member:read", 10),
    ("invitations", _("Invitations"), "invitations", "mail", "people", "member:create", 20),
    ("settings", _("Settings"), "settings", "settings", "installation", "organisation:read", 90),
)
for name, label, path, icon, section, code, order in _INSIDE:
    menu.add(
        MenuItem(
            f"accounts.organisation_{name}",
            label,
            f"/o/{{slug}}/{path}",
            icon,
            section,
            code,
            order,
            realm="organisation",
        )
    )

for name, label, path, icon, order in (
    ("password", _("Password"), "/me/password", "lock", 30),
    ("security", _("Security"), "/me/security", "shield", 40),
    ("organisations", _("Organisations"), "/me/organisations", "building", 80),
    ("sessions", _("Sessions"), "/me/sessions", "monitor", 45),
):
    menu.add(MenuItem(f"accounts.own_{name}", label, path, icon, "self", "", order, realm="self"))

menu.add(MenuItem("accounts.own_email", _("E-mail address"), "/me/email", "mail", "self", "", order=20, realm="self"))
menu.add(MenuItem("accounts.own_keys", _("API keys"), "/me/keys", "key", "self", "", order=50, realm="self"))
menu.add(
    MenuItem(
        "accounts.organisation_keys",
        key_lists.keys.label,
        key_lists.keys.url,
        "key",
        "people",
        key_lists.keys.code,
        order=30,
        realm="organisation",
    )
)
for name, label, path, icon, order in (
    ("profile", _("Profile"), "/me", "user", 10),
    ("preferences", _("Preferences"), "/me/preferences", "settings", 55),
    ("privacy", _("Privacy"), "/me/privacy", "shield", 90),
):
    menu.add(MenuItem(f"accounts.own_{name}", label, path, icon, "self", "", order, realm="self"))

menu.add(
    MenuItem(
        "accounts.recoveries",
        recovery_lists.recoveries.label,
        recovery_lists.recoveries.url,
        "unlock",
        "people",
        recovery_lists.recoveries.code,
        order=30,
    )
)
menu.add(MenuItem("accounts.security", _("Security"), "/platform/security", "lock", "proof", "security:read", order=5))
menu.add(
    MenuItem(
        "accounts.developer_role",
        _("Developer role"),
        "/platform/developer-role",
        "key",
        "installation",
        "role:admin",
        order=80,
    )
)
